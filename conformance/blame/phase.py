"""Who is to blame for a number that is off: the implementation is asked once more, with taps.

A case of one op call needs no taps: its inputs are exact, so the op is the culprit. Otherwise every
step is held against the exact result for what the implementation itself gave it. If all of them are
right, the errors were amplified, which is the input's fault and nobody else's.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from conformance import fingerprint
from conformance.blame import certify, local, second_order, training
from conformance.blame.balls import short
from conformance.blame.suspects import Key, Suspect
from conformance.goldens import Golden
from conformance.implementations import pool
from conformance.implementations.address import Implementation
from conformance.implementations.board import Board
from conformance.implementations.errors import Fault
from conformance.implementations.options import Options
from conformance.implementations.oracle import Oracle
from conformance.judge import policy
from conformance.judge.budget import calls
from conformance.judge.contracts import contract_of
from conformance.judge.finding import VALUE
from conformance.judge.op_costs import kind_of
from conformance.judge.verdict import judge
from conformance.outcomes import Certificate, Culprit, Outcome, Verdict
from conformance.protocol import Answer, Argument, Run, Started, Tapped
from conformance.suite.case import Case, Expectation

_MARK = "\0"  # no id of a case file can hold it
_VOID = "the taps changed the bits of the answer"


class Phase:
    """The certificates of some suspects, from what is stored or from all who are to be asked."""

    def __init__(
        self,
        implementations: Sequence[Implementation],
        started: Mapping[str, Started],
        oracle: Oracle,
        options: Options,
        fault: Callable[[Fault], None],
    ) -> None:
        """Ask these implementations and this oracle."""
        self._implementations = {one.address: one for one in implementations}
        self._started = started
        self._oracle = oracle
        self._options = msgspec.structs.replace(options, tap=True, trace=False, explain=False)
        self._fault = fault
        self._prefix = b"certificate\0" + fingerprint.of_certificates()

    async def certificates(self, suspected: Sequence[Suspect]) -> dict[Key, Certificate]:
        """A certificate for each that can have one.

        What an implementation did wrong when it was asked again is told as a fault.
        """
        found = {one.key: _single(one) for one in suspected if _calls_one_op(one.case)}
        keys = {one.key: self._stored_as(one) for one in suspected if one.key not in found}
        known = self._oracle.goldens.get(keys.values())
        for key, place in keys.items():
            stored = known.get(place)
            if stored is not None and stored[0].certificate is not None:
                found[key] = stored[0].certificate
        open_ones = [one for one in suspected if one.key not in found and self._can_ask(one)]
        if not open_ones:
            return found
        tapped = await self._tapped(open_ones)
        for one, certificate in (await self._certified(open_ones, tapped)).items():
            found[one] = certificate
            self._oracle.goldens.put(keys[one], Golden(certificate=certificate))
        return found

    def _can_ask(self, suspect: Suspect) -> bool:
        implementation = self._implementations[suspect.outcome.implementation]
        return implementation.replay is None and implementation.address in self._started

    def _stored_as(self, suspect: Suspect) -> bytes:
        """By whom, what was asked, and what was answered: all that a certificate depends on."""
        digest = hashlib.blake2b(digest_size=32)
        started = self._started.get(suspect.outcome.implementation)
        # The bits alone: how long it took is another time each run.
        for part in (started, suspect.case.request(0), certify.bits(suspect.outcome)):
            digest.update(msgspec.json.encode(part))
        return self._oracle.stored_as(self._prefix + digest.digest())

    async def _tapped(self, open_ones: Sequence[Suspect]) -> dict[Key, Outcome]:
        """What each implementation answers with taps."""
        cases: dict[str, list[Case]] = {}
        for one in open_ones:
            cases.setdefault(one.outcome.implementation, []).append(one.case)
        return await self._run(cases, self._options)

    async def _run(
        self, cases: Mapping[str, Sequence[Case]], options: Options
    ) -> dict[Key, Outcome]:
        """What each implementation answers to its cases; all are asked at the same time."""
        found: dict[Key, Outcome] = {}

        def settle(_case: Case, outcomes: dict[str, Outcome]) -> None:
            for outcome in outcomes.values():
                found[outcome.case, outcome.implementation] = outcome

        runs = [
            pool.run(
                [self._implementations[address]],
                own,
                settle,
                options=options,
                started=lambda _address, _started: None,
                fault=self._fault,
            )
            for address, own in cases.items()
        ]
        await asyncio.gather(*runs)
        return found

    async def _certified(
        self, open_ones: Sequence[Suspect], tapped: Mapping[Key, Outcome]
    ) -> dict[Key, Certificate]:
        """The certificates of those whose taps are here."""
        found: dict[Key, Certificate] = {}
        steps: dict[Key, tuple[local.Local, ...]] = {}
        for one in open_ones:
            outcome = tapped.get(one.key)
            if outcome is None or outcome.returned is None:
                continue
            if certify.same_bits(one.outcome, outcome):
                steps[one.key] = local.requests(one.case.request(0), outcome.taps)
            else:
                found[one.key] = Certificate(unchecked=(_VOID,))
        answers = await self._asked(
            {
                _name(key, number): _case(_name(key, number), step.request)
                for key, own in steps.items()
                for number, step in enumerate(own)
                if step.request is not None
            }
        )
        for one in open_ones:
            if one.key not in steps:
                continue
            outcome = tapped[one.key]
            said = [answers.get(_name(one.key, number)) for number, _ in enumerate(steps[one.key])]
            found[one.key] = certify.certificate(
                one.case.request(0),
                outcome.taps,
                [None if answer is None else _answer(answer) for answer in said],
                contract_of(self._started.get(outcome.implementation)),
                outcome.returned,
            )
        await self._alone(open_ones, found, tapped)
        return found

    async def _alone(
        self,
        open_ones: Sequence[Suspect],
        found: dict[Key, Certificate],
        tapped: Mapping[Key, Outcome],
    ) -> None:
        """Ask alone for what no tap hears, where nothing else is to blame."""
        probes: dict[Key, tuple[Key, Case, Callable[[Verdict], Culprit | None]]] = {}
        for one in open_ones:
            key = one.key
            if key in found:
                asked = _probes(found[key], one.case.request(0), tapped[key].taps)
                for number, (request, blame) in enumerate(asked):
                    name = _name(key, number, "alone")
                    probes[name, key[1]] = key, _case(name, request), blame
        if not probes:
            return
        cases: dict[str, list[Case]] = {}
        for (_, address), (_, case, _) in probes.items():
            cases.setdefault(address, []).append(case)
        plain = msgspec.structs.replace(self._options, tap=False)
        outcomes = await self._run(cases, plain)
        answers = await self._asked({name: case for (name, _), (_, case, _) in probes.items()})
        rule = policy.parse("default")
        for (name, address), (key, case, blame) in probes.items():
            said = {address: outcomes[name, address]}
            (verdict,) = judge(case, said, self._started, rule, None, oracle=answers[name])
            wrong = blame(verdict)
            if wrong is not None and found[key].culprit is None:
                found[key] = msgspec.structs.replace(found[key], culprit=wrong)

    async def _asked(self, cases: Mapping[str, Case]) -> dict[str, Outcome]:
        """The oracle's answers to some cases, by their names."""
        found: dict[str, Outcome] = {}

        def settle(case: Case, outcomes: dict[str, Outcome]) -> None:
            found[case.id] = outcomes[self._oracle.address]

        options = msgspec.structs.replace(self._options, tap=False)
        board = Board(cases.values(), [self._oracle.address], settle, options)
        if cases:
            await self._oracle.run(board, options, lambda _address, _started: None, self._fault)
        return found


