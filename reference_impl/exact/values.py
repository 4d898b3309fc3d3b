"""The value of a scalar: a ball around a real number that is not zero, or one of five floats.

A ball (``arb``) is a midpoint and a rigorous radius. A value that is exactly zero, infinite or no
number is the Python float 0.0, -0.0, inf, -inf or nan, for which IEEE 754 says what comes of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from flint import arb

from reference_impl.api.execute import RunAgain

Value = arb | float
Constant = Callable[[], Value]

FLOAT32_LIMIT = arb(2) ** 128 - arb(2) ** 103
"""From this magnitude on the nearest float32 is infinite: half a unit beyond the largest."""


class Undecided(RunAgain):
    """The balls are too wide for a decision: the same again with more precision."""


def exact(number: float) -> Value:
    """The value that is this double or integer."""
    return arb(number) if number and math.isfinite(number) else float(number)


def normal(ball: arb) -> Value:
    """The value of a result that may be exactly zero, which IEEE 754 makes +0."""
    # An arb is true even where it is zero.
    return 0.0 if ball == 0 else ball


def sign(value: Value) -> float:
    """-1 or 1 for a ball, by the sign; zeros, infinities and NaN as they are."""
    if isinstance(value, float):
        return value
    if value > 0:
        return 1.0
    if value < 0:
        return -1.0
    raise Undecided


def compare(a: Value, b: Value) -> int | None:
    """-1, 0 or 1 as a is less than, equal to or greater than b; None where one is NaN.

    Raises:
        Undecided: the balls overlap and are not the same number.
    """
    if isinstance(a, float) and isinstance(b, float):
        return None if math.isnan(a) or math.isnan(b) else (a > b) - (a < b)
    for special, factor in ((a, 1), (b, -1)):
        if isinstance(special, float) and special != 0:
            return None if math.isnan(special) else factor * (1 if special > 0 else -1)
    if a < b:
        return -1
    if a > b:
        return 1
    if a == b:
        return 0
    raise Undecided


def add(a: Value, b: Value) -> Value:
    """The sum."""
    if type(a) is arb and type(b) is arb:
        return normal(a + b)
    return total((a, b))


def sub(a: Value, b: Value) -> Value:
    """The difference."""
    if type(a) is arb and type(b) is arb:
        return normal(a - b)
    return total((a, -b))


def total(terms: Sequence[Value]) -> Value:
    """The sum of any number of terms; that of none is +0, and -0 needs zeros that are all -0."""
    balls = [term for term in terms if type(term) is arb]
    if len(balls) != len(terms):
        special = [term for term in terms if type(term) is float]
        if not all(map(math.isfinite, special)):
            return sum(special)
        if not balls:
            return math.copysign(0.0, max(math.copysign(1.0, zero) for zero in special))
    return normal(sum(balls[1:], balls[0])) if balls else 0.0


def neg(a: Value) -> Value:
    """The negative."""
    return -a


def mul(a: Value, b: Value) -> Value:
    """The product."""
    if type(a) is arb and type(b) is arb:
        return a * b
    if (a == 0 and _may_be_zero(b)) or (b == 0 and _may_be_zero(a)):
        # Zero, whichever sign the ball has; only the sign of the zero is unknown.
        return 0.0
    return sign(a) * sign(b)


def _may_be_zero(value: Value) -> bool:
    return type(value) is arb and not (value > 0 or value < 0)


def div(a: Value, b: Value) -> Value:
    """The quotient."""
    if type(a) is arb and type(b) is arb:
        return _decided(a / b)
    if isinstance(b, float) and b == 0:
        numerator = sign(a)
        if numerator == 0 or math.isnan(numerator):
            return math.nan
        return math.copysign(math.inf, math.copysign(1.0, numerator) * math.copysign(1.0, b))
    return sign(a) / sign(b)


def power(a: Value, b: Value) -> Value:
    """The first to the power of the second; a negative base takes integers only."""
    if isinstance(a, float) or isinstance(b, float):
        return _special_power(a, b)
    if a > 0:
        return _decided(a**b)
    if not a < 0:
        raise Undecided
    odd = _is_odd(b)
    if odd is None:
        return math.nan
    magnitude = _decided((-a) ** b)
    return -magnitude if odd else magnitude


def _special_power(a: Value, b: Value) -> Value:
    """IEEE 754's pow where an operand is special."""
    if b == 0:
        return arb(1)
    if isinstance(a, float):
        if math.isnan(a) or (isinstance(b, float) and math.isnan(b)):
            return math.nan
        grows = math.isinf(a) == (sign(b) > 0)
        size = math.inf if grows else 0.0
        negative = math.copysign(1.0, a) < 0 and not isinstance(b, float) and _is_odd(b)
        return -size if negative else size
    base = compare(abs(a), arb(1))
    if base == 0:
        # 1 to the power of NaN is 1, and -1 to the power of infinity is.
        return arb(1) if a > 0 or b == b else math.nan  # noqa: PLR0124  NaN
    if b != b:  # noqa: PLR0124  NaN
        return math.nan
    return math.inf if (base == 1) == (b > 0) else 0.0


