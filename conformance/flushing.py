"""Subnormal operands: what would come of a case if they were zero.

Some implementations take subnormal numbers for zero, and may. To tell that from a wrong result, a
case with such inputs is asked for twice more, with +0 and with -0 in their place, by everybody;
the answers travel with the outcome, so that stored bits can be judged again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from conformance.outcomes import Outcome
from conformance.protocol import Argument
from conformance.suite.case import Case

SMALLEST_NORMAL = 2.0**-126
SIGNS = ("+", "-")
_SIGN = 0x80000000
_EXPONENT = 0x7F800000
_FRACTION = 0x007FFFFF
_MARK = "\0"  # no id of a case file can hold it


def with_variants(cases: Iterable[Case]) -> Iterator[Case]:
    """The cases, each one with subnormal inputs right after its two variants."""
    for case in cases:
        if varies(case):
            for sign in SIGNS:
                yield _variant(case, sign)
        yield case


def varies(case: Case) -> bool:
    """Whether a case has subnormal inputs, and so two variants."""
    return any(_has_subnormals(given) for given in (*case.args, case.dy) if given is not None)


def original(case: Case) -> str | None:
    """The id of the case that this one is a variant of; None for a case of the plan."""
    found, mark, _ = case.id.partition(_MARK)
    return found if mark else None


def attached(outcome: Outcome, variants: Sequence[Outcome]) -> Outcome:
    """The outcome together with those of the variants."""
    if not variants or outcome.flushed:
        return outcome
    return msgspec.structs.replace(outcome, flushed=tuple(variants))


def _variant(case: Case, sign: str) -> Case:
    return msgspec.structs.replace(
        case,
        id=f"{case.id}{_MARK}{sign}",
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