def _probes(
    certificate: Certificate, request: Run, taps: Sequence[Tapped]
) -> Iterator[tuple[Run, Callable[[Verdict], Culprit | None]]]:
    """What is asked alone, each with who is to blame if the verdict on it is bad."""
    if second_order.is_open(certificate):
        for call, alone in second_order.requests(taps):
            yield alone, functools.partial(second_order.culprit, call, taps[call])
    elif training.is_open(certificate):
        steps = training.request(request, taps)
        if steps is not None:
            yield steps, functools.partial(training.culprit, request, steps)


def _name(key: Key, number: int, what: str = "step") -> str:
    """The name of a case that is asked to find out about another one."""
    return f"{key[0]}{_MARK}{what} {number} of {key[1]}"


def _answer(said: Outcome) -> Answer:
    return Answer(
        id=0,
        returned=said.returned,
        threw=said.threw,
        unsupported=said.unsupported,
        acceptance=said.acceptance,
    )


def _case(name: str, request: Run) -> Case:
    """A request as a case, for whoever asks cases."""
    return Case(
        id=name,
        file="",
        line=0,
        call=request.call,
        f=request.f,
        names=request.names,
        args=request.args,
        wrt=request.wrt,
        dy=request.dy,
        optimizer=request.optimizer,
        steps=request.steps,
        expect=Expectation(),
    )


def _input(argument: Argument) -> str:
    held = argument.tensor()
    return str(argument.literal) if held is None else short(held)


def _calls_one_op(case: Case) -> bool:
    called = [op for op, _ in calls(case.f.tree)]
    # A gradient that the case itself gives is no op's.
    simple = case.call != "minimize" and "customGrad" not in called
    return simple and len(_ops(case)) == 1


def _ops(case: Case) -> list[str]:
    """What a case calls, but for gradient functions and scopes."""
    return [op for op, _ in calls(case.f.tree) if kind_of(op) != "structure"]


def _single(suspect: Suspect) -> Certificate:
    """The certificate of a case of one op call: nothing stands between inputs and result.

    A value that is a gradient of the op is the gradient's.
    """
    worst = suspect.verdict.worst
    (op,) = _ops(suspect.case)
    is_value = len(calls(suspect.case.f.tree)) == 1
    if worst is None:
        return Certificate(unchecked=("no element was named",))
    share = worst.ulp / worst.budget if worst.ulp is not None and worst.budget else None
    return Certificate(
        culprit=Culprit(
            op=op,
            call=0,
            part="value" if worst.place == VALUE and is_value else "gradient",
            slot="" if worst.place == VALUE else worst.place.partition(".")[2],
            expected=worst.expected,
            got=worst.got,
            inputs=tuple(map(_input, suspect.case.args)),
            index=worst.index,
            ulp=worst.ulp,
            budget=worst.budget,
            share=share,
        ),
        checked=1,
    )
