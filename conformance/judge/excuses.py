"""What the kinks of a case excuse: two answers that differ because both follow their own choice.

With the oracle's balls, an element is excused where it lies in the ball of the implementation's own
choices at the kinks of the case, whatever the program is. Without them, all of this has to hold:

- the case is one call of a recorded op on its inputs (other arguments are literals), so the element
  at the kink is an input's, exactly as it is written;
- both sides belong to libraries with a recorded choice, and the choices differ;
- each side shows its own choice, times the upstream gradient, to 2 ULP.

Anything else at a kink, and everything near one, is an ordinary numeric difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from conformance.judge.budget import op_of
from conformance.judge.compare import Excuse
from conformance.judge.conventions import (
    Kink,
    conventions,
    is_subgradient,
    library,
)
from conformance.judge.inputs import number, values
from conformance.judge.ulp import distance
from conformance.language.tree import Array, Call, Expression, Member, Name
from conformance.protocol import Chosen, Share
from conformance.suite.case import Case

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Mask = NDArray[np.bool_]
    # A kink, where the operand is at it, and what the gradient is there, by library.
    _Found = tuple[Kink, Mask, dict[str, Floats]]

GRADS = "grads."
_SLACK_ULP = 2.0
_WORDS: dict[Share, str] = {
    "first": "the first of equals",
    "last": "the last of equals",
    "share": "all equals in shares",
    "each": "each of the equals in full",
}


def chosen(own: Chosen, tied: Sequence[str], names: tuple[str, str], got: NDArray[Any]) -> Excuse:
    """Where a result is that of the implementation's own choices at exact kinks.

    Args:
        own: the result with these choices, and what is allowed around it.
        tied: the ops of the case that have kinks at its inputs.
        names: the library with its backend, and the reference.
        got: the result.
    """
    wanted = np.frombuffer(own.value, got.dtype.newbyteorder("<")).reshape(got.shape)
    radius = np.frombuffer(own.radius, "<f4").reshape(got.shape)
    with np.errstate(invalid="ignore"):
        apart = np.abs(got.astype(np.float64) - wanted.astype(np.float64))
        mask: Mask = (apart <= radius) | ((got == wanted) & np.isfinite(radius))
    pairs = [
        (kink, kink.choice(names[0]), kink.choice(names[1]))
        for kink in conventions().kinks
        if kink.op in tied
    ]
    differing = [(kink, mine, theirs) for kink, mine, theirs in pairs if mine and mine != theirs]
    strange = any(not is_subgradient(mine) for _, mine, _ in differing if mine)
    return Excuse(mask, "; ".join(_told(*one, names) for one in differing), strange)


def excused(
    case: Case, place: str, got: tuple[str, Floats], reference: tuple[str, Floats]
) -> Excuse | None:
    """Where two results differ by convention, or None where no convention speaks of the case.

    ``got`` and ``reference`` are an address and the array at ``place`` (``value``, ``grads.NAME``).
    """
    use = _use(case)
    if use is None:
        return None
    if use.op in conventions().positions and place == "value":
        mask = _same_element(case, use, got[1], reference[1])
        return None if mask is None else Excuse(mask, "equal elements, another position")
    if not place.startswith(GRADS):
        return None
    whole: Mask = np.zeros(got[1].shape, dtype=np.bool_)
    notes: list[str] = []
    strange = False
    names = library(got[0]), library(reference[0])
    for kink, at, gradients in _kinks(case, use, place.removeprefix(GRADS)):
        mine, theirs = (gradients.get(name) for name in names)
        if mine is None or theirs is None or at.shape != whole.shape:
            continue
        mask = at & _follows(got[1], mine) & _follows(reference[1], theirs) & (mine != theirs)
        if mask.any():
            whole |= mask
            notes.append(_told(kink, kink.choices[names[0]], kink.choices[names[1]], names))
            strange |= not is_subgradient(kink.choices[names[0]])
    return Excuse(whole, "; ".join(notes), strange)


def _told(kink: Kink, mine: Share, theirs: Share | None, names: tuple[str, str]) -> str:
    """A choice and the one that it differs from, in words."""
    where = "" if kink.at is None else f" at {kink.at:g}"
    said = f"{kink.op}{where}: {kink.recorded(names[0])} gives the gradient to {_WORDS[mine]}"
    strange = "" if is_subgradient(mine) else ", which is no subgradient"
    other = "" if theirs is None else f", {kink.recorded(names[1])} to {_WORDS[theirs]}"
    return said + strange + other


class _Use(msgspec.Struct, frozen=True):
    """A case that is one call of an op on its inputs."""

    op: str
    arguments: tuple[Expression, ...]

    def operand(self, case: Case, position: int) -> Floats | None:
        """The input that an argument of the call is, as float32."""
        if position >= len(self.arguments):
            return None
        argument = self.arguments[position]
        if not isinstance(argument, Name) or argument.name not in case.names:
            return None
        return values(case.args[case.names.index(argument.name)])

    def literal(self, position: int) -> float | None:
        """The number that an argument of the call is."""
        return number(self.arguments[position]) if position < len(self.arguments) else None


def _use(case: Case) -> _Use | None:
    call = case.f.tree.body
    if not isinstance(call, Call) or not isinstance(call.callee, Member):
        return None
    op = op_of(call.callee)
    arguments = tuple(part for part in call.arguments if isinstance(part, Expression))
    if op is None or len(arguments) != len(call.arguments):
        return None
    if call.callee.object != Name(name="tf"):
        arguments = (call.callee.object, *arguments)
    return _Use(op=op, arguments=arguments)


def _kinks(case: Case, use: _Use, name: str) -> Iterator[_Found]:
    """The kinks that an input's elements may be at, and what each library's gradient is there."""
    first = use.operand(case, 0)
    upstream = np.ones((), np.float32) if case.dy is None else values(case.dy)
    if first is None or upstream is None:
        return
    slot = 0 if use.arguments[0] == Name(name=name) else 1
    for kink in conventions().kinks:
        if kink.op != use.op:
            continue
        if kink.form == "reduction":
            if slot == 0:
                yield from _ties(kink, use, first, upstream)
        elif upstream.shape in ((), first.shape):
            at = _at(case, use, kink, first, slot)
            if at is not None and kink.sides is not None:
                sides = kink.sides[slot], kink.sides[1 - slot]
                yield kink, at, _scaled(kink.choices, sides, upstream)


def _at(case: Case, use: _Use, kink: Kink, first: Floats, slot: int) -> Mask | None:
    """Where the elements of an input are at a kink; None where they cannot be."""
    found: Mask | None = None
    match kink.form:
        case "point" if slot == 0:
            found = first == np.float32(kink.at or 0.0)
        case "bounds" if slot == 0:
            low, high = use.literal(1), use.literal(2)
            if low is not None and high is not None:
                found = (first == np.float32(low)) | (first == np.float32(high))
        case "equals":
            second = use.operand(case, 1)
            same = use.arguments[0] == use.arguments[1]
            if second is not None and second.shape == first.shape and not same:
                found = first == second
        case _:
            pass
    return found


def _ties(kink: Kink, use: _Use, operand: Floats, upstream: Floats) -> Iterator[_Found]:
    axis = _axes(use, operand.ndim)
    if axis is None or operand.size == 0:
        return
    extreme = operand.max if kink.op == "max" else operand.min
    tied = operand == extreme(axis=axis, keepdims=True)
    count = tied.sum(axis=axis, keepdims=True)
    kept = tuple(1 if at in axis else length for at, length in enumerate(operand.shape))
    if upstream.size not in (1, count.size):
        return
    spread = np.broadcast_to(
        upstream.reshape(kept) if upstream.size == count.size else upstream.reshape(()), kept
    )
    share = {"each": spread, "share": spread / np.maximum(count, 1).astype(np.float32)}
    gradients = {
        name: np.broadcast_to(share[takes], operand.shape).astype(np.float32)
        for name, takes in kink.choices.items()
        if takes in share
    }
    yield kink, tied & (count > 1), gradients


def _axes(use: _Use, rank: int) -> tuple[int, ...] | None:
    """The reduced axes of a call, none given meaning all; None where they are no literals."""
    if len(use.arguments) == 1:
        return tuple(range(rank))
    argument = use.arguments[1]
    items = argument.items if isinstance(argument, Array) else (argument,)
    axes = [number(item) for item in items if isinstance(item, Expression)]
    if len(axes) != len(items) or not all(
        axis is not None and axis.is_integer() and -rank <= axis < rank for axis in axes
    ):
        return None
    return tuple(int(axis) % rank for axis in axes if axis is not None)


def _scaled(
    choices: Mapping[str, Share], sides: tuple[float, float], upstream: Floats
) -> dict[str, Floats]:
    """The gradients by library, where the first or the last of two has that derivative."""
    first, last = sides
    factors = {"first": first, "last": last, "share": (first + last) / 2, "each": first + last}
    with np.errstate(invalid="ignore"):  # an infinite dy times a choice of zero follows nothing
        return {
            name: np.asarray(upstream * np.float32(factors[takes]))
            for name, takes in choices.items()
        }


def _follows(shown: Floats, choice: Floats) -> Mask:
    expected = np.broadcast_to(choice, shown.shape)
    finite = np.isfinite(shown) & np.isfinite(expected)
    apart, unit = distance(np.where(finite, shown, 0), np.where(finite, expected, 0))
    followed: Mask = finite & (apart <= _SLACK_ULP * unit)
    return followed


def _same_element(case: Case, use: _Use, got: NDArray[Any], reference: NDArray[Any]) -> Mask | None:
    """Where two positions, along one axis, point at equal elements."""
    operand = use.operand(case, 0)
    axis = 0 if len(use.arguments) == 1 else use.literal(1)
    if operand is None or axis is None or not -operand.ndim <= axis < operand.ndim:
        return None
    moved = np.moveaxis(operand, int(axis), -1)
    if got.shape != moved.shape[:-1] or not np.issubdtype(got.dtype, np.integer):
        return None
    held = moved.shape[-1]
    inside = (got >= 0) & (got < held)
    at = [np.where(inside, side, 0)[..., np.newaxis] for side in (got, reference)]
    mine, theirs = (np.take_along_axis(moved, index, axis=-1)[..., 0] for index in at)
    equal: Mask = inside & (mine == theirs)
    return equal
