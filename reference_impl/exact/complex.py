"""Complex tensors of real ones and back, and twiddle factors."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from reference_impl.exact import tape
from reference_impl.exact import tensor as t
from reference_impl.exact.pairs import elements_of
from reference_impl.exact.tensor import Array, Tensor

TABLE = "table"
"""Whose the cosines of a table are: libraries compute them beforehand, in more precision."""

_COSINES = {
    Fraction(0): 1.0,
    Fraction(1, 6): 0.5,
    Fraction(1, 4): 0.0,
    Fraction(1, 3): -0.5,
    Fraction(1, 2): -1.0,
}


def pair(real: Tensor, imag: Tensor) -> Tensor:
    """The complex tensor of two float32 tensors of one shape."""
    return Tensor("complex64", elements_of(np.stack([real.data, imag.data], -1), "complex64"))


def parts(z: Tensor) -> tuple[Tensor, Tensor]:
    """The real and the imaginary part of a complex tensor."""
    return Tensor("float32", z.data["real"]), Tensor("float32", z.data["imag"])


def add(a: Tensor, b: Tensor) -> Tensor:
    """The sum of complex tensors."""
    (a_real, a_imag), (b_real, b_imag) = parts(a), parts(b)
    return pair(a_real + b_real, a_imag + b_imag)


def sub(a: Tensor, b: Tensor) -> Tensor:
    """The difference of complex tensors."""
    (a_real, a_imag), (b_real, b_imag) = parts(a), parts(b)
    return pair(a_real - b_real, a_imag - b_imag)


def mul(a: Tensor, b: Tensor) -> Tensor:
    """The product of complex tensors."""
    (a_real, a_imag), (b_real, b_imag) = parts(a), parts(b)
    return pair(a_real * b_real - a_imag * b_imag, a_real * b_imag + a_imag * b_real)


def magnitude(z: Tensor) -> Tensor:
    """The absolute value; its gradient at zero is zero, as TensorFlow's.

    It is infinite where one part is, whatever the other, as C's ``hypot``.
    """
    real, imag = parts(z)
    infinite = np.logical_or.reduce(
        [t.compare(one, sign * math.inf) == 0 for one in (real, imag) for sign in (1, -1)]
    )
    at_zero = (t.compare(real, 0) == 0) & (t.compare(imag, 0) == 0)
    size = t.select(at_zero, 0, t.sqrt(real * real + imag * imag))
    return t.select(infinite, math.inf, size)


def cosines(turns: Array) -> Tensor:
    """The cosine of a turn (2 pi) times each of these fractions; exact where it is rational."""
    before = tape.current().enter(TABLE)
    known: dict[Fraction, int] = {}
    nodes = np.empty(turns.shape, np.int64)
    for index in np.ndindex(turns.shape):
        turn: Fraction = turns.item(index) % 1
        # The cosine is even and goes back after half of a turn.
        turn = min(turn, 1 - turn)
        if turn not in known:
            known[turn] = int(_cosine(turn).data)
        nodes[index] = known[turn]
    tape.current().belongs(before.call, before.order)
    return Tensor("float32", nodes)


def _cosine(turn: Fraction) -> Tensor:
    if turn in _COSINES:
        return t.floats(_COSINES[turn])
    if turn > Fraction(1, 4):
        # The very same number as in the quadrant before, but for the sign.
        return -_cosine(Fraction(1, 2) - turn)
    return t.cos(t.pi() * (2 * turn.numerator) / turn.denominator)


def twiddles(rows: int, columns: int, period: int) -> tuple[Tensor, Tensor]:
    """The cosines and sines of row times column of a period, each of shape [rows, columns]."""
    found = np.empty([rows, columns], object)
    for row, column in np.ndindex(rows, columns):
        found[row, column] = Fraction(row * column, period)
    return cosines(found), cosines(found - Fraction(1, 4))
