"""Numbers as case files write them: JavaScript's spellings and YAML's own."""

from __future__ import annotations

import math
import re
import struct

_NAMED = {
    "NaN": math.nan, ".nan": math.nan, ".NaN": math.nan, ".NAN": math.nan,
    "Infinity": math.inf, "+Infinity": math.inf, ".inf": math.inf, ".Inf": math.inf,
    ".INF": math.inf, "+.inf": math.inf, "+.Inf": math.inf, "+.INF": math.inf,
    "-Infinity": -math.inf, "-.inf": -math.inf, "-.Inf": -math.inf, "-.INF": -math.inf,
}  # fmt: skip
_DECIMAL = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_SHOWN = 40


def parse(text: str) -> float | None:
    """The double that a number's text means, or None where the text is no number.

    Raises:
        OverflowError: the number is finite but beyond every double.
    """
    named = _NAMED.get(text)
    if named is not None:
        return named
    if _DECIMAL.fullmatch(text):
        value = float(text)
    elif _HEX.fullmatch(text):
        value = _hexadecimal(text)
    else:
        return None
    if math.isinf(value):
        raise OverflowError(f"{_short(text)} is beyond every double")
    return value


def _hexadecimal(text: str) -> float:
    try:
        return float.fromhex(text)
    except OverflowError:
        return math.inf


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def spelling(value: float) -> str | None:
    """JavaScript's name of a number that JSON cannot say, or None: NaN, the infinities, -0."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 and math.copysign(1, value) < 0:
        return "-0"
    return None


def float32(values: list[float]) -> bytes:
    """The values rounded to float32, little-endian.

    Raises:
        OverflowError: a finite value is beyond every float32.
    """
    return struct.pack(f"<{len(values)}f", *values)
