"""From the taps of a case and an oracle's answers to the step that is wrong, if one is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from conformance.blame import local, origins, training
from conformance.blame.balls import Off, outside, short
from conformance.blame.sums import Sums
from conformance.outcomes import Certificate, Culprit, CulpritPart, Outcome
from conformance.protocol import Acceptance, Answer, Returned, Run, Tapped
from conformance.tensors import Tensor

Found = Culprit | str | None
"""What is wrong with one step, why nobody can say, or None: it is right."""


def certificate(
    request: Run,
    taps: Sequence[Tapped],
    answers: Sequence[Answer | None],
    contract: str,
    returned: Returned | None = None,
) -> Certificate:
    """Whether each step of a case is right for what it was given.

    Args:
        request: the case.
        taps: what the implementation recorded.
        answers: the oracle's answers to the steps of ``local.requests(request, taps)``, in their
            order; None for a step without a request.
        contract: the name of the contract that the implementation is held to.
        returned: what the implementation answered to the case when it was tapped.

    Raises:
        ValueError: there are more or fewer answers than steps.
        KeyError: the oracle was not asked for this contract.
    """
    steps = local.requests(request, taps)
    asked: dict[tuple[int, str, str, int], tuple[local.Local, Answer | None]] = {
        (step.call, step.part, step.key, step.turn): (step, answer)
        for step, answer in zip(steps, answers, strict=True)
    }
    check = _Check(request, taps, asked, contract, returned)
    found = list(check.all())
    culprits = [one for one in found if isinstance(one, Culprit)]
    unchecked = [one for one in found if isinstance(one, str)]
    first = culprits[0] if culprits else None
    return Certificate(first, len(found) - len(unchecked), tuple(unchecked))


def same_bits(plain: Outcome, tapped: Outcome) -> bool:
    """Whether the tapped run answered what the plain one did; else it certifies nothing."""
    if plain.returned is None or tapped.returned is None:
        return plain.returned is tapped.returned and plain.threw == tapped.threw
    return bits(plain) == bits(tapped)


def bits(outcome: Outcome) -> tuple[object, ...]:
    """The tensors of an answer, and nothing else of it."""
    returned = outcome.returned
    return () if returned is None else (returned.value, returned.grads, returned.variables)


class _Check(msgspec.Struct, frozen=True):
    """All that there is to look at in one case."""

    request: Run
    taps: Sequence[Tapped]
    asked: Mapping[tuple[int, str, str, int], tuple[local.Local, Answer | None]]
    contract: str
    returned: Returned | None

    def all(self) -> Iterator[Found]:
        for call in range(len(self.taps)):
            yield from self._handed_over(call)
            yield from self._values(call)
        levels = {one.level for tap in self.taps for one in tap.passes}
        for level in sorted(levels, reverse=True):
            for call in reversed(range(len(self.taps))):
                for turn, one in enumerate(self.taps[call].passes):
                    if one.level == level:
                        yield from self._sums(call, turn)
                        yield from self._gradients(call, turn)
        yield from self._second_order(levels)
        yield from self._answer()

    def _handed_over(self, call: int) -> Iterator[Found]:
        """An input has the bits of the result that it is."""
        tap = self.taps[call]
        for position, (x, source) in enumerate(zip(tap.inputs, tap.sources, strict=True)):
            if source is None:
                continue
            maker, key = source
            made = self.taps[maker].results.get(key)
            if made is None:
                yield self._unsure(call, f"the source of input {position} is not recorded")
            elif made == x:
                yield None
            else:
                off = outside(x, made, None, self.contract)
                wrong = off if isinstance(off, Off) else Off(short(made), short(x))
                yield self._culprit(call, "hand-over", str(position), wrong)

    def _values(self, call: int) -> Iterator[Found]:
        tap = self.taps[call]
        step, _ = self.asked.get((call, "value", "", 0), (None, None))
        if step is not None and step.skipped:
            yield self._unsure(call, step.skipped)
            return
        for key, got in tap.results.items():
            _, answer = self.asked[call, "value", key, 0]
            said = _said(answer)
            if isinstance(said, str):
                yield self._unsure(call, said)
                continue
            exact, acceptance = said
            if exact.value is None:
                yield self._unsure(call, "the oracle gave no value")
                continue
            found = outside(got, exact.value, acceptance.value, self.contract)
            if isinstance(found, Off) and got.dtype == "int32" and _ties(tap.inputs):
                found = "where elements are equal, it may choose any of their positions"
            yield self._of(call, "value", key, found)

    def _sums(self, call: int, turn: int) -> Iterator[Found]:
        for key in self.taps[call].passes[turn].upstream:
            if key not in self.taps[call].results:
                yield self._unsure(call, f"its result {key} is not recorded")
                continue
            found = self._gradient_sums().upstream(call, turn, key)
            yield self._of(call, "accumulation", key, found, turn)

    def _gradients(self, call: int, turn: int) -> Iterator[Found]:
        known = self.asked.get((call, "gradient", "", turn))
        if known is None:
            return
        step, answer = known
        said = step.skipped or _said(answer)
        if isinstance(said, str):
            yield self._unsure(call, said)
            return
        exact, acceptance = said
        one = self.taps[call].passes[turn]
        # What comes through the gradient of this op is part of what its inputs get.
        is_mixed = any(other.level > one.level for other in self.taps[call].passes)
        balls = acceptance.grads or (None,) * len(exact.grads)
        for position, wanted, ball in zip(step.wrt, exact.grads, balls, strict=True):
            got = one.gradients[position]
            found: Off | str | None
            if got is None or wanted is None:
                found = _one_sided(got, wanted)
            else:
                found = outside(got, wanted, ball, self.contract)
            if isinstance(found, Off) and is_mixed:
                found = local.SECOND_ORDER
            yield self._of(call, "gradient", str(position), found, turn)

    def _second_order(self, levels: set[int]) -> Iterator[Found]:
        """The gradient of an op's gradient is part of the op, and no tap hears it."""
        lowest = min(levels, default=0) if self.request.call == "value" else 0
        for call, tap in enumerate(self.taps):
            if any(one.level > lowest and one.upstream for one in tap.passes):
                yield self._unsure(call, local.SECOND_ORDER)

    def _answer(self) -> Iterator[Found]:
        """The answer of the case is what came out of its last calls."""
        request, returned = self.request, self.returned
        if returned is None:
            yield "the answer of the tapped case is not known"
            return
        if request.call == "minimize":
            yield training.STEPS
            return
        if returned.value is not None:
            yield self._value(returned.value)
        for name, got in zip(request.wrt, returned.grads, strict=True):
            if got is None:
                continue
            found = self._gradient_sums().of_input(name, got)
            match found:
                case str():
                    yield f"gradient of {name}: {found}"
                case Off():
                    yield _culprit("", None, "accumulation", name, found)
                case None:
                    yield None

    def _gradient_sums(self) -> Sums:
        return Sums(self.request, self.taps, self.returned, self.contract)

    def _value(self, value: Tensor) -> Found:
        made = [result for tap in self.taps for result in tap.results.values()]
        given = [origins.tensor(argument) for argument in self.request.args]
        if value in made or value in given:
            return None
        return "value: it is the result of no recorded call"

    def _of(
        self, call: int, part: CulpritPart, slot: str, found: Off | str | None, turn: int = 0
    ) -> Found:
        match found:
            case str():
                return self._unsure(call, found)
            case Off():
                return self._culprit(call, part, slot, found, turn)
            case None:
                return None

    def _unsure(self, call: int, why: str) -> str:
        return f"tf.{self.taps[call].op} (call {call}): {why}"

    def _culprit(self, call: int, part: CulpritPart, slot: str, off: Off, turn: int = 0) -> Culprit:
        tap = self.taps[call]
        inputs = list(map(short, tap.inputs))
        level = 0
        if part in {"gradient", "accumulation"}:
            level = tap.passes[turn].level
        if part == "gradient":
            upstream = tap.passes[turn].upstream
            inputs += [f"dy{f'[{key}]' if key else ''}: {short(upstream[key])}" for key in upstream]
        return _culprit(tap.op, call, part, slot, off, level, tuple(inputs))


