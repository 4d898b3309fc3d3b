"""Agreement of a float32 with a printed decimal.

A decimal means what was printed: ``0.4947368`` is any number within half a unit of its last place,
``1e-7`` any number within half a unit of its mantissa's last digit; both ends belong to it. An
integer, written without a point and without a negative exponent, means exactly that number: tf.js
prints up to 7 places and drops final zeros, so ``45`` was not printed for 45.4. A decimal with more
digits than a float32 holds agrees with its nearest float32, and half-way between two with either.

All arithmetic is exact (fractions), so nothing is rounded twice.
"""

from __future__ import annotations

import functools
import math
import re
import struct
from fractions import Fraction
from typing import Literal

NAMES = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
TRUTHS = {"true": 1, "false": 0}

Decision = Literal["same", "special", "numeric"]

_NUMBER = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+))?")
_MAX = Fraction(2**128 - 2**104)
_AFTER_MAX = Fraction(2**128)
# Everything from here rounds to Infinity; one ulp below it a correct float32 may already be there.
_OVERFLOW = Fraction(2**128 - 2**103) - 2**104
_SMALLEST_NORMAL = Fraction(1, 2**126)


@functools.lru_cache(maxsize=4096)
def read(item: str) -> tuple[Fraction, Fraction, bool]:
    """A finite decimal: its exact value, half a unit in its last place, whether it has a minus.

    Raises:
        ValueError: the text is no decimal.
    """
    found = _NUMBER.fullmatch(item)
    if found is None:
        raise ValueError(f"{item!r} is no decimal number")
    sign, mantissa, exponent = found.group(1), found.group(2), int(found.group(3) or 0)
    if "." not in mantissa and exponent >= 0:
        half = Fraction(0)
    else:
        places = len(mantissa.partition(".")[2])
        half = Fraction(10) ** (exponent - places) / 2
    return Fraction(item), half, sign == "-"


def decide(  # noqa: PLR0911  one return per row of the table
    item: str, got: float, *, strict_zero: bool = False, flushes: bool = False
) -> Decision:
    """Whether a float32 (given as the double of the same value) agrees with a decimal.

    ``-0.0`` is strict about the sign by itself; ``0`` is strict only with ``strict_zero``. With
    ``flushes`` a zero agrees with any decimal below 2^-126.
    """
    if item in NAMES:
        wanted = NAMES[item]
        same = math.isnan(got) if math.isnan(wanted) else got == wanted
        return "same" if same else "special"
    if got and got == _as_float(item):
        return "same"
    value, half, negative = read(item)
    if math.isnan(got):
        return "special"
    if math.isinf(got):
        return "same" if abs(value) >= _OVERFLOW and (value > 0) == (got > 0) else "special"
    if got == 0:
        if value == 0:
            wrong_sign = (math.copysign(1, got) < 0) != negative
            return "special" if wrong_sign and (strict_zero or negative) else "same"
        if flushes and abs(value) < _SMALLEST_NORMAL:
            return "same"
    exact = Fraction(got)
    if abs(exact - value) <= half or _is_nearest(got, exact, value):
        return "same"
    return "numeric"


@functools.lru_cache(maxsize=4096)
def _as_float(item: str) -> float | None:
    """The decimal as a double where it is one, as most that people write are."""
    value = read(item)[0]
    number = float(value) if abs(value) < _AFTER_MAX else math.inf
    return number if math.isfinite(number) and Fraction(number) == value else None


def equals(item: str, got: int) -> Decision:
    """Whether an integer, or a truth value as 0 or 1, is exactly what an item says."""
    if item in NAMES:
        return "special"
    wanted = TRUTHS[item] if item in TRUTHS else read(item)[0]
    return "same" if got == wanted else "numeric"


def _is_nearest(got: float, exact: Fraction, value: Fraction) -> bool:
    """Whether no other float32 is nearer to a value, so that at half-way both neighbours are."""
    off = abs(exact - value)
    return all(off <= abs(neighbour - value) for neighbour in _neighbours(got, exact))


def _neighbours(got: float, exact: Fraction) -> tuple[Fraction, Fraction]:
    if got == 0:
        tiny = Fraction(1, 2**149)
        return -tiny, tiny
    (bits,) = struct.unpack("<I", struct.pack("<f", got))
    outward = _AFTER_MAX if abs(exact) == _MAX else Fraction(_magnitude(bits + 1))
    inward = Fraction(_magnitude(bits - 1))
    return (outward, inward) if got > 0 else (-outward, -inward)


def _magnitude(bits: int) -> float:
    magnitude: float = struct.unpack("<f", struct.pack("<I", bits & 0x7FFF_FFFF))[0]
    return magnitude
