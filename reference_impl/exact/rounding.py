"""From a ball to the float32 that is nearest to every number in it."""

from __future__ import annotations

import math

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from conformance.tensors import Tensor as Message
from conformance.tensors import from_numpy
from reference_impl.exact import tape
from reference_impl.exact.complex import pair
from reference_impl.exact.pairs import REALS, nodes_of
from reference_impl.exact.tensor import Tensor, floats
from reference_impl.exact.values import Undecided, Value

NEEDED_BITS = 40
"""A ball that is wider than this many bits of its midpoint is no answer yet."""

_PRECISION = 24
_LOWEST_EXPONENT = -149
_HIGHEST_EXPONENT = 128
_SMALLEST_NORMAL = 2.0**-126
_LARGEST = 2.0**127
_DOUBLE_BITS = 52
_NEAR = 2.0**-20
"""How near to half of a unit a double does not decide any more, as a part of the half."""
_SURELY = 1024
"""With so many bits, what is not told from the middle of two float32s is taken for it."""
_VANISHING = arb(2) ** -150
"""Below half of the smallest subnormal everything is rounded to zero."""


def nearest(ball: arb) -> float:
    """The float32 nearest to a number that is known exactly; ties go to the even one."""
    mantissa, exponent = (int(part) for part in ball.man_exp())
    if mantissa == 0:
        return 0.0
    sign, mantissa = (-1.0, -mantissa) if mantissa < 0 else (1.0, mantissa)
    top = mantissa.bit_length() + exponent
    if top > _HIGHEST_EXPONENT:
        return sign * math.inf
    unit = max(top - _PRECISION, _LOWEST_EXPONENT)
    if top < unit:
        return sign * 0.0
    shift = unit - exponent
    if shift <= 0:
        return sign * math.ldexp(mantissa, exponent)
    quotient, half = mantissa >> shift, 1 << (shift - 1)
    rest = mantissa - (quotient << shift)
    if rest > half or (rest == half and quotient % 2):
        quotient += 1
    rounded = math.ldexp(quotient, unit)
    return sign * (math.inf if rounded >= 2.0**_HIGHEST_EXPONENT else rounded)


def rounded(value: Value) -> float:
    """The float32 nearest to the real number.

    Raises:
        Undecided: the ball is too wide to tell.
    """
    if isinstance(value, float):
        return value
    number = float(value)
    if _SMALLEST_NORMAL < abs(number) < _LARGEST and value.rel_accuracy_bits() > _DOUBLE_BITS:
        # Through a double, unless it is near the middle between two float32s.
        narrow = float(np.float32(number))
        _, exponent = math.frexp(number)
        half = math.ldexp(1.0, exponent - 1 - _PRECISION)
        if abs(abs(number - narrow) - half) > _NEAR * half:
            return narrow
    return _slowly(value)


def _slowly(value: arb) -> float:
    if value.is_exact():
        return nearest(value)
    if value.abs_upper() < _VANISHING:
        # Perhaps exactly zero, as x / x - 1 is, which no precision would show.
        return 0.0 if value.contains(0) else math.copysign(0.0, 1.0 if value > 0 else -1.0)
    if value.rel_accuracy_bits() < NEEDED_BITS:
        raise Undecided
    below, above = nearest(value.lower()), nearest(value.upper())
    if below != above:
        if ctx.prec < _SURELY or not math.isfinite(below + above):
            raise Undecided
        # So near to the middle of two float32s it is the middle, and either one is right.
        return nearest(arb(below) / 2 + arb(above) / 2)
    return below


def to_message(tensor: Tensor) -> Message:
    """The bits of a tensor, correctly rounded.

    Raises:
        Undecided: a ball is too wide.
    """
    return from_numpy(elements(tensor))


def elements(tensor: Tensor) -> NDArray[np.generic]:
    """The elements of a tensor, float32s correctly rounded.

    Raises:
        Undecided: a ball is too wide.
    """
    if tensor.dtype not in REALS:
        return tensor.data
    known = tape.current().values
    nodes = nodes_of(tensor.data)
    flat = [rounded(known[node]) for node in nodes.ravel().tolist()]
    reals = np.array(flat, np.float32).reshape(nodes.shape)
    if tensor.dtype == "float32":
        return reals
    # Not by arithmetic, in which i times infinity is NaN + i infinity.
    return reals.view(np.complex64).reshape(tensor.shape)


def from_message(message: Message) -> Tensor:
    """The tensor of these bits; a NaN is a NaN.

    Raises:
        ValueError: the bytes do not fit dtype and shape.
    """
    problem = message.problem()
    if problem is not None:
        raise ValueError(problem)
    if message.dtype == "complex64":
        numbers = message.numpy()
        return pair(floats(numbers.real), floats(numbers.imag))
    if message.dtype == "float32":
        return floats(message.numpy())
    return Tensor(message.dtype, message.numpy())
