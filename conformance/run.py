"""A run: the plan, the implementations side by side, the judge, and everything into one file."""

from __future__ import annotations

import asyncio
import gc
import signal
import time
from collections.abc import Callable

import msgspec

from conformance import environment
from conformance.blame.suspects import Suspect, blamed, suspects
from conformance.causes import Cause
from conformance.expectations import Edit, Matcher
from conformance.goldens import Goldens
from conformance.implementations import pool
from conformance.implementations.errors import Fault
from conformance.implementations.greeting import identity
from conformance.implementations.oracle import Oracle
from conformance.implementations.spawn import Early
from conformance.judge.contracts import profiles_of
from conformance.judge.policy import PolicyError
from conformance.outcomes import Outcome
from conformance.plan import Plan
from conformance.problems import InvalidResults, UsageError
from conformance.protocol import Started
from conformance.replay import Replays
from conformance.results import FORMAT, Asked, Footer, Header, Settled
from conformance.results_writer import Writer
from conformance.suite.case import Case
from conformance.variants import Requests

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(Exception):  # noqa: N818  it is the run that is interrupted
    """A signal ended the run; what was finished is in the file, and its footer says so."""

    def __init__(self, number: int, footer: Footer) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number
        self.footer = footer


Watcher = Callable[[Settled], None]


def execute(
    plan: Plan, watch: Watcher, early: Early | None = None, goldens: Goldens | None = None
) -> Footer:
    """Run the plan and write its results file; ``watch`` sees every case as it is settled.

    ``early`` are the processes that were started before, ``goldens`` the stored answers of an
    oracle beside the implementations.

    Raises:
        HarnessError: the file cannot be written.
        InvalidResults: the run that is to be continued does not belong to this plan.
        Interrupted: SIGINT or SIGTERM came.
    """
    gc.freeze()  # thousands of cases live to the end: no collection need look at them again
    return asyncio.run(_Run(plan, watch, early, goldens).execute())


