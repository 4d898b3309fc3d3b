"""Tensors / Transformations, and the methods that are spellings of reshape and cast."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.ops._table import method, op

Paddings = list[list[int]]


@op("x")
def batchToSpaceND(x: Tensor, blockShape: list[int], crops: Paddings) -> Tensor:
    return tf.batch_to_space(x, blockShape, crops)


@op(s0="int32", s1="int32", method=False)
def broadcastArgs(s0: Tensor, s1: Tensor) -> Tensor:
    return tf.broadcast_dynamic_shape(s0, s1)


@op("x")
def broadcastTo(x: Tensor, shape: list[int]) -> Tensor:
    return tf.broadcast_to(x, shape)


@op("x")
def cast(x: Tensor, dtype: str) -> Tensor:
    if dtype not in {"float32", "int32", "bool", "complex64", "string"}:
        raise ValueError(f"Failed to cast to unknown dtype {dtype}")
    if (dtype == "string") != (x.dtype == tf.string):
        raise ValueError("Only strings can be casted to strings")
    return tf.cast(x, dtype)


@op(x="float32")
def depthToSpace(x: Tensor, blockSize: int, dataFormat: str = "NHWC") -> Tensor:
    if dataFormat == "NHWC":
        return tf.nn.depth_to_space(x, blockSize)
    # TensorFlow has a CPU kernel for NHWC only.
    last = tf.nn.depth_to_space(tf.transpose(x, [0, 2, 3, 1]), blockSize)
    return tf.transpose(last, [0, 3, 1, 2])


@op(x="string_or_numeric", method=False)
def ensureShape(x: Tensor, shape: list[int | None]) -> Tensor:
    return tf.ensure_shape(x, shape)


@op(x="string_or_numeric")
def expandDims(x: Tensor, axis: int = 0) -> Tensor:
    return tf.expand_dims(x, axis)


@op("x")
def mirrorPad(x: Tensor, paddings: Paddings, mode: str) -> Tensor:
    if mode not in {"reflect", "symmetric"}:
        raise ValueError(f"Invalid mode. Mode must be either reflect or symmetric. Got {mode}.")
    if x.shape.rank == 0:
        raise ValueError("mirrorPad(scalar) is not defined. Pass non-scalar to mirrorPad")
    return tf.pad(x, paddings, mode.upper())


@op("x")
def pad(x: Tensor, paddings: Paddings, constantValue: float = 0) -> Tensor:
    if x.shape.rank == 0:
        raise ValueError("pad(scalar) is not defined. Pass non-scalar to pad")
    return tf.pad(x, paddings, constant_values=tf.cast(constantValue, x.dtype))


@op("x", method=False)
def pad1d(x: Tensor, paddings: list[int], constantValue: float = 0) -> Tensor:
    return pad(x, [paddings], constantValue)


@op("x", method=False)
def pad2d(x: Tensor, paddings: Paddings, constantValue: float = 0) -> Tensor:
    return _pad_of_rank(2, x, paddings, constantValue)


@op("x", method=False)
def pad3d(x: Tensor, paddings: Paddings, constantValue: float = 0) -> Tensor:
    return _pad_of_rank(3, x, paddings, constantValue)


@op("x", method=False)
def pad4d(x: Tensor, paddings: Paddings, constantValue: float = 0) -> Tensor:
    return _pad_of_rank(4, x, paddings, constantValue)


def _pad_of_rank(rank: int, x: Tensor, paddings: Paddings, constantValue: float) -> Tensor:
    if len(paddings) != rank:
        raise ValueError("Invalid number of paddings. Must be length of 2 each.")
    return pad(x, paddings, constantValue)


@op(x="string_or_numeric")
def reshape(x: Tensor, shape: list[int]) -> Tensor:
    return tf.reshape(x, shape)


@op("x")
def spaceToBatchND(x: Tensor, blockShape: list[int], paddings: Paddings) -> Tensor:
    return tf.space_to_batch(x, blockShape, paddings)


@op(x="string_or_numeric")
def squeeze(x: Tensor, axis: int | list[int] | None = None) -> Tensor:
    return tf.squeeze(x, axis)


@method("asScalar")
def _as_scalar(x: Tensor) -> Tensor:
    if x.shape.num_elements() != 1:
        raise ValueError("The array must have only 1 element.")
    return tf.reshape(x, [])


@method("flatten")
@method("as1D")
def _flatten(x: Tensor) -> Tensor:
    return tf.reshape(x, [-1])


@method("as2D")
def _as_2d(x: Tensor, rows: int, columns: int) -> Tensor:
    return tf.reshape(x, [rows, columns])


@method("as3D")
def _as_3d(x: Tensor, rows: int, columns: int, depth: int) -> Tensor:
    return tf.reshape(x, [rows, columns, depth])


@method("as4D")
def _as_4d(x: Tensor, rows: int, columns: int, depth: int, depth2: int) -> Tensor:
    return tf.reshape(x, [rows, columns, depth, depth2])


@method("as5D")
def _as_5d(  # noqa: PLR0913, PLR0917  as in tf.js
    x: Tensor, rows: int, columns: int, depth: int, depth2: int, depth3: int
) -> Tensor:
    return tf.reshape(x, [rows, columns, depth, depth2, depth3])


@method("reshapeAs")
def _reshape_as(x: Tensor, like: Tensor) -> Tensor:
    return tf.reshape(x, like.shape)


@method("asType")
def _as_type(x: Tensor, dtype: str) -> Tensor:
    return cast(x, dtype)


@method("toFloat")
def _to_float(x: Tensor) -> Tensor:
    return cast(x, "float32")


@method("toInt")
def _to_int(x: Tensor) -> Tensor:
    return cast(x, "int32")


@method("toBool")
def _to_bool(x: Tensor) -> Tensor:
    return cast(x, "bool")
