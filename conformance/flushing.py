"""Subnormal operands: what would come of a case if they were zero.

Some implementations take subnormal numbers for zero, and may. To tell that from a wrong result, a
case with such inputs is asked for twice more, with +0 and with -0 in their place, by everybody:
``variants`` says how these requests travel.
"""

from __future__ import annotations

import struct
from typing import Any

import msgspec

from conformance.protocol import Argument
from conformance.suite.case import Case

SMALLEST_NORMAL = 2.0**-126
ZEROS = {"subnormals are +0": "+", "subnormals are -0": "-"}
"""The names of the variants, and the signs of their zeros."""
_SIGN = 0x80000000
_EXPONENT = 0x7F800000
_FRACTION = 0x007FFFFF


def variants(case: Case) -> dict[str, Case]:
    """A case with +0, and with -0, in place of its subnormal numbers; none where it has none."""
    if not varies(case):
        return {}
    return {name: _variant(case, sign) for name, sign in ZEROS.items()}


def varies(case: Case) -> bool:
    """Whether a case has subnormal inputs, and so two variants."""
    return any(_has_subnormals(given) for given in (*case.args, case.dy) if given is not None)


def _variant(case: Case, sign: str) -> Case:
    return msgspec.structs.replace(
        case,
        args=tuple(_flushed(given, sign) for given in case.args),
        dy=None if case.dy is None else _flushed(case.dy, sign),
    )


def _has_subnormals(given: Argument) -> bool:
    if isinstance(given.data, bytes):
        if given.dtype not in {"float32", "complex64"}:
            return False
        return any(not word & _EXPONENT and word & _FRACTION for word in _words(given.data))
    return given.dtype in {None, "float32"} and _any_subnormal(given.literal)


def _words(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data)


def _any_subnormal(literal: Any) -> bool:
    if isinstance(literal, list):
        return any(map(_any_subnormal, literal))
    return isinstance(literal, float) and 0 < abs(literal) < SMALLEST_NORMAL


def _flushed(given: Argument, sign: str) -> Argument:
    if not _has_subnormals(given):
        return given
    if isinstance(given.data, bytes):
        zero = 0 if sign == "+" else _SIGN
        words = [
            zero if not word & _EXPONENT and word & _FRACTION else word
            for word in _words(given.data)
        ]
        return msgspec.structs.replace(given, data=struct.pack(f"<{len(words)}I", *words))
    return msgspec.structs.replace(given, literal=_zeroed(given.literal, sign))


def _zeroed(literal: Any, sign: str) -> Any:
    if isinstance(literal, list):
        return [_zeroed(item, sign) for item in literal]
    if not _any_subnormal(literal):
        return literal
    return 0 if sign == "+" else {"number": "-0"}