def _is_odd(b: arb) -> bool | None:
    """Whether a number is an odd integer; None where it is no integer.

    Raises:
        Undecided: the ball holds an integer and other numbers.
    """
    if not b.contains_integer():
        return None
    if not b.is_exact():
        raise Undecided
    whole = b.unique_fmpz()
    return None if whole is None else bool(int(whole) % 2)


def _decided(ball: arb) -> arb:
    """The ball, if the function is defined on all of its argument."""
    if ball.is_finite():
        return ball
    raise Undecided


def atan2(y: Value, x: Value) -> Value:
    """The angle of the point (x, y)."""
    if isinstance(y, float) and y == 0:
        if isinstance(x, float):
            angle = math.atan2(y, x)
            return angle if angle == 0 or math.isnan(angle) else arb.pi() * int(math.copysign(1, y))
        return y if x > 0 else arb.pi() * int(math.copysign(1, y)) * _certain(x < 0)
    if isinstance(x, float) or isinstance(y, float):
        angle = math.atan2(sign(y), sign(x))
        # A multiple of a quarter of pi.
        quarters = round(angle / math.pi * 4) if math.isfinite(angle) else 0
        return arb.pi() * quarters / 4 if quarters else angle
    return _decided(arb.atan2(y, x)) if x > 0 or y > 0 or y < 0 else _raise()


def _certain(decided: bool) -> int:
    return 1 if decided else _raise()


def _raise() -> int:
    raise Undecided


def unary(
    ball: Callable[[arb], arb],
    specials: tuple[float | Constant, float | Constant, float | Constant, float | Constant],
    edge: Callable[[arb], Value] | None = None,
) -> Callable[[Value], Value]:
    """A function of one argument.

    Args:
        ball: what it is on balls.
        specials: what it is at -Infinity, -0, +0 and Infinity: a number, or how it is computed.
        edge: what it is where the ball is not finite: at a pole or outside of the domain; it
            raises Undecided where the argument may lie on either side.
    """
    constants: dict[tuple[float, float], float | Constant] = {
        (number, math.copysign(1.0, number)): result
        for number, result in zip((-math.inf, -0.0, 0.0, math.inf), specials, strict=True)
    }

    def evaluate(a: Value) -> Value:
        if not isinstance(a, float):
            result = ball(a)
            if result.is_finite():
                return normal(result)
            if edge is None:
                raise Undecided
            return edge(a)
        if a != a:  # noqa: PLR0124  NaN
            return a
        constant = constants[a, math.copysign(1.0, a)]
        return constant() if callable(constant) else exact(constant)

    return evaluate


def outside(
    lower: float, upper: float, at: dict[float, float] | None = None
) -> Callable[[arb], Value]:
    """The edge of a function that is NaN below and above these bounds, with its poles."""

    def edge(a: arb) -> Value:
        for pole, result in (at or {}).items():
            if a == pole:
                return result
        if a < lower or a > upper:
            return math.nan
        raise Undecided

    return edge
