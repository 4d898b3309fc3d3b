"""What one implementation answered, held against what the reference answered."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from conformance.judge import expectation, no_gradient
from conformance.judge.compare import Candidate, Excuse, Rules, tensors
from conformance.judge.contracts import contract_of
from conformance.judge.finding import GRADS, VALUE, VARIABLES, Finding, title
from conformance.judge.policy import Tolerance
from conformance.outcomes import Outcome
from conformance.protocol import Acceptance, Ball, Returned, Started, Threw
from conformance.suite.case import Case
from conformance.tensors import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Context:
    """What the comparisons of one case share.

    ``tolerance`` gives what is allowed at a place. ``flushed`` holds, by address, what an
    implementation gives for the inputs with subnormals replaced by +0 and by -0. ``acceptance`` has
    the balls of a reference that is the oracle. ``disproved`` are the places where the reference is
    not what the case states: there its word counts for nothing.
    """

    case: Case
    started: Mapping[str, Started]
    flushed: Mapping[str, list[Outcome]]
    tolerance: Callable[[str], Tolerance]
    strict_zero: Callable[[], bool]
    excuses_flushing: bool
    acceptance: Acceptance | None = None
    disproved: frozenset[str] = frozenset()

    def flushes(self, address: str) -> bool:
        """Whether zero in place of a subnormal is what this implementation does by nature."""
        started = self.started.get(address)
        return self.excuses_flushing and started is not None and started.flushes_subnormals

    def name(self, address: str) -> str:
        """What an implementation calls itself: a replay or a command is a library as well."""
        started = self.started.get(address)
        return address if started is None else started.name


def findings(
    context: Context,
    mine: tuple[str, Returned | Threw],
    theirs: tuple[str, Returned | Threw],
) -> tuple[list[Finding], float]:
    """What differs from the reference, and the largest share of the budget that a place took."""
    reference = theirs[0]
    answer, other = mine[1], theirs[1]
    if isinstance(answer, Threw):
        return [], 0.0
    if isinstance(other, Threw):
        return _returned_alone(context, answer, reference, other), 0.0
    found: list[Finding] = []
    used = 0.0
    free = expectation.free(context.case.expect) | context.disproved
    if len(answer.grads) != len(other.grads):
        why = f"{len(answer.grads)} gradients, {len(other.grads)} from {reference}"
        return [Finding(kind="status", why=why, against=reference)], 0.0
    theirs_at = _results(context.case, other)
    for place, got in _results(context.case, answer).items():
        wanted = theirs_at.get(place)
        if place in free:
            continue
        part = _place(context, place, (mine[0], got), (reference, wanted))
        if isinstance(part, Finding):
            found.append(part)
        else:
            used = max(used, part)
    return found, used


def _results(case: Case, answer: Returned) -> dict[str, Tensor | None]:
    """What an answer has, by place; a call that gives no value has None there."""
    return _by_place(case, answer.value, answer.grads, answer.variables)


def _by_place(
    case: Case, value: T | None, grads: Sequence[T | None], variables: Sequence[T | None]
) -> dict[str, T | None]:
    """What stands for value, gradients and variables, by place."""
    return {
        VALUE: value,
        **{GRADS + name: one for name, one in zip(case.wrt, grads, strict=False)},
        **{VARIABLES + name: one for name, one in zip(case.wrt, variables, strict=False)},
    }


def is_unconnected(answer: Threw, other: Returned | Threw | None) -> bool:
    """Whether an error says of an input what the reference says by a missing gradient."""
    return (
        isinstance(other, Returned)
        and None in other.grads
        and no_gradient.is_unconnected(answer.message)
        and no_gradient.same("none", "threw")
    )


def _returned_alone(
    context: Context, answer: Returned, reference: str, other: Threw
) -> list[Finding]:
    """The finding that this one returned where the reference threw, unless the case decides it."""
    if expectation.checks_results(context.case.expect) or is_unconnected(other, answer):
        return []
    why = f"returned where {reference} threw: {no_gradient.normalized(other.message)}"
    return [Finding(kind="status", why=why, against=reference)]


def _place(
    context: Context, place: str, mine: tuple[str, Tensor | None], theirs: tuple[str, Tensor | None]
) -> Finding | float:
    got, wanted = mine[1], theirs[1]
    reference = theirs[0]
    if got is None or wanted is None:
        return _absent(place, got, wanted, reference)
    if got == wanted:
        return 0.0
    rules = Rules(
        place=place,
        against=reference,
        tolerance=functools.partial(context.tolerance, place),
        ball=_ball(context, place, context.acceptance, mine[0]),
        strict_zero=place == VALUE and context.strict_zero(),
        got_flushes=context.flushes(mine[0]),
        reference_flushes=context.flushes(reference),
        got_candidates=_candidates(context, place, mine[0], reference),
        reference_candidates=_candidates(context, place, reference, mine[0]),
        excused=functools.partial(_excused, context, place, mine[0], reference),
    )
    return tensors(got, wanted, rules)


def _absent(
    place: str, got: Tensor | None, wanted: Tensor | None, reference: str
) -> Finding | float:
    if got is None and wanted is None:
        return 0.0
    if place.startswith(GRADS):
        mine, theirs = no_gradient.status(got), no_gradient.status(wanted)
        if mine and theirs and no_gradient.same(mine, theirs):
            return 0.0
    said = ("no" if got is None else "a", "none" if wanted is None else "one")
    what = "gradient" if place.startswith(GRADS) else "value"
    why = f"{title(place)}: gave {said[0]} {what} where {reference} gave {said[1]}"
    return Finding(kind="status", why=why, against=reference)


def _candidates(
    context: Context, place: str, flushing: str, computing: str
) -> tuple[Candidate, ...]:
    """What the other side gives for flushed operands, where this side flushes them."""
    if not context.flushes(flushing):
        return ()
    found = []
    for outcome in context.flushed.get(computing, ()):
        if outcome.returned is None:
            continue
        tensor = _results(context.case, outcome.returned).get(place)
        if tensor is not None:
            found.append((tensor, _ball(context, place, outcome.acceptance, flushing)))
    return tuple(found)


def _ball(
    context: Context, place: str, acceptance: Acceptance | None, address: str
) -> Tolerance | None:
    """What an oracle's answer allows an implementation at a place; None if it is no oracle's."""
    if acceptance is None:
        return None
    ball = balls(context.case, acceptance).get(place)
    if ball is None:
        return Tolerance(ulp=0.0)
    return Tolerance(ball=ball, contract=contract_of(context.started.get(address)))


def balls(case: Case, acceptance: Acceptance) -> dict[str, Ball | None]:
    """The balls of an oracle's answer by place."""
    return _by_place(case, acceptance.value, acceptance.grads, acceptance.variables)


def _excused(  # noqa: PLR0913, PLR0917  bound once, called with two arrays
    context: Context,
    place: str,
    address: str,
    reference: str,
    got: NDArray[Any],
    wanted: NDArray[Any],
) -> Excuse | None:
    """Where a result is what its implementation chose at the exact kinks of the case."""
    from conformance.judge import excuses  # noqa: PLC0415  only a difference needs it

    names = context.name(address), context.name(reference)
    if context.acceptance is None or place == VALUE:
        found = excuses.excused(context.case, place, (names[0], got), (names[1], wanted))
        if found is not None or context.acceptance is None:
            return found
    ball = balls(context.case, context.acceptance).get(place)
    own = None if ball is None else ball.choices.get(contract_of(context.started.get(address)))
    if own is None:
        return None
    started = context.started.get(address)
    backend = f":{started.backend}" if started is not None and started.backend else ""
    return excuses.chosen(own, context.acceptance.tied, (names[0] + backend, names[1]), got)
