"""Tensors / Creation, without what makes a tensor of given values."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import Tensor

from reference_impl import coercion
from reference_impl.ops._table import method, op


@op(x="string_or_numeric")
def clone(x: Tensor) -> Tensor:
    return tf.identity(x)


@op("real", "imag", method=False)
def complex(real: Tensor, imag: Tensor) -> Tensor:
    if real.shape != imag.shape:
        raise ValueError(
            f"real and imag shapes, {real.shape.as_list()} and {imag.shape.as_list()},"
            " must match in call to tf.complex()."
        )
    return tf.complex(tf.cast(real, tf.float32), tf.cast(imag, tf.float32))


@op("x", method=False)
def diag(x: Tensor) -> Tensor:
    return tf.linalg.tensor_diag(x)


@op(method=False)
def eye(
    numRows: int,
    numColumns: int | None = None,
    batchShape: list[int] | None = None,
    dtype: str = "float32",
) -> Tensor:
    if batchShape is not None and len(batchShape) not in {1, 2, 3}:
        raise ValueError(
            f"eye() currently supports only 1D and 2D batchShapes, but received {len(batchShape)}D."
        )
    return tf.eye(numRows, numColumns, batchShape, dtype)


@op(method=False)
def fill(shape: list[int], value: Any, dtype: str | None = None) -> Tensor:
    return tf.fill(shape, coercion.tensor(value, [], dtype))


@op("input", method=False)
def imag(input: Tensor) -> Tensor:
    return tf.math.imag(input)


@op(method=False)
def linspace(start: float, stop: float, num: int) -> Tensor:
    if num <= 0:
        raise ValueError("The number of values should be positive.")
    return tf.linspace(tf.cast(start, tf.float32), tf.cast(stop, tf.float32), num)


@op(indices="int32", method=False)
def oneHot(
    indices: Tensor, depth: int, onValue: float = 1, offValue: float = 0, dtype: str = "int32"
) -> Tensor:
    if depth < 2:  # noqa: PLR2004  tf.js's own limit; TensorFlow takes 1 and 0
        raise ValueError(f"Error in oneHot: depth must be >=2, but it is {depth}")
    return tf.one_hot(indices, depth, tf.cast(onValue, dtype), tf.cast(offValue, dtype))


@method("oneHot")
def _one_hot_method(x: Tensor, depth: int, onValue: float = 1, offValue: float = 0) -> Tensor:
    return oneHot(x, depth, onValue, offValue)


@op(method=False)
def ones(shape: list[int], dtype: str = "float32") -> Tensor:
    return tf.ones(shape, dtype)


@op("x")
def onesLike(x: Tensor) -> Tensor:
    return tf.ones_like(x)


@op(method=False)
def range(start: float, stop: float, step: float = 1, dtype: str = "float32") -> Tensor:
    if step == 0:
        raise ValueError("Cannot have a step of zero")
    # The step is documented to be 1 or -1 by default, and an interval to hold no number outside
    # of it; TensorFlow refuses a step of the wrong sign.
    if step == 1 and stop < start:
        step = -1
    if (stop - start) * step < 0:
        return tf.zeros([0], dtype)
    return tf.range(start, stop, step, dtype)


@op("input", method=False)
def real(input: Tensor) -> Tensor:
    return tf.math.real(input)


@op(method=False)
def zeros(shape: list[int], dtype: str = "float32") -> Tensor:
    return tf.zeros(shape, dtype)


@op("x")
def zerosLike(x: Tensor) -> Tensor:
    return tf.zeros_like(x)
