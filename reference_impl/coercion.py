"""What tf.js makes of JavaScript values, as tensors of TensorFlow."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from reference_impl.api import literals
from reference_impl.api.literals import CoercionError
from reference_impl.javascript import UNDEFINED, Undefined

__all__ = ["UNDEFINED", "CoercionError", "Undefined", "convert", "is_tensor", "tensor", "upcast"]

_TENSORS = (tf.Tensor, tf.Variable)


def is_tensor(value: Any) -> bool:
    """Whether the value is what tf.js calls a Tensor; a variable is one."""
    return isinstance(value, _TENSORS)


def tensor(values: Any, shape: Any = None, dtype: Any = None) -> tf.Tensor:
    """The tensor that ``tf.tensor(values, shape, dtype)`` creates; see ``literals.array``."""
    return _constant(literals.array(values, shape, dtype))


def convert(value: Any, argument: str, op: str, dtype: str = "numeric") -> tf.Tensor:
    """The tensor that an op of tf.js sees for an argument (``convertToTensor``).

    Args:
        value: a tensor or variable, which passes as it is, or what ``tensor`` takes.
        argument: the argument's name, for the error text.
        op: the op's name, for the error text.
        dtype: what the op requires: a dtype, ``numeric`` or ``string_or_numeric``.

    Raises:
        CoercionError: with the text of tf.js.
    """
    if isinstance(value, _TENSORS):
        literals.check_dtype(dtype, value.dtype.name, argument, op)
        return value
    return _constant(literals.converted(value, argument, op, dtype))


def upcast(a: tf.Tensor, b: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Both tensors in the smallest dtype that holds both: bool < int32 < float32 < complex64.

    Raises:
        CoercionError: one is a string tensor and the other is not.
    """
    if a.dtype == b.dtype:
        return a, b
    common = literals.common_dtype(a.dtype.name, b.dtype.name)
    return tf.cast(a, common), tf.cast(b, common)


def _constant(array: literals.Array) -> tf.Tensor:
    if array.dtype != object:
        return tf.constant(array)
    return tf.constant(array.reshape(-1).tolist(), tf.string, array.shape)