def _culprit(  # noqa: PLR0913, PLR0917  as ``Culprit``
    op: str,
    call: int | None,
    part: CulpritPart,
    slot: str,
    off: Off,
    level: int = 0,
    inputs: tuple[str, ...] = (),
) -> Culprit:
    return Culprit(
        op=op, call=call, part=part, slot=slot, level=level, inputs=inputs,
        **msgspec.structs.asdict(off),
    )  # fmt: skip


def _said(answer: Answer | None) -> tuple[Returned, Acceptance] | str:
    """What the oracle answered with its balls, or why it did not."""
    if answer is None:
        return "the oracle was not asked"
    if answer.unsupported is not None:
        return f"the oracle cannot tell: {answer.unsupported}"
    if answer.threw is not None:
        return f"the oracle refuses its inputs: {answer.threw.message}"
    if answer.returned is None or answer.acceptance is None:
        return "the oracle did not say what is acceptable"
    return answer.returned, answer.acceptance


def _ties(inputs: Sequence[Tensor]) -> bool:
    """Whether a real tensor has equal elements, among which an op may choose."""
    return any(
        x.dtype == "float32" and len(set(x.numpy().reshape(-1).tolist())) < x.size for x in inputs
    )


def _one_sided(got: Tensor | None, wanted: Tensor | None) -> Off | None:
    """No gradient and a gradient of zeros are the same; anything else was lost or invented."""
    there = got if wanted is None else wanted
    if there is None or not any(there.numpy().reshape(-1)):
        return None
    return Off("no gradient", short(there)) if wanted is None else Off(short(there), "no gradient")
