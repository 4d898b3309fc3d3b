"""Distances between float32 numbers in units in the last place (ULP).

``ulp(r) = 2 ** (max(floor(log2 |r|), -126) - 23)`` for a real r, its exponent capped at that of the
largest float, so that subnormals and zero have the ulp 2^-149. The distance of a from r is
``|a - r| / ulp(r)``: r is always the reference. Where a and r lie on two sides of a power of two,
distance(a, r) and distance(r, a) differ by a factor of at most 2 per binade between them; nothing
here pretends to be symmetric. +0 and -0 are 0 apart.

The difference is taken in float64: exact where the numbers' exponents are at most 29 apart, else
correctly rounded, to one part in 2^53. Nothing overflows, the largest quotient is below 2^279.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_EXPONENT = -126
MAX_EXPONENT = 127
FRACTION_BITS = 23
SMALLEST_NORMAL = 2.0**MIN_EXPONENT


def ulp(reference: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """The unit in the last place of float32 at finite numbers, as exact powers of two."""
    # frexp gives a mantissa in [0.5, 1), so its exponent is one more than floor(log2 |r|).
    exponent = np.frexp(reference)[1] - 1
    exponent = np.where(np.asarray(reference) == 0, MIN_EXPONENT, exponent)
    clipped = np.minimum(np.maximum(exponent, MIN_EXPONENT), MAX_EXPONENT)
    units: NDArray[np.float64] = np.ldexp(1.0, clipped - FRACTION_BITS)
    return units


def distance(
    got: NDArray[np.float32], reference: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The absolute distances of finite float32 numbers, and the ulp of each reference number."""
    apart = np.abs(got.astype(np.float64) - reference.astype(np.float64))
    return apart, ulp(reference)
