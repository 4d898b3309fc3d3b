"""``tf.scalar`` and ``tf.tensor1d`` to ``tf.tensor6d``, with tf.js's checks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from reference_impl.api.literals import CoercionError
from reference_impl.javascript import is_nullish

_SIZES = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}

Create = Callable[[Any, Any, Any], Any]
"""``tf.tensor(values, shape, dtype)``."""


def scalar(tensor: Create, value: Any, dtype: Any) -> Any:
    """``tf.scalar``: a tensor of shape [].

    Raises:
        CoercionError: the value is a list, null or undefined.
    """
    if isinstance(value, list | tuple) and dtype != "complex64":
        raise CoercionError(
            "Error creating a new Scalar: value must be a primitive (number|boolean|string)"
        )
    return tensor(value, [], dtype)


def tensor1d(tensor: Create, values: Any, dtype: Any) -> Any:
    """``tf.tensor1d``: a tensor of one axis.

    Raises:
        CoercionError: the values are no flat list.
    """
    if _depth(values) != 1:
        raise CoercionError("tensor1d() requires values to be a flat/TypedArray")
    return tensor(values, None, dtype)


def of_rank(tensor: Create, rank: int) -> Callable[[Any, Any, Any], Any]:
    """``tf.tensor2d`` to ``tf.tensor6d``; it raises CoercionError with the texts of tf.js."""
    return functools.partial(_of_rank, tensor, rank)


def _of_rank(tensor: Create, rank: int, values: Any, shape: Any, dtype: Any) -> Any:
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
