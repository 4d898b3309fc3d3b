"""Bounds that are more than units in the last place: what they come to for given operands.

A function that inherits a formula loses what the formula does: each of its operations loses what
the same contract allows for it, and spreads what its operands have lost.
"""

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flint import arb

from conformance.protocol import Bound
from reference_impl.exact import primitives as p
from reference_impl.exact.primitives import PRIMITIVES, Primitive
from reference_impl.exact.spreads import SPREADS, monotone
from reference_impl.exact.values import FLOAT32_LIMIT, Undecided, Value, exact, outside, unary

Bounds = Mapping[str, Bound]
Operands = Sequence[tuple[float, float]]
"""What a function is applied to: values, and how far off each may be."""

_LIMIT = float(FLOAT32_LIMIT)
_NAMES = "xyzw"
"""The operands of a function, in their order."""

_OPERATORS: dict[type[ast.operator], Primitive] = {
    ast.Add: p.ADD,
    ast.Sub: p.SUB,
    ast.Mult: p.MUL,
    ast.Div: p.DIV,
}
# Functions that formulas are made of, and that no op is.
_EXP2 = Primitive("exp2", unary(lambda a: arb(2) ** a, (0, 1, 1, math.inf)), ())
_LOG2 = Primitive(
    "log2",
    unary(
        lambda a: a.log() / arb(2).log(),
        (math.nan, -math.inf, -math.inf, math.inf),
        outside(0, math.inf),
    ),
    (),
)
_PRIMITIVES = {**PRIMITIVES, "exp2": _EXP2, "log2": _LOG2}
_SPREADS = {**SPREADS, _EXP2: monotone(lambda a: float(2.0**a)), _LOG2: monotone(math.log2)}


class _Step(NamedTuple):
    """A value of a formula: a function of the values at these places, or a number."""

    primitive: Primitive
    operands: tuple[int, ...]
    number: float = 0.0


def is_plain(bound: Bound) -> bool:
    """Whether a bound has nothing but units in the last place."""
    return bound == Bound(ulp=bound.ulp)


def largest_ulp(bound: Bound) -> float:
    """The most units in the last place that a bound allows anywhere."""
    return max(bound.ulp, largest_ulp(bound.outside) if bound.outside else 0.0)


def allowed(bound: Bound, bounds: Bounds, operands: Operands, value: float) -> float:
    """What a function may be off by itself.

    Args:
        bound: its bound.
        bounds: all bounds of the contract; formulas ask for them.
        operands: what it is applied to, with their radii.
        value: its exact result, or what is farthest from zero of all that it may be.

    Returns:
        The radius, infinite where nothing is promised.
    """
    found = 0.0
    piece: Bound | None = bound
    x, radius = operands[0] if operands else (0.0, 0.0)
    while piece is not None:
        lower, upper = piece.within or (-math.inf, math.inf)
        # At the border the larger one counts.
        if x + radius >= lower and x - radius <= upper:
            found = max(found, _parts(piece, bounds, operands, value))
        if lower <= x - radius and x + radius <= upper:
            return found
        piece = piece.outside
    return math.inf


def _parts(bound: Bound, bounds: Bounds, operands: Operands, value: float) -> float:
    units = bound.ulp
    if bound.per_operand:
        units += bound.per_operand * sum(map(abs, operands[0]))
    found = units * _unit(value) + bound.relative * abs(value) + bound.absolute
    if bound.formula:
        places = [[one for one, _ in operands]]
        if any(radius for _, radius in operands):
            # What it loses may be more at the ends of the operands' intervals.
            places += [[one - radius for one, radius in operands]]
            places += [[one + radius for one, radius in operands]]
        found += max(_lost(bound.formula, bounds, place) for place in places)
    return found


def _lost(formula: str, bounds: Bounds, operands: Sequence[float]) -> float:
    """What a formula of float32 operands may be off."""
    steps = _steps(formula, len(operands))
    values: list[Value] = [exact(one) for one in operands]
    doubles, radii = list(operands), [0.0] * len(operands)
    try:
        for primitive, places, number in steps:
            if primitive is p.LEAF:
                value, double = exact(number), number
                radius = 0.5 * _unit(number) if number != _single(number) else 0.0
            else:
                value = primitive.evaluate(*[values[place] for place in places])
                double = float(value)
                radius = _SPREADS[primitive](doubles, radii, places, double)
                if primitive is not p.NEG:
                    inputs = [(doubles[place], radii[place]) for place in places]
                    reach = abs(double) + radius
                    radius += allowed(bounds[primitive.name], bounds, inputs, reach)
            if not abs(double) + radius < _LIMIT:
                return math.inf
            values.append(value)
            doubles.append(double)
            radii.append(radius)
    except (Undecided, ValueError, OverflowError, ZeroDivisionError):
        return math.inf
    return radii[-1]


@functools.cache
def _steps(formula: str, count: int) -> tuple[_Step, ...]:
    """The steps of a formula of so many operands; the last one is its result."""
    steps: list[_Step] = []

    def place(node: ast.expr) -> int:
        match node:
            case ast.Name(name):
                return _NAMES.index(name)
            case ast.Constant(number):
                steps.append(_Step(p.LEAF, (), float(str(number))))
            case ast.UnaryOp(ast.USub(), operand):
                steps.append(_Step(p.NEG, (place(operand),)))
            case ast.BinOp(left, operator, right):
                steps.append(_Step(_OPERATORS[type(operator)], (place(left), place(right))))
            case ast.Call(ast.Name(name), arguments):
                steps.append(_Step(_PRIMITIVES[name], tuple(map(place, arguments))))
            case _:
                raise ValueError(f"{ast.unparse(node)!r} has no place in a formula")
        return count + len(steps) - 1

    place(ast.parse(formula, mode="eval").body)
    return tuple(steps)


def _unit(value: float) -> float:
    """The unit in the last place of a number as a float32, that of the largest at most."""
    return math.ldexp(1.0, min(max(math.frexp(value)[1] - 1, -126), 127) - 23)


def _single(number: float) -> float:
    """Of a moderate number, the float32 next to it."""
    mantissa, exponent = math.frexp(number)
    return math.ldexp(round(math.ldexp(mantissa, 24)), exponent - 24)
