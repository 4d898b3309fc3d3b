"""Operations / Reduction."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.ops._table import op

Axis = int | list[int] | None


@op(x="bool")
def all(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Tensor:
    return tf.reduce_all(x, axis, bool(keepDims))


@op(x="bool")
def any(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Tensor:
    return tf.reduce_any(x, axis, bool(keepDims))


@op("x")
def argMax(x: Tensor, axis: int = 0) -> Tensor:
    return tf.argmax(x, axis, output_type=tf.int32)


@op("x")
def argMin(x: Tensor, axis: int = 0) -> Tensor:
    return tf.argmin(x, axis, output_type=tf.int32)


@op("x", "weights", method=False)
def bincount(x: Tensor, weights: Tensor, size: int) -> Tensor:
    # tf.math.bincount chooses its own length and dtype; the kernel below it does as it is told.
    if x.dtype != tf.int32:
        raise ValueError(f"Error in bincount: input dtype must be int32, but got {x.dtype.name}")
    return tf.raw_ops.Bincount(arr=x, size=size, weights=weights)


@op("x", "weights", method=False)
def denseBincount(x: Tensor, weights: Tensor, size: int, binaryOutput: bool = False) -> Tensor:
    if x.dtype != tf.int32:
        raise ValueError(
            f"Error in denseBincount: input dtype must be int32, but got {x.dtype.name}"
        )
    return tf.raw_ops.DenseBincount(
        input=x, size=size, weights=weights, binary_output=bool(binaryOutput)
    )


@op("x")
def logSumExp(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Tensor:
    x = tf.cast(x, tf.float32) if x.dtype in {tf.int32, tf.bool} else x
    return tf.reduce_logsumexp(x, axis, bool(keepDims))


@op("x")
def max(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Tensor:
    # TensorFlow has no maximum of booleans: it is whether any is true.
    reduce = tf.reduce_any if x.dtype == tf.bool else tf.reduce_max
    return reduce(x, axis, bool(keepDims))


@op("x")
def mean(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Tensor:
    return tf.reduce_mean(tf.cast(x, tf.float32), axis, bool(keepDims))


@op("x")
def min(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Tensor:
    # TensorFlow has no minimum of booleans: it is whether all are true.
    reduce = tf.reduce_all if x.dtype == tf.bool else tf.reduce_min
    return reduce(x, axis, bool(keepDims))


@op("x")
def prod(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Tensor:
    return tf.reduce_prod(_no_bool(x), axis, bool(keepDims))


@op("x")
def sum(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Tensor:
    return tf.reduce_sum(_no_bool(x), axis, bool(keepDims))


def _no_bool(x: Tensor) -> Tensor:
    return tf.cast(x, tf.int32) if x.dtype == tf.bool else x
