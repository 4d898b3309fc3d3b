"""JavaScript's primitive values in Python, and its conversions between them.

A number is an int or a float, null is None, undefined is ``UNDEFINED``, an array is a list, an
object is a dict, a function is a callable.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any, Final, final

from conformance.language.javascript import shortest

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_TYPE_NAMES: tuple[tuple[tuple[type, ...], str], ...] = (
    ((bool,), "Boolean"),
    ((int, float), "Number"),
    ((str,), "String"),
    ((list, tuple), "Array"),
    ((dict,), "Object"),
)
_RADIX = re.compile(r"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+")


@final
class Undefined:
    """The type of ``UNDEFINED``, its only value: what JavaScript has where nothing was given."""

    def __repr__(self) -> str:
        return "undefined"

    def __bool__(self) -> bool:
        return False


UNDEFINED: Final = Undefined()


def is_nullish(value: Any) -> bool:
    """Whether the value is null or undefined, ``value == null`` in JavaScript."""
    return value is None or value is UNDEFINED


def number(value: Any) -> float:
    """What ``Number(value)`` makes of a primitive; NaN of everything else."""
    match value:
        case None:
            return 0.0
        case bool() | int() | float():
            try:
                return float(value)
            except OverflowError:
                return math.inf if value > 0 else -math.inf
        case str():
            return _parsed(value.strip())
        case _:
            return math.nan


def _parsed(text: str) -> float:
    if not text:
        return 0.0
    if _DECIMAL.fullmatch(text):
        return float(text)
    if _RADIX.fullmatch(text):
        return number(int(text, 0))
    unsigned = text.removeprefix("-") if text.startswith("-") else text.removeprefix("+")
    if unsigned == "Infinity":
        return -math.inf if text.startswith("-") else math.inf
    return math.nan


def number_text(value: float) -> str:
    """What ``value.toString()`` prints for a number: both zeros as ``0``."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "-Infinity" if value < 0 else "Infinity"
    return f"-{shortest(-value)}" if value < 0 else shortest(abs(value))


def list_text(numbers: Iterable[float]) -> str:
    """What ``array.toString()`` prints for an array of numbers: joined by commas, no brackets."""
    return ",".join(number_text(float(item)) for item in numbers)


def type_name(value: Any) -> str:
    """What ``value.constructor.name`` says, and ``null`` for null and undefined."""
    if is_nullish(value):
        return "null"
    for kinds, name in _TYPE_NAMES:
        if isinstance(value, kinds):
            return name
    return "Function" if callable(value) else type(value).__name__


def member(value: Any, name: str) -> Any:
    """What ``value.name`` is for an object; undefined for everything without such a part.

    Raises:
        TypeError: the value is null or undefined.
    """
    if isinstance(value, dict):
        return value.get(name, UNDEFINED)
    _expect_parts(value, name)
    return UNDEFINED


def at_index(value: Any, index: int) -> Any:
    """What ``value[index]`` is; undefined beyond the end.

    Raises:
        TypeError: the value is null or undefined.
    """
    if isinstance(value, list | tuple | str):
        return value[index] if index < len(value) else UNDEFINED
    return member(value, str(index))


def items(value: Any) -> list[Any]:
    """What ``[...value]`` holds.

    Raises:
        TypeError: the value is no array and no string.
    """
    if isinstance(value, list | tuple | str):
        return list(value)
    raise TypeError(f"{type_name(value)} is not iterable")


def entries(value: Any) -> dict[str, Any]:
    """What ``{...value}`` holds: nothing, where the value has no parts."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list | tuple | str):
        return {str(at): item for at, item in enumerate(value)}
    return {}


def _expect_parts(value: Any, name: str) -> None:
    if is_nullish(value):
        text = "null" if value is None else "undefined"
        raise TypeError(f"Cannot read properties of {text} (reading '{name}')")
