"""Conventions: what libraries chose at exact kinks and ties. ``conventions.yaml`` is the data.

A difference is excused as a convention only where all of this holds:

- the case is one call of a recorded op on its inputs (other arguments are literals), so the element
  at the kink is an input's, exactly as it is written;
- both sides belong to libraries with a recorded choice, and the choices differ;
- each side shows its own choice, times the upstream gradient, to 2 ULP.

Anything else at a kink, and everything near one, is an ordinary numeric difference.
"""

from __future__ import annotations

import functools
import pathlib
import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np

from conformance.judge.budget import op_of
from conformance.judge.inputs import number, values
from conformance.judge.ulp import distance
from conformance.language.tree import Array, Call, Expression, Member, Name
from conformance.suite.case import Case

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    # Where the operand is at a kink, and what the gradient is there, by library.
    _Kink = tuple[NDArray[np.bool_], dict[str, Floats]]

FILE = pathlib.Path(__file__).with_name("conventions.yaml")
GRADS = "grads."
_SLACK_ULP = 2.0


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    op: str
    definition: str
    not_a_subgradient: tuple[str, ...] = ()


class Point(_Entry, frozen=True, kw_only=True):
    """The derivative at one number: a factor on the upstream gradient, by library."""

    at: float
    choices: dict[str, float]


class Bounds(_Entry, frozen=True, kw_only=True):
    """The derivative at literal bounds: a factor on the upstream gradient, by library."""

    choices: dict[str, float]


class Equals(_Entry, frozen=True, kw_only=True):
    """The derivatives for two equal operands: two factors, by library."""

    choices: dict[str, tuple[float, float]]


class Ties(_Entry, frozen=True, kw_only=True):
    """What equal extremes get of the upstream gradient, by library."""

    choices: dict[str, Literal["each", "share"]]


class Conventions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of ``conventions.yaml``."""

    measured: dict[str, str]
    points: tuple[Point, ...]
    bounds: tuple[Bounds, ...]
    equals: tuple[Equals, ...]
    ties: tuple[Ties, ...]
    positions: tuple[str, ...]


@functools.cache
def conventions() -> Conventions:
    """The shipped conventions."""
    import yaml  # noqa: PLC0415  only a difference needs them

    return msgspec.convert(yaml.safe_load(FILE.read_text("utf-8")), Conventions)


FOLLOWS = {"exact": "tensorflow"}
"""Implementations that make the choices of another library: mathematics makes none."""


def library(address: str) -> str:
    """The library behind an address: ``tfjs`` for ``tfjs@4.10.0:cpu``."""
    name = re.split(r"[@:]", address, maxsplit=1)[0]
    return FOLLOWS.get(name, name)


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


def excused(
    case: Case, place: str, got: tuple[str, Floats], reference: tuple[str, Floats]
) -> NDArray[np.bool_] | None:
    """Where two results differ by convention, or None where no convention speaks of the case.

    ``got`` and ``reference`` are an address and the array at ``place`` (``value``, ``grads.NAME``).
    The mask has the arrays' shape. It says nothing about elements that do not differ.
    """
    use = _use(case)
    if use is None:
        return None
    if use.op in conventions().positions and place == "value":
        return _same_element(case, use, got[1], reference[1])
    if not place.startswith(GRADS):
        return None
    mask: NDArray[np.bool_] = np.zeros(got[1].shape, dtype=np.bool_)
    for kink, choices in _kinks(case, use, place.removeprefix(GRADS)):
        mine, theirs = choices.get(library(got[0])), choices.get(library(reference[0]))
        if mine is None or theirs is None or kink.shape != mask.shape:
            continue
        mask |= kink & _follows(got[1], mine) & _follows(reference[1], theirs) & (mine != theirs)
    return mask


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


def _kinks(case: Case, use: _Use, name: str) -> list[_Kink]:
    """The kinks that an input's elements may be at, and what each library's gradient is there."""
    first = use.operand(case, 0)
    upstream = np.ones((), np.float32) if case.dy is None else values(case.dy)
    if first is None or upstream is None:
        return []
    is_first = use.arguments[0] == Name(name=name)
    found: list[_Kink] = []
    if upstream.shape in ((), first.shape):
        found += _binary(case, use, first, 0 if is_first else 1, upstream)
        if is_first:
            found += _unary(use, first, upstream)
    if is_first:
        for ties in conventions().ties:
            if ties.op == use.op:
                found += _ties(ties, use, first, upstream)
    return found


def _unary(use: _Use, operand: Floats, upstream: Floats) -> list[_Kink]:
    found: list[_Kink] = [
        (operand == np.float32(point.at), _scaled(point.choices, upstream))
        for point in conventions().points
        if point.op == use.op
    ]
    low, high = use.literal(1), use.literal(2)
    if low is not None and high is not None:
        at_bound = (operand == np.float32(low)) | (operand == np.float32(high))
        found += [
            (at_bound, _scaled(bounds.choices, upstream))
            for bounds in conventions().bounds
            if bounds.op == use.op
        ]
    return found


def _binary(case: Case, use: _Use, first: Floats, slot: int, upstream: Floats) -> list[_Kink]:
    second = use.operand(case, 1)
    if second is None or second.shape != first.shape or use.arguments[0] == use.arguments[1]:
        return []
    return [
        (
            first == second,
            _scaled({key: pair[slot] for key, pair in equals.choices.items()}, upstream),
        )
        for equals in conventions().equals
        if equals.op == use.op
    ]


def _ties(ties: Ties, use: _Use, operand: Floats, upstream: Floats) -> list[_Kink]:
    axis = _axes(use, operand.ndim)
    if axis is None or operand.size == 0:
        return []
    extreme = operand.max if ties.op == "max" else operand.min
    tied = operand == extreme(axis=axis, keepdims=True)
    count = tied.sum(axis=axis, keepdims=True)
    kept = tuple(1 if at in axis else length for at, length in enumerate(operand.shape))
    if upstream.size not in (1, count.size):
        return []
    spread = np.broadcast_to(
        upstream.reshape(kept) if upstream.size == count.size else upstream.reshape(()), kept
    )
    share = {"each": spread, "share": spread / np.maximum(count, 1).astype(np.float32)}
    choices = {
        key: np.broadcast_to(share[choice], operand.shape).astype(np.float32)
        for key, choice in ties.choices.items()
    }
    return [(tied & (count > 1), choices)]


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


def _scaled(choices: dict[str, float], upstream: Floats) -> dict[str, Floats]:
    with np.errstate(invalid="ignore"):  # an infinite dy times a choice of zero follows nothing
        return {key: np.asarray(upstream * np.float32(choice)) for key, choice in choices.items()}


def _follows(shown: Floats, choice: Floats) -> NDArray[np.bool_]:
    expected = np.broadcast_to(choice, shown.shape)
    finite = np.isfinite(shown) & np.isfinite(expected)
    apart, unit = distance(np.where(finite, shown, 0), np.where(finite, expected, 0))
    followed: NDArray[np.bool_] = finite & (apart <= _SLACK_ULP * unit)
    return followed


def _same_element(
    case: Case, use: _Use, got: NDArray[Any], reference: NDArray[Any]
) -> NDArray[np.bool_] | None:
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
    equal: NDArray[np.bool_] = inside & (mine == theirs)
    return equal
