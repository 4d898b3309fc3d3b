"""Operations / Arithmetic."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.coercion import upcast
from reference_impl.ops._table import op


@op("a", "b")
def add(a: Tensor, b: Tensor) -> Tensor:
    return tf.add(*upcast(a, b))


@op(method=False, tensors="numeric[]")
def addN(tensors: list[Tensor]) -> Tensor:
    if any(tensor.shape != tensors[0].shape for tensor in tensors):
        raise ValueError("All tensors passed to tf.addN() must have the same shape")
    return tf.add_n(tensors)


@op("a", "b")
def sub(a: Tensor, b: Tensor) -> Tensor:
    return tf.subtract(*upcast(a, b))


@op("a", "b")
def mul(a: Tensor, b: Tensor) -> Tensor:
    return tf.multiply(*upcast(a, b))


@op("a", "b")
def div(a: Tensor, b: Tensor) -> Tensor:
    a, b = upcast(a, b)
    return tf.math.floordiv(a, b) if a.dtype == tf.int32 else tf.divide(a, b)


@op("a", "b")
def divNoNan(a: Tensor, b: Tensor) -> Tensor:
    a, b = upcast(a, b)
    if a.dtype != tf.int32:
        return tf.math.divide_no_nan(a, b)
    # TensorFlow has divide_no_nan for floating point only.
    by_zero = tf.equal(b, 0)
    return tf.where(by_zero, 0, tf.math.floordiv(a, tf.where(by_zero, 1, b)))


@op("a", "b")
def floorDiv(a: Tensor, b: Tensor) -> Tensor:
    return tf.math.floordiv(*upcast(a, b))


@op("a", "b")
def maximum(a: Tensor, b: Tensor) -> Tensor:
    return tf.maximum(*_no_bool(*upcast(a, b)))


@op("a", "b")
def minimum(a: Tensor, b: Tensor) -> Tensor:
    return tf.minimum(*_no_bool(*upcast(a, b)))


@op("a", "b")
def mod(a: Tensor, b: Tensor) -> Tensor:
    return tf.math.floormod(*upcast(a, b))


@op("base", "exp")
def pow(base: Tensor, exp: Tensor) -> Tensor:
    return tf.pow(*upcast(base, exp))


@op("a", "b")
def squaredDifference(a: Tensor, b: Tensor) -> Tensor:
    return tf.math.squared_difference(*upcast(a, b))


def _no_bool(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    return (tf.cast(a, tf.int32), tf.cast(b, tf.int32)) if a.dtype == tf.bool else (a, b)
