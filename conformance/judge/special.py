"""Special values, decided before any distance: NaN, Infinity, the sign of zero, subnormals.

| reference | got | decision |
|---|---|---|
| NaN | NaN of any sign and payload | same |
| NaN, an infinity | a finite number, or another of these | special |
| a finite number | NaN or an infinity | special |
| +0 or -0 | the other zero | same, unless the case is strict about the sign of zero |
| a subnormal | +0 or -0, where the side that shows the zero flushes subnormals | same |

The rest is left to the distance. Between two floats Infinity is never the largest float; only a
stated decimal near the overflow threshold accepts it (see ``decimals``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.judge.ulp import SMALLEST_NORMAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NORMAL = np.float32(SMALLEST_NORMAL)


def subnormal(numbers: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where float32 numbers are subnormal: neither zero nor as large as 2^-126."""
    found: NDArray[np.bool_] = (numbers != 0) & (np.abs(numbers) < _NORMAL)
    return found


def decide(
    got: NDArray[np.float32],
    reference: NDArray[np.float32],
    *,
    strict_zero: bool = False,
    got_flushes: bool = False,
    reference_flushes: bool = False,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks of the elements that the table calls the same, and of those it calls special.

    Elements in neither mask are finite and are left to the distance.
    """
    same = got == reference
    if strict_zero:
        same &= np.signbit(got) == np.signbit(reference)
    special = ~(np.isfinite(got) & np.isfinite(reference))
    if special.any():
        same |= np.isnan(got) & np.isnan(reference)
        special &= ~same
    if strict_zero:
        special |= (got == 0) & (reference == 0) & ~same
    if got_flushes:
        same |= (got == 0) & subnormal(reference)
    if reference_flushes:
        same |= (reference == 0) & subnormal(got)
    return same, special
