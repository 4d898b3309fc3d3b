"""What an input of a case is, seen from outside: its shape, its dtype, its elements."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from conformance.protocol import Argument

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NAMED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "-0": -0.0}
_ITEMS = {"float32": "<f4", "int32": "<i4", "bool": "?", "complex64": "<c8"}


def shape(argument: Argument) -> tuple[int, ...]:
    """The shape of an input; that of a literal follows the first branch of its nesting."""
    if argument.shape is not None:
        return argument.shape
    found: list[int] = []
    branch = argument.literal
    while isinstance(branch, list | tuple):
        found.append(len(branch))
        branch = branch[0] if branch else None
    return tuple(found)


def dtype(argument: Argument) -> str:
    """The dtype that tf.js gives an input: stated, or inferred from the first element."""
    if argument.dtype is not None:
        return argument.dtype
    first = argument.literal
    while isinstance(first, list):
        first = first[0] if first else 0.0
    if isinstance(first, bool):
        return "bool"
    return "string" if isinstance(first, str) else "float32"


def array(argument: Argument) -> NDArray[np.generic]:
    """The elements in the input's dtype and shape, a literal coerced as tf.js coerces numbers.

    Raises:
        ValueError: the input has strings.
    """
    import numpy as np  # noqa: PLC0415  the command line must start without NumPy

    held = argument.tensor()
    if held is not None:
        return held.numpy()
    kind = dtype(argument)
    if kind not in _ITEMS:
        raise ValueError(f"an input of dtype {kind} has no numbers")
    doubles = np.asarray(_plain(argument.literal), dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        return doubles.astype(_ITEMS[kind]).reshape(shape(argument))


def _plain(literal: Any) -> Any:
    if isinstance(literal, list):
        return [_plain(item) for item in literal]
    if isinstance(literal, dict):
        return _NAMED[literal["number"]]
    if isinstance(literal, str):
        raise ValueError("a string is no number")  # noqa: TRY004  its dtype is to blame
    return float(literal or 0)
