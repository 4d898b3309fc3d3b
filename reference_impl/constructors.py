"""``tf.scalar``, ``tf.tensor1d`` to ``tf.tensor6d`` and ``tf.variable``, with tf.js's checks."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from reference_impl.coercion import CoercionError, is_tensor, tensor
from reference_impl.javascript import is_nullish

_SIZES = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
_unnamed = itertools.count()


def scalar(value: Any, dtype: Any) -> tf.Tensor:
    """``tf.scalar``: a tensor of shape [].

    Raises:
        CoercionError: the value is a list, null or undefined.
    """
    if isinstance(value, list | tuple) and dtype != "complex64":
        raise CoercionError(
            "Error creating a new Scalar: value must be a primitive (number|boolean|string)"
        )
    return tensor(value, [], dtype)


def tensor1d(values: Any, dtype: Any) -> tf.Tensor:
    """``tf.tensor1d``: a tensor of one axis.

    Raises:
        CoercionError: the values are no flat list.
    """
    if _depth(values) != 1:
        raise CoercionError("tensor1d() requires values to be a flat/TypedArray")
    return tensor(values, None, dtype)


def of_rank(rank: int) -> Callable[[Any, Any, Any], tf.Tensor]:
    """``tf.tensor2d`` to ``tf.tensor6d``; it raises CoercionError with the texts of tf.js."""
    return functools.partial(_of_rank, rank)


def variable(initial: Any, trainable: Any, name: Any, dtype: Any) -> tf.Variable:
    """``tf.variable``: trainable unless told otherwise; without a name it gets a number.

    Raises:
        CoercionError: the initial value is no tensor.
    """
    if not is_tensor(initial):
        raise CoercionError("the initial value passed to variable() must be a tensor")
    value = initial if is_nullish(dtype) else tf.cast(initial, dtype)
    label = str(next(_unnamed)) if is_nullish(name) or not name else name
    return tf.Variable(value, trainable=trainable is not False, name=label)


def _of_rank(rank: int, values: Any, shape: Any, dtype: Any) -> tf.Tensor:
    depth = _depth(values)
    name = f"tensor{rank}d()"
    if not is_nullish(shape) and len(shape) != rank:
        raise CoercionError(f"{name} requires shape to have {_SIZES[rank]} numbers")
    if depth not in {1, rank}:
        nested = "number" + "[]" * rank
        raise CoercionError(f"{name} requires values to be {nested} or flat/TypedArray")
    if depth == 1 and is_nullish(shape):
        flat = "a flat/TypedArray" if rank == min(_SIZES) else "a flat array"
        raise CoercionError(f"{name} requires shape to be provided when `values` are {flat}")
    return tensor(values, shape, dtype)


def _depth(values: Any) -> int:
    if is_nullish(values):
        raise CoercionError("The input to the tensor constructor must be a non-null value.")
    depth = 0
    while isinstance(values, list | tuple):
        depth += 1
        values = values[0] if values else None
    return depth
