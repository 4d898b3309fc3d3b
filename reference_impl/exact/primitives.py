"""The scalar primitives: what each is on values, and its derivative in terms of primitives.

A rule of derivation gets the tape, the upstream gradient ``g``, the result ``y`` and the operands,
all of them nodes, and returns the node of the product of g and the derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flint import arb

from reference_impl.exact import values
from reference_impl.exact.values import Value, outside, unary

if TYPE_CHECKING:
    from reference_impl.exact.tape import Tape

Rule = Callable[..., int]
"""``rule(tape, g, y, *operands)``."""

_INF, _NAN = math.inf, math.nan


@dataclass(frozen=True, eq=False)
class Primitive:
    """A scalar function; ``rules`` has one rule per operand, or one for all of any number."""

    name: str
    evaluate: Callable[..., Value]
    rules: tuple[Rule, ...]


def _sum(*terms: Value) -> Value:
    return values.total(terms)


def _first(first: Value, *_: Value) -> Value:
    return first


def _tie(first: Value, *others: Value) -> Value:
    # Of zeros with different signs it is the positive one.
    return values.total((first, *others)) if isinstance(first, float) and first == 0 else first


def _leaf() -> Value:
    raise AssertionError("a leaf has its value as its constant")


def _through(_t: Tape, g: int, _y: int, *_operands: int) -> int:
    return g


LEAF = Primitive("leaf", _leaf, ())
PI = Primitive("pi", arb.pi, ())
IDENTITY = Primitive("identity", _first, (_through,))
# The result of customGrad: its value, with a rule of its own for the whole tensor.
BLOCK = Primitive("block", _first, ())
# Equal numbers of which one was to be chosen; the constant has the share of each in the gradient.
TIE = Primitive("tie", _tie, ())
# A value that libraries reach through numbers of another size, which are rounded on the way: the
# constant is the node of that size. Nothing but the acceptance of the value depends on it.
THROUGH = Primitive("through", _first, (_through,))
SUM = Primitive("sum", _sum, (_through,))
ADD = Primitive("add", values.add, (_through, _through))
SUB = Primitive("sub", values.sub, (_through, lambda t, g, _y, _a, _b: t.neg(g)))
NEG = Primitive("neg", values.neg, (lambda t, g, _y, _a: t.neg(g),))
MUL = Primitive(
    "mul", values.mul, (lambda t, g, _y, _a, b: t.mul(g, b), lambda t, g, _y, a, _b: t.mul(g, a))
)
DIV = Primitive(
    "div",
    values.div,
    (
        lambda t, g, _y, _a, b: t.div(g, b),
        # Divided twice, as TensorFlow does; no more off than g a / b^2, which is tf.js's.
        lambda t, g, _y, a, b: t.neg(t.mul(g, t.div(t.div(a, b), b))),
    ),
)


def _power_base(t: Tape, g: int, _y: int, a: int, b: int) -> int:
    # The derivative of x to the power of exactly zero, a constant, is zero everywhere.
    if t.values[b] == 0:
        return t.zero
    return t.mul(g, t.mul(b, t.push(POW, (a, t.sub(b, t.one)))))


def _power_exponent(t: Tape, g: int, y: int, a: int, _b: int) -> int:
    # At a base that is not positive the exponent has no derivative; the convention is zero.
    positive = t.compare(a, t.zero) == 1
    return t.mul(g, t.mul(y, t.push(LOG, (a,)))) if positive else t.zero


POW = Primitive("pow", values.power, (_power_base, _power_exponent))


def _over_squares(t: Tape, g: int, part: int, other: int) -> int:
    """The node of g part / (part^2 + other^2), whose squares are not beyond float32."""
    size = max(abs(float(t.values[part])), abs(float(t.values[other])))
    if not 0 < size < _INF or 2.0**-40 < size < 2.0**40:
        return t.div(t.mul(g, part), t.add(_square(t, part), _square(t, other)))
    scale = t.number(2.0 ** -math.frexp(size)[1])
    part, other = t.mul(part, scale), t.mul(other, scale)
    slope = t.div(part, t.add(_square(t, part), _square(t, other)))
    return t.mul(g, t.mul(slope, scale))


ATAN2 = Primitive(
    "atan2",
    values.atan2,
    (
        lambda t, g, _y, a, b: _over_squares(t, g, b, a),
        lambda t, g, _y, a, b: t.neg(_over_squares(t, g, a, b)),
    ),
)


def _function(
    name: str,
    ball: Callable[[arb], arb],
    specials: tuple[Any, Any, Any, Any],
    rule: Callable[[Tape, int, int, int], int],
    edge: Callable[[arb], Value] | None = None,
) -> Primitive:
    return Primitive(name, unary(ball, specials, edge), (rule,))


def _half_pi() -> Value:
    return arb.pi() / 2


def _log_2() -> Value:
    return arb(2).log()


def _sigmoid(a: arb) -> arb:
    return 1 / (1 + (-a).exp())


def _softplus(a: arb) -> arb:
    # exp(a) is tiny or its inverse is: neither cancels.
    return a.exp().log1p() if a < 0 else a + (-a).exp().log1p()


def _square(t: Tape, a: int) -> int:
    return t.mul(a, a)


def _one_minus_square(t: Tape, a: int) -> int:
    return t.mul(t.sub(t.one, a), t.add(t.one, a))


NEAR_ONE = outside(-1, 1)
EXP = _function("exp", arb.exp, (0, 1, 1, _INF), lambda t, g, y, _a: t.mul(g, y))
EXPM1 = _function(
    "expm1", arb.expm1, (-1, -0.0, 0.0, _INF), lambda t, g, _y, a: t.mul(g, t.push(EXP, (a,)))
)
LOG = _function(
    "log", arb.log, (_NAN, -_INF, -_INF, _INF), lambda t, g, _y, a: t.div(g, a), outside(0, _INF)
)
LOG1P = _function(
    "log1p", arb.log1p, (_NAN, -0.0, 0.0, _INF), lambda t, g, _y, a: t.div(g, t.add(t.one, a)),
    outside(-1, _INF, {-1: -_INF}),
)  # fmt: skip
SQRT = _function(
    "sqrt", arb.sqrt, (_NAN, -0.0, 0.0, _INF), lambda t, g, y, _a: t.div(g, t.add(y, y)),
    outside(0, _INF),
)  # fmt: skip
RSQRT = _function(
    "rsqrt", arb.rsqrt, (_NAN, -_INF, _INF, 0),
    lambda t, g, y, _a: t.neg(t.div(t.mul(g, t.mul(y, _square(t, y))), t.number(2))),
    outside(0, _INF),
)  # fmt: skip
SIN = _function(
    "sin", arb.sin, (_NAN, -0.0, 0.0, _NAN), lambda t, g, _y, a: t.mul(g, t.push(COS, (a,)))
)
COS: Primitive = _function(
    "cos", arb.cos, (_NAN, 1, 1, _NAN), lambda t, g, _y, a: t.neg(t.mul(g, t.push(SIN, (a,))))
)
TAN = _function(
    "tan", arb.tan, (_NAN, -0.0, 0.0, _NAN),
    lambda t, g, _y, a: t.div(g, _square(t, t.push(COS, (a,)))),
)  # fmt: skip
ASIN = _function(
    "asin", arb.asin, (_NAN, -0.0, 0.0, _NAN),
    lambda t, g, _y, a: t.div(g, t.push(SQRT, (_one_minus_square(t, a),))), NEAR_ONE,
)  # fmt: skip
ACOS = _function(
    "acos", arb.acos, (_NAN, _half_pi, _half_pi, _NAN),
    lambda t, g, _y, a: t.neg(t.div(g, t.push(SQRT, (_one_minus_square(t, a),)))), NEAR_ONE,
)  # fmt: skip
ATAN = _function(
    "atan", arb.atan, (lambda: -_half_pi(), -0.0, 0.0, _half_pi),
    lambda t, g, _y, a: t.div(g, t.add(t.one, _square(t, a))),
)  # fmt: skip
SINH = _function(
    "sinh", arb.sinh, (-_INF, -0.0, 0.0, _INF), lambda t, g, _y, a: t.mul(g, t.push(COSH, (a,)))
)
COSH: Primitive = _function(
    "cosh", arb.cosh, (_INF, 1, 1, _INF), lambda t, g, _y, a: t.mul(g, t.push(SINH, (a,)))
)
TANH = _function(
    "tanh", arb.tanh, (-1, -0.0, 0.0, 1),
    # Of the rounded result, and with its square, as TanhGrad is defined.
    lambda t, g, y, _a: t.mul(g, t.sub(t.one, _square(t, y))),
)  # fmt: skip
ASINH = _function(
    "asinh", arb.asinh, (-_INF, -0.0, 0.0, _INF),
    lambda t, g, _y, a: t.div(g, t.push(SQRT, (t.add(t.one, _square(t, a)),))),
)  # fmt: skip
ACOSH = _function(
    "acosh", arb.acosh, (_NAN, _NAN, _NAN, _INF),
    lambda t, g, _y, a: t.div(
        g, t.mul(t.push(SQRT, (t.sub(a, t.one),)), t.push(SQRT, (t.add(a, t.one),)))
    ),
    outside(1, _INF),
)  # fmt: skip
ATANH = _function(
    "atanh", arb.atanh, (_NAN, -0.0, 0.0, _NAN),
    lambda t, g, _y, a: t.div(g, _one_minus_square(t, a)), outside(-1, 1, {-1: -_INF, 1: _INF}),
)  # fmt: skip


def _erf_slope(t: Tape, a: int) -> int:
    bell = t.push(EXP, (t.neg(_square(t, a)),))
    return t.div(t.mul(t.number(2), bell), t.push(SQRT, (t.push(PI, ()),)))


ERF = _function("erf", arb.erf, (-1, -0.0, 0.0, 1), lambda t, g, _y, a: t.mul(g, _erf_slope(t, a)))
SIGMOID: Primitive = _function(
    "sigmoid", _sigmoid, (0, 0.5, 0.5, 1),
    # Of the rounded result, as the kernels get nothing else: SigmoidGrad is defined as this.
    lambda t, g, y, _a: t.mul(g, t.mul(y, t.sub(t.one, y))),
)  # fmt: skip
SOFTPLUS = _function(
    "softplus", _softplus, (0, _log_2, _log_2, _INF),
    lambda t, g, _y, a: t.mul(g, t.push(SIGMOID, (a,))),
)  # fmt: skip


def _normalized(x: Value, rest: Value, alpha: Value, exponent: Value) -> Value:
    size = values.add(rest, values.mul(alpha, values.mul(x, x)))
    return values.mul(x, values.power(size, exponent))


def _normalized_x(t: Tape, g: int, _y: int, *operands: int) -> int:
    x, rest, alpha, exponent = operands
    part, factor = t.mul(alpha, _square(t, x)), t.add(t.one, t.add(exponent, exponent))
    power = t.push(POW, (t.add(rest, part), t.sub(exponent, t.one)))
    return t.mul(g, t.mul(t.add(rest, t.mul(factor, part)), power))


def _normalized_rest(t: Tape, g: int, _y: int, *operands: int) -> int:
    x, rest, alpha, exponent = operands
    size = t.add(rest, t.mul(alpha, _square(t, x)))
    power = t.push(POW, (size, t.sub(exponent, t.one)))
    return t.mul(g, t.mul(t.mul(exponent, x), power))


# x (rest + alpha x^2)^exponent, with constants alpha and exponent. One primitive, for x has one
# slope: as two paths that are added, an infinite gradient would cancel with itself.
NORMALIZED = Primitive("normalized", _normalized, (_normalized_x, _normalized_rest))

PRIMITIVES: dict[str, Primitive] = {
    found.name: found for found in list(globals().values()) if isinstance(found, Primitive)
}