class _Run:
    def __init__(
        self, plan: Plan, watch: Watcher, early: Early | None, goldens: Goldens | None
    ) -> None:
        self.plan = plan
        self.early = early
        self.goldens = goldens
        self.oracle: Oracle | None = None
        self.oracle_started: Started | None = None
        self.watch = watch
        self.started: dict[str, Started] = {}
        self.faults: list[str] = []
        self.matcher = Matcher(plan.entries, plan.causes)
        self.writer: Writer
        self.ran: set[str] = set()
        self.requests = Requests(plan.left)
        self.suspected: list[Suspect] = []
        self.held: list[Settled] = []
        self.signal: int | None = None
        self.has_header = False

    async def execute(self) -> Footer:
        begin = time.monotonic()
        replays = Replays(self.plan.implementations)
        self._open()
        for address, started in replays.started.items():
            self._started(address, started)
        if self.plan.left:
            await self._work(replays)
        self._begin()
        footer = self.writer.footer(
            seconds=time.monotonic() - begin,
            interrupted=self.signal is not None,
            faults=self.faults,
            problems=self._expectation_problems(),
            oracle=self._asked(),
        )
        if self.signal is not None:
            raise Interrupted(self.signal, footer)
        return footer

    async def _work(self, replays: Replays) -> None:
        """Settle what is left, or as much of it as a signal leaves time for."""
        if self.plan.oracle is not None:
            contracts = profiles_of(one.address for one in self.plan.implementations)
            self.oracle = Oracle(self.plan.oracle, contracts, self.goldens)
        work = asyncio.ensure_future(self._asking(replays))
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._interrupt, number, work)
        try:
            await asyncio.sleep(0)
            # The processes are on their way; importing the judge now costs no time at all.
            from conformance.judge import compare, verdict  # noqa: F401, PLC0415

            await work
        except asyncio.CancelledError:
            if self.signal is None:
                raise
            held, self.held = self.held, []
            for item in held:
                self._keep(item)
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)

    async def _asking(self, replays: Replays) -> None:
        await pool.run(
            self.plan.implementations,
            self.requests,
            self._settle,
            options=self.plan.options,
            started=self._started,
            fault=self._fault,
            replay=replays.outcome,
            early=self.early,
            oracle=self.oracle,
        )
        await self._blame()

    def _interrupt(self, number: int, work: asyncio.Future[None]) -> None:
        # Only once: a second cancellation would leave before the processes are gone.
        if self.signal is None:
            self.signal = number
            work.cancel()

    def _started(self, address: str, started: Started) -> None:
        if address == self.plan.oracle_beside:
            self._oracle_started(started)
            return
        if self.plan.resume is not None:
            earlier = self.plan.resume[0].implementations.get(address)
            if earlier is not None and earlier != started:
                raise InvalidResults(f"{address} is not what it was in the run to be continued")
        self.started[address] = started

    def _oracle_started(self, started: Started) -> None:
        earlier = self.plan.resume[0].oracle if self.plan.resume else None
        if earlier is not None and identity(earlier) != identity(started):
            raise InvalidResults("the oracle is not what it was in the run to be continued")
        self.oracle_started = started

    def _fault(self, fault: Fault) -> None:
        hint = f" ({fault.hint})" if fault.hint else ""
        stderr = f"\n{fault.stderr}" if fault.stderr else ""
        self.faults.append(f"{fault.implementation}: {fault.message}{hint}{stderr}")

    def _header(self) -> Header:
        plan = self.plan
        return Header(
            format=FORMAT,
            version=environment.version(),
            planned=len(plan.cases) * len(plan.implementations),
            implementations={address: self.started.get(address) for address in plan.addresses},
            reference=plan.reference,
            policy=plan.policy.name,
            cases_hash=plan.cases_hash,
            environment=environment.describe(),
            shard=plan.shard,
            traced=plan.options.trace,
            oracle=self.oracle_started,
        )

    def _open(self) -> None:
        if self.plan.resume is None:
            self.writer = Writer(self.plan.path)
            return
        earlier, settled = self.plan.resume
        _check_same_run(earlier, self._header())
        if (earlier.oracle is None) != (self.plan.oracle_beside is None):
            had, hint = ("no", "add") if earlier.oracle is None else ("an", "leave out")
            raise InvalidResults(f"the run to be continued had {had} oracle", f"{hint} --no-oracle")
        explained = [self._explained(item) for item in settled]
        self.writer = Writer.resumed(self.plan.path, earlier, explained)
        self.has_header = True
        for item in explained:
            self.ran.add(item.case.id)
            self.watch(item)

    def _begin(self) -> None:
        """Write the header; by now every implementation has started or was given up."""
        if not self.has_header:
            self.writer.header(self._header())
            self.has_header = True

    def _settle(self, case: Case, outcomes: dict[str, Outcome]) -> None:
        self._begin()
        whole = self.requests.settled(case, outcomes)
        if whole is not None:
            self._judge(*whole)

    def _judge(self, case: Case, outcomes: dict[str, Outcome]) -> None:
        from conformance.judge.verdict import judge  # noqa: PLC0415  imported while all start

        plan = self.plan
        ordered = {address: outcomes[address] for address in plan.addresses}
        # A law is held against the implementation's own answers; nobody asked the oracle.
        beside = outcomes.get(plan.oracle_beside or "") if case.law is None else None
        oracle = outcomes[plan.oracle.address] if plan.oracle and case.law is None else None
        try:
            verdicts = judge(
                case, ordered, self.started, plan.policy, plan.reference, oracle=oracle
            )
        except PolicyError as error:
            raise UsageError(f"{case.id}: {error}", error.hint) from None
        found = Settled(case, tuple(ordered.values()), tuple(verdicts), beside)
        suspected = self._suspects(found)
        self.suspected += suspected
        if suspected:
            self.held.append(found)
        else:
            self._keep(found)

    def _suspects(self, item: Settled) -> list[Suspect]:
        """The answers that an op may be to blame for; none where any answer is accepted."""
        if self.oracle is None:
            return []
        every = self.plan.certify
        found = suspects(item.case, item.outcomes, item.verdicts, every=every)
        return [one for one in found if not self.matcher.accepts_anything(one.verdict)]

    def _keep(self, item: Settled) -> None:
        settled = self._explained(item)
        self.ran.add(settled.case.id)
        self.writer.settled(settled)
        self.watch(settled)

    async def _blame(self) -> None:
        """Settle the cases with numbers that are off, once it is known who is to blame."""
        if not self.held or self.oracle is None:
            return
        from conformance.blame.phase import Phase  # noqa: PLC0415  only a difference needs it

        phase = Phase(
            self.plan.implementations, self.started, self.oracle, self.plan.options, self._fault
        )
        certificates = await phase.certificates(self.suspected)
        held, self.held = self.held, []
        for item in held:
            verdicts = tuple(
                blamed(verdict, certificate)
                if (certificate := certificates.get((item.case.id, verdict.implementation)))
                else verdict
                for verdict in item.verdicts
            )
            self._keep(msgspec.structs.replace(item, verdicts=verdicts))

    def _explained(self, item: Settled) -> Settled:
        verdicts = tuple(self.matcher.explain(verdict) for verdict in item.verdicts)
        return Settled(item.case, item.outcomes, verdicts, item.oracle)

    def _asked(self) -> Asked | None:
        if self.oracle is None or self.plan.oracle_beside is None:
            return None
        return Asked(self.oracle.found, self.oracle.computed)

    def _expectation_problems(self) -> list[str]:
        if self.signal is not None:
            return []
        plan = self.plan
        edits = self.matcher.edits(plan.known, self.ran, plan.addresses, whole=plan.whole)
        problems = [describe_edit(edit, plan.expectations_file) for edit in edits]
        if plan.whole:
            stale = self.matcher.stale_causes(plan.known, self.ran, plan.addresses)
            problems += [describe_cause(*one, plan.causes.file) for one in stale]
        return problems


def describe_edit(edit: Edit, file: str) -> str:
    """A problem with an entry, with its place."""
    return f"{file}:{edit.entry.line}: {edit.message}"


def describe_cause(cause: Cause, message: str, file: str) -> str:
    """A problem with a cause, with its place."""
    return f"{file}:{cause.line}: {message}"


def _check_same_run(earlier: Header, now: Header) -> None:
    """Refuse to continue what was another run."""
    if list(earlier.implementations) != list(now.implementations):
        raise InvalidResults(
            f"the run to be continued had the implementations {', '.join(earlier.implementations)}",
            "give the same ones, or start a new run",
        )
    for field in ("version", "reference", "policy", "shard", "traced", "cases_hash", "planned"):
        if getattr(earlier, field) != getattr(now, field):
            raise InvalidResults(
                f"the run to be continued differs in `{field}`:"
                f" {getattr(earlier, field)} there, {getattr(now, field)} here",
                "give the same cases and policy, or start a new run",
            )
