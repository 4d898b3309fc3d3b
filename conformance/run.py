"""A run: the plan, the implementations side by side, the judge, and everything into one file."""

from __future__ import annotations

import asyncio
import gc
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from conformance import environment
from conformance.causes import Cause, Causes
from conformance.expectations import Edit, Entry, Matcher
from conformance.implementations import pool
from conformance.implementations.address import Implementation
from conformance.implementations.errors import Fault
from conformance.implementations.options import Options
from conformance.implementations.spawn import Early
from conformance.judge.policy import Policy, PolicyError
from conformance.outcomes import Outcome
from conformance.problems import InvalidResults, UsageError
from conformance.protocol import Started
from conformance.replay import Replays
from conformance.results import FORMAT, Footer, Header, Settled
from conformance.results_writer import Writer
from conformance.suite.case import Case
from conformance.variants import Requests

REFERENCES = ("exact", "tensorflow")
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Plan(msgspec.Struct, frozen=True):
    """What to run.

    ``known`` are the ids of all cases that were loaded, selected or not; with ``whole`` these are
    all that the ``entries`` of the expectations file may be about. ``cases_hash`` stands for the
    selected cases before sharding. ``resume`` is the header of an earlier run and what it settled;
    every implementation of it had started.
    """

    cases: Sequence[Case]
    known: Sequence[str]
    cases_hash: str
    implementations: Sequence[Implementation]
    policy: Policy
    entries: Sequence[Entry]
    expectations_file: str
    options: Options
    path: Path
    whole: bool = False
    shard: str | None = None
    resume: tuple[Header, tuple[Settled, ...]] | None = None
    causes: Causes = Causes()

    @property
    def addresses(self) -> list[str]:
        """The implementations' addresses, in order."""
        return [implementation.address for implementation in self.implementations]

    @property
    def reference(self) -> str | None:
        """Whom the others are held against: the oracle, TensorFlow, or the first of several."""
        for address in REFERENCES:
            if address in self.addresses:
                return address
        return self.addresses[0] if len(self.addresses) > 1 else None

    @property
    def left(self) -> list[Case]:
        """The cases that an earlier run has not settled."""
        done = {item.case.id for item in self.resume[1]} if self.resume else set()
        return [case for case in self.cases if case.id not in done]


class Interrupted(Exception):  # noqa: N818  it is the run that is interrupted
    """A signal ended the run; what was finished is in the file, and its footer says so."""

    def __init__(self, number: int, footer: Footer) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number
        self.footer = footer


Watcher = Callable[[Settled], None]


def execute(plan: Plan, watch: Watcher, early: Early | None = None) -> Footer:
    """Run the plan and write its results file; ``watch`` sees every case as it is settled.

    ``early`` are the processes that were started before.

    Raises:
        HarnessError: the file cannot be written.
        InvalidResults: the run that is to be continued does not belong to this plan.
        Interrupted: SIGINT or SIGTERM came.
    """
    gc.freeze()  # thousands of cases live to the end: no collection need look at them again
    return asyncio.run(_Run(plan, watch, early).execute())


class _Run:
    def __init__(self, plan: Plan, watch: Watcher, early: Early | None) -> None:
        self.plan = plan
        self.early = early
        self.watch = watch
        self.started: dict[str, Started] = {}
        self.faults: list[str] = []
        self.matcher = Matcher(plan.entries, plan.causes)
        self.writer: Writer
        self.ran: set[str] = set()
        self.requests = Requests(plan.left)
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
        )
        if self.signal is not None:
            raise Interrupted(self.signal, footer)
        return footer

    async def _work(self, replays: Replays) -> None:
        """Settle what is left, or as much of it as a signal leaves time for."""
        work = asyncio.ensure_future(
            pool.run(
                self.plan.implementations,
                self.requests,
                self._settle,
                options=self.plan.options,
                started=self._started,
                fault=self._fault,
                replay=replays.outcome,
                early=self.early,
            )
        )
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
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)

    def _interrupt(self, number: int, work: asyncio.Future[None]) -> None:
        # Only once: a second cancellation would leave before the processes are gone.
        if self.signal is None:
            self.signal = number
            work.cancel()

    def _started(self, address: str, started: Started) -> None:
        if self.plan.resume is not None:
            earlier = self.plan.resume[0].implementations.get(address)
            if earlier is not None and earlier != started:
                raise InvalidResults(f"{address} is not what it was in the run to be continued")
        self.started[address] = started

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
        )

    def _open(self) -> None:
        if self.plan.resume is None:
            self.writer = Writer(self.plan.path)
            return
        earlier, settled = self.plan.resume
        _check_same_run(earlier, self._header())
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

        ordered = {address: outcomes[address] for address in self.plan.addresses}
        try:
            verdicts = judge(case, ordered, self.started, self.plan.policy, self.plan.reference)
        except PolicyError as error:
            raise UsageError(f"{case.id}: {error}", error.hint) from None
        settled = self._explained(Settled(case, tuple(ordered.values()), tuple(verdicts)))
        self.ran.add(case.id)
        self.writer.settled(settled)
        self.watch(settled)

    def _explained(self, item: Settled) -> Settled:
        verdicts = tuple(self.matcher.explain(verdict) for verdict in item.verdicts)
        return Settled(item.case, item.outcomes, verdicts)

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
