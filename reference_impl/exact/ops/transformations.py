"""Tensors / Transformations, and the methods that are spellings of reshape and cast."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl.exact import tape
from reference_impl.exact.ops._table import cast as cast_to
from reference_impl.exact.ops._table import method, op
from reference_impl.exact.tensor import Array, Tensor

Paddings = list[list[int]]


@op("x")
def batchToSpaceND(x: Tensor, blockShape: list[int], crops: Paddings) -> Tensor:
    blocks = len(blockShape)
    limits = [size * block for size, block in zip(x.shape[1:], blockShape, strict=False)]
    if any(sum(pair) > limit for pair, limit in zip(crops, limits, strict=True)):
        raise ValueError(f"crops {crops} are larger than the sizes {limits}")
    batch, rest = x.shape[0] // math.prod(blockShape), x.shape[1:]
    # [blocks…, batch, sizes…] with each block behind its size.
    split = x.data.reshape([*blockShape, batch, *rest])
    order = [blocks, *(axis for at in range(blocks) for axis in (blocks + 1 + at, at))]
    joined = split.transpose([*order, *range(2 * blocks + 1, split.ndim)]).reshape(
        [batch, *(size * block for size, block in zip(rest, blockShape, strict=False)),
         *rest[blocks:]]
    )  # fmt: skip
    kept = [
        slice(before, size - after)
        for (before, after), size in zip(crops, joined.shape[1:], strict=False)
    ]
    return x.of(joined[(slice(None), *kept)])


@op(s0="int32", s1="int32", method=False)
def broadcastArgs(s0: Tensor, s1: Tensor) -> Tensor:
    return Tensor("int32", np.broadcast_shapes(tuple(s0.data), tuple(s1.data)))


@op("x")
def broadcastTo(x: Tensor, shape: list[int]) -> Tensor:
    sizes = [own if size == -1 else size for size, own in _aligned(shape, x.shape)]
    return x.of(np.broadcast_to(x.data, sizes))


@op("x")
def cast(x: Tensor, dtype: str) -> Tensor:
    if dtype not in {"float32", "int32", "bool", "complex64", "string"}:
        raise ValueError(f"Failed to cast to unknown dtype {dtype}")
    if (dtype == "string") != (x.dtype == "string"):
        raise ValueError("Only strings can be casted to strings")
    return cast_to(x, dtype)


@op(x="float32")
def depthToSpace(x: Tensor, blockSize: int, dataFormat: str = "NHWC") -> Tensor:
    if blockSize < 2:  # noqa: PLR2004  tf.js and TensorFlow want blocks
        raise ValueError(f"blockSize should be > 1 for depthToSpace, but was: {blockSize}")
    last = x.data if dataFormat == "NHWC" else x.data.transpose([0, 2, 3, 1])
    batch, height, width, depth = last.shape
    split = last.reshape([batch, height, width, blockSize, blockSize, depth // blockSize**2])
    whole = split.transpose([0, 1, 3, 2, 4, 5]).reshape(
        [batch, height * blockSize, width * blockSize, -1]
    )
    return x.of(whole if dataFormat == "NHWC" else whole.transpose([0, 3, 1, 2]))


@op(x="string_or_numeric", method=False)
def ensureShape(x: Tensor, shape: list[int | None]) -> Tensor:
    fits = len(shape) == x.rank and all(
        wanted is None or wanted == size for wanted, size in zip(shape, x.shape, strict=True)
    )
    if not fits:
        raise ValueError(f"EnsureShape: shape {list(x.shape)} does not fit {shape}")
    return x.of(x.data)


@op(x="string_or_numeric")
def expandDims(x: Tensor, axis: int = 0) -> Tensor:
    return x.of(np.expand_dims(x.data, axis))


@op("x")
def mirrorPad(x: Tensor, paddings: Paddings, mode: str) -> Tensor:
    if mode not in {"reflect", "symmetric"}:
        raise ValueError(f"Invalid mode. Mode must be either reflect or symmetric. Got {mode}.")
    if x.rank == 0:
        raise ValueError("mirrorPad(scalar) is not defined. Pass non-scalar to mirrorPad")
    most = [size - (mode == "reflect") for size in x.shape]
    if any(max(pair) > limit for pair, limit in zip(paddings, most, strict=True)):
        raise ValueError(f"paddings {paddings} are beyond the tensor's own size")
    padded: Array = np.pad(x.data, paddings, "reflect" if mode == "reflect" else "symmetric")
    return x.of(padded)


@op("x")
def pad(x: Tensor, paddings: Paddings, constantValue: float = 0) -> Tensor:
    if x.rank == 0:
        raise ValueError("pad(scalar) is not defined. Pass non-scalar to pad")
    if len(paddings) != x.rank or any(least < 0 for pair in paddings for least in pair):
        raise ValueError(f"paddings {paddings} do not fit shape {list(x.shape)}")
    constant: Any = constantValue
    if x.dtype == "float32":
        constant = tape.current().number(float(np.float32(constantValue)))
    return x.of(np.pad(x.data, paddings, constant_values=constant))


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
    return x.reshape(shape)


@op("x")
def spaceToBatchND(x: Tensor, blockShape: list[int], paddings: Paddings) -> Tensor:
    blocks = len(blockShape)
    padded = pad(x, [[0, 0], *paddings, *[[0, 0]] * (x.rank - 1 - blocks)]).data
    if any(size % block for size, block in zip(padded.shape[1:], blockShape, strict=False)):
        raise ValueError(f"padded shape {list(padded.shape)} is not divisible by {blockShape}")
    batch, rest = padded.shape[0], padded.shape[1:]
    sizes = [size // block for size, block in zip(rest, blockShape, strict=False)]
    pairs = [part for pair in zip(sizes, blockShape, strict=True) for part in pair]
    split: Array = padded.reshape([batch, *pairs, *rest[blocks:]])
    order = [*range(2, 2 * blocks + 1, 2), 0, *range(1, 2 * blocks, 2)]
    whole = split.transpose([*order, *range(2 * blocks + 1, split.ndim)])
    return x.of(whole.reshape([batch * math.prod(blockShape), *sizes, *rest[blocks:]]))


@op(x="string_or_numeric")
def squeeze(x: Tensor, axis: int | list[int] | None = None) -> Tensor:
    return x.of(np.squeeze(x.data, tuple(axis) if isinstance(axis, list) else axis))


@method("asScalar")
def _as_scalar(x: Tensor) -> Tensor:
    if x.size != 1:
        raise ValueError("The array must have only 1 element.")
    return x.reshape([])


@method("flatten")
@method("as1D")
def _flatten(x: Tensor) -> Tensor:
    return x.reshape([-1])


@method("as2D")
def _as_2d(x: Tensor, rows: int, columns: int) -> Tensor:
    return x.reshape([rows, columns])


@method("as3D")
def _as_3d(x: Tensor, rows: int, columns: int, depth: int) -> Tensor:
    return x.reshape([rows, columns, depth])


@method("as4D")
def _as_4d(x: Tensor, rows: int, columns: int, depth: int, depth2: int) -> Tensor:
    return x.reshape([rows, columns, depth, depth2])


@method("as5D")
def _as_5d(  # noqa: PLR0913, PLR0917  as in tf.js
    x: Tensor, rows: int, columns: int, depth: int, depth2: int, depth3: int
) -> Tensor:
    return x.reshape([rows, columns, depth, depth2, depth3])


@method("reshapeAs")
def _reshape_as(x: Tensor, like: Tensor) -> Tensor:
    return x.reshape(like.shape)


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


def _aligned(shape: list[int], own: tuple[int, ...]) -> list[tuple[int, int]]:
    """The wanted sizes with the own ones, which are counted from the back."""
    return list(zip(shape, [1] * (len(shape) - len(own)) + list(own), strict=True))
