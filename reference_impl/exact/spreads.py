"""How far a primitive's result moves when its operands are off: the running error analysis.

Each function gets the values of all nodes, their radii, the operands' nodes and the result, all as
doubles, and returns a bound on the distance between the result and the primitive of any operands
within their radii. Infinity says that there is no bound: a pole, the edge of a domain.

Source: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, section 3.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from reference_impl.exact import primitives as p
from reference_impl.exact.primitives import Primitive

Numbers = Sequence[float]
Spread = Callable[[Numbers, Numbers, tuple[int, ...], float], float]

_DOUBLE = 2.0**-50
"""What evaluating a function in doubles may be off, relative to its result."""


def _none(_v: Numbers, _r: Numbers, _operands: tuple[int, ...], _y: float) -> float:
    return 0.0


def _largest(_v: Numbers, r: Numbers, operands: tuple[int, ...], _y: float) -> float:
    return max([r[one] for one in operands])


def _total(_v: Numbers, r: Numbers, operands: tuple[int, ...], _y: float) -> float:
    return sum([r[one] for one in operands])


def _two(_v: Numbers, r: Numbers, operands: tuple[int, ...], _y: float) -> float:
    a, b = operands
    return r[a] + r[b]


def _one(_v: Numbers, r: Numbers, operands: tuple[int, ...], _y: float) -> float:
    return r[operands[0]]


def _mul(v: Numbers, r: Numbers, operands: tuple[int, ...], _y: float) -> float:
    a, b = operands
    ra, rb = r[a], r[b]
    if ra == 0 == rb:
        return 0.0
    return abs(v[a]) * rb + abs(v[b]) * ra + ra * rb


def _div(v: Numbers, r: Numbers, operands: tuple[int, ...], y: float) -> float:
    a, b = operands
    ra, rb = r[a], r[b]
    if ra == 0 == rb:
        return 0.0
    least = abs(v[b]) - rb
    return (ra + abs(y) * rb) / least if least > 0 else math.inf


def monotone(f: Callable[[float], float]) -> Spread:
    """A function that is monotone on each interval of its domain, by its ends."""

    def spread(v: Numbers, r: Numbers, operands: tuple[int, ...], y: float) -> float:
        at = operands[0]
        radius, a = r[at], v[at]
        if radius == 0:
            return 0.0
        try:
            low, high = f(a - radius), f(a + radius)
        except (ValueError, OverflowError, ZeroDivisionError):
            return math.inf
        return max(abs(high - y), abs(low - y)) + _DOUBLE * abs(y)

    return spread


def _lipschitz(slope: Callable[[float, float], float]) -> Spread:
    """A function whose slope is bounded by ``slope(a, radius)`` within the radius around a."""

    def spread(v: Numbers, r: Numbers, operands: tuple[int, ...], _y: float) -> float:
        at = operands[0]
        radius = r[at]
        if radius == 0:
            return 0.0
        try:
            return radius * slope(v[at], radius)
        except (ValueError, OverflowError, ZeroDivisionError):
            return math.inf

    return spread


def _tan_slope(a: float, radius: float) -> float:
    least = abs(math.cos(a)) - radius
    return 1 / (least * least) if least > 0 else math.inf


def _sigmoid(a: float) -> float:
    small = math.exp(-abs(a))
    return 1 / (1 + small) if a >= 0 else small / (1 + small)


def _softplus(a: float) -> float:
    return max(a, 0.0) + math.log1p(math.exp(-abs(a)))


def _pow(v: Numbers, r: Numbers, operands: tuple[int, ...], y: float) -> float:
    a, b = operands
    ra, rb = r[a], r[b]
    if ra == 0 == rb:
        return 0.0
    base, exponent = abs(v[a]), v[b]
    if not ra < base:
        # Through zero only a positive power stays bounded.
        if rb == 0 and exponent >= 1 and exponent.is_integer():
            return float((base + ra) ** exponent) + abs(y)
        return math.inf
    if rb and v[a] < 0:
        return math.inf
    try:
        logarithm = -math.log1p(-ra / base) * (abs(exponent) + rb) + abs(math.log(base)) * rb
        return abs(y) * math.expm1(logarithm)
    except (ValueError, OverflowError):
        return math.inf


def _atan2(v: Numbers, r: Numbers, operands: tuple[int, ...], _y: float) -> float:
    a, b = operands
    apart = r[a] + r[b]
    if apart == 0:
        return 0.0
    least = math.hypot(v[a], v[b]) - apart
    # Around the negative half-axis the angle jumps.
    if least <= 0 or (v[b] < r[b] and abs(v[a]) <= r[a] and r[a] > 0):
        return math.inf
    return apart / least


def _normalized(v: Numbers, r: Numbers, operands: tuple[int, ...], y: float) -> float:
    x, rest, alpha, exponent = operands
    if not any(r[one] for one in operands):
        return 0.0
    size = v[rest] + v[alpha] * v[x] * v[x]
    apart = (
        r[rest]
        + r[alpha] * v[x] * v[x]
        + (abs(v[alpha]) + r[alpha]) * (2 * abs(v[x]) + r[x]) * r[x]
    )
    if not apart < size:
        return math.inf
    power = -math.log1p(-apart / size) * (abs(v[exponent]) + r[exponent])
    power += abs(math.log(size)) * r[exponent]
    grown = math.exp(power)
    return abs(y) * (grown - 1) + r[x] * math.pow(size, v[exponent]) * grown


SPREADS: dict[Primitive, Spread] = {
    p.LEAF: _none,
    p.PI: _none,
    p.IDENTITY: _one,
    p.BLOCK: _one,
    p.TIE: _largest,
    p.THROUGH: _one,
    p.SUM: _total,
    p.ADD: _two,
    p.SUB: _two,
    p.NEG: _one,
    p.MUL: _mul,
    p.DIV: _div,
    p.POW: _pow,
    p.ATAN2: _atan2,
    p.NORMALIZED: _normalized,
    p.EXP: monotone(math.exp),
    p.EXPM1: monotone(math.expm1),
    p.LOG: monotone(math.log),
    p.LOG1P: monotone(math.log1p),
    p.SQRT: monotone(math.sqrt),
    p.RSQRT: monotone(lambda a: 1 / math.sqrt(a)),
    p.SIN: _lipschitz(lambda a, radius: min(1.0, abs(math.cos(a)) + radius)),
    p.COS: _lipschitz(lambda a, radius: min(1.0, abs(math.sin(a)) + radius)),
    p.TAN: _lipschitz(_tan_slope),
    p.ASIN: monotone(math.asin),
    p.ACOS: monotone(math.acos),
    p.ATAN: monotone(math.atan),
    p.SINH: monotone(math.sinh),
    p.COSH: _lipschitz(lambda a, radius: math.sinh(abs(a) + radius)),
    p.TANH: monotone(math.tanh),
    p.ASINH: monotone(math.asinh),
    p.ACOSH: monotone(math.acosh),
    p.ATANH: monotone(math.atanh),
    p.ERF: monotone(math.erf),
    p.SIGMOID: monotone(_sigmoid),
    p.SOFTPLUS: monotone(_softplus),
}
"""By primitive; every primitive has one."""
