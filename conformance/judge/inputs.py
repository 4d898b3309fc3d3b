"""The inputs of a case as arrays, where the judge has to look at them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.language.tree import Expression, Negative, Number
from conformance.protocol import Argument

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NAMED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "-0": -0.0}


def values(argument: Argument) -> NDArray[np.float32] | None:
    """The elements of an input rounded to float32, or None where it is not plainly numeric.

    A literal is read as tf.js does for numbers: null is 0, true is 1. A ragged literal, strings and
    complex numbers give None.
    """
    tensor = argument.tensor()
    if tensor is not None:
        if tensor.dtype in ("string", "complex64"):
            return None
        return tensor.numpy().astype(np.float32)
    try:
        plain = _plain(argument.literal)
        # An overflow to Infinity is what a Float32Array makes of a large double as well.
        with np.errstate(over="ignore"):
            array = np.asarray(plain, dtype=np.float32)
    except (TypeError, ValueError):
        return None
    return array if argument.shape is None else _reshaped(array, argument.shape)


def number(expression: Expression) -> float | None:
    """The number that a literal expression stands for, or None."""
    match expression:
        case Number(value=value):
            return float(value)
        case Negative(operand=Number(value=value)):
            return -float(value)
        case _:
            return None


def _plain(literal: Any) -> Any:
    if isinstance(literal, list | tuple):
        return [_plain(item) for item in literal]
    if literal is None:
        return 0.0
    if isinstance(literal, dict):
        return _NAMED[literal["number"]]
    if isinstance(literal, str):
        raise TypeError("a string is no number")
    return float(literal)


def _reshaped(array: NDArray[np.float32], wanted: tuple[int, ...]) -> NDArray[np.float32] | None:
    return array.reshape(wanted) if array.size == math.prod(wanted) else None
