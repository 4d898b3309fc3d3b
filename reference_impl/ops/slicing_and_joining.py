"""Slicing and Joining, of Tensors and of Operations."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.coercion import UNDEFINED, convert
from reference_impl.ops._table import method, op

Axis = int | list[int] | None
_ANY = "string_or_numeric"


@op(method=False, tensors=_ANY + "[]")
def concat(tensors: list[Tensor], axis: int = 0) -> Tensor:
    if not tensors:
        raise ValueError("Pass at least one tensor to concat")
    return tf.concat(tensors, axis)


@op(method=False, tensors=_ANY + "[]")
def concat1d(tensors: list[Tensor]) -> Tensor:
    return concat(tensors, 0)


@op(method=False, tensors=_ANY + "[]")
def concat2d(tensors: list[Tensor], axis: int = 0) -> Tensor:
    return concat(tensors, axis)


@op(method=False, tensors=_ANY + "[]")
def concat3d(tensors: list[Tensor], axis: int = 0) -> Tensor:
    return concat(tensors, axis)


@op(method=False, tensors=_ANY + "[]")
def concat4d(tensors: list[Tensor], axis: int = 0) -> Tensor:
    return concat(tensors, axis)


@method("concat")
def _concat_method(x: Tensor, others: Tensor | list[Tensor], axis: int = 0) -> Tensor:
    return concat([x, *others] if isinstance(others, list) else [x, others], axis)


@op("x", indices="int32")
def gather(x: Tensor, indices: Tensor, axis: int = 0, batchDims: int = 0) -> Tensor:
    return tf.gather(x, indices, axis=axis, batch_dims=batchDims)


@op(x=_ANY, indices="int32", method=False)
def gatherND(x: Tensor, indices: Tensor) -> Tensor:
    return tf.gather_nd(x, indices)


@op(method=False)
def meshgrid(x: Any = UNDEFINED, y: Any = UNDEFINED, options: Any = UNDEFINED) -> list[Tensor]:
    indexing = "xy" if options is UNDEFINED else options.get("indexing", "xy")
    given = [
        convert(value, name, "meshgrid", "numeric" if tf.is_tensor(value) else "float32")
        for name, value in (("x", x), ("y", y))
        if value is not UNDEFINED
    ]
    if y is UNDEFINED:
        return given
    return list(tf.meshgrid(*given, indexing=indexing))


@op("x")
def reverse(x: Tensor, axis: Axis = None) -> Tensor:
    if axis is None:
        axis = list(range(x.shape.rank))
    return tf.reverse(x, axis if isinstance(axis, list) else [axis])


@op("x", method=False)
def reverse1d(x: Tensor) -> Tensor:
    return _reverse_of_rank(1, x, 0)


@op("x", method=False)
def reverse2d(x: Tensor, axis: Axis = None) -> Tensor:
    return _reverse_of_rank(2, x, axis)


@op("x", method=False)
def reverse3d(x: Tensor, axis: Axis = None) -> Tensor:
    return _reverse_of_rank(3, x, axis)


@op("x", method=False)
def reverse4d(x: Tensor, axis: Axis = None) -> Tensor:
    return _reverse_of_rank(4, x, axis)


def _reverse_of_rank(rank: int, x: Tensor, axis: Axis) -> Tensor:
    if x.shape.rank != rank:
        raise ValueError(
            f"Error in reverse{rank}D: x must be rank {rank} but got rank {x.shape.rank}."
        )
    return reverse(x, axis)


@op("updates", indices="int32", method=False)
def scatterND(indices: Tensor, updates: Tensor, shape: list[int]) -> Tensor:
    return tf.scatter_nd(indices, updates, shape)


@op(x=_ANY)
def slice(x: Tensor, begin: int | list[int], size: int | list[int] | None = None) -> Tensor:
    if x.shape.rank == 0:
        raise ValueError("Slicing scalar is not possible")
    begin = begin if isinstance(begin, list) else [begin]
    size = size if isinstance(size, list) else [] if size is None else [size]
    # Axes that are not mentioned are taken whole; -1 is TensorFlow's word for "to the end".
    return tf.slice(
        x,
        begin + [0] * (x.shape.rank - len(begin)),
        size + [-1] * (x.shape.rank - len(size)),
    )


@op("x", method=False)
def slice1d(x: Tensor, begin: int, size: int) -> Tensor:
    return _slice_of_rank(1, x, [begin], [size])


@op("x", method=False)
def slice2d(x: Tensor, begin: list[int], size: list[int]) -> Tensor:
    return _slice_of_rank(2, x, begin, size)


@op("x", method=False)
def slice3d(x: Tensor, begin: list[int], size: list[int]) -> Tensor:
    return _slice_of_rank(3, x, begin, size)


@op("x", method=False)
def slice4d(x: Tensor, begin: list[int], size: list[int]) -> Tensor:
    return _slice_of_rank(4, x, begin, size)


def _slice_of_rank(rank: int, x: Tensor, begin: list[int], size: list[int]) -> Tensor:
    if x.shape.rank != rank:
        raise ValueError(
            f"slice{rank}d expects a rank-{rank} tensor, but got a rank-{x.shape.rank} tensor"
        )
    return slice(x, begin, size)


@op("x")
def split(x: Tensor, numOrSizeSplits: int | list[int], axis: int = 0) -> list[Tensor]:
    return list(tf.split(x, numOrSizeSplits, axis))


@op(method=False, tensors=_ANY + "[]")
def stack(tensors: list[Tensor], axis: int = 0) -> Tensor:
    if not tensors:
        raise ValueError("Pass at least one tensor to tf.stack")
    return tf.stack(tensors, axis)


@method("stack")
def _stack_method(x: Tensor, others: Tensor | list[Tensor], axis: int = 0) -> Tensor:
    return stack([x, *others] if isinstance(others, list) else [x, others], axis)


@op(x=_ANY)
def stridedSlice(  # noqa: PLR0913, PLR0917  as in tf.js
    x: Tensor,
    begin: list[int],
    end: list[int],
    strides: list[int] | None = None,
    beginMask: int = 0,
    endMask: int = 0,
    ellipsisMask: int = 0,
    newAxisMask: int = 0,
    shrinkAxisMask: int = 0,
) -> Tensor:
    return tf.strided_slice(
        x, begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask
    )


@op("tensor", "updates", indices="int32", method=False)
def tensorScatterUpdate(tensor: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    return tf.tensor_scatter_nd_update(tensor, indices, updates)


@op(x=_ANY)
def tile(x: Tensor, reps: list[int]) -> Tensor:
    return tf.tile(x, reps)


@op(x=_ANY)
def unstack(x: Tensor, axis: int = 0) -> list[Tensor]:
    return list(tf.unstack(x, axis=axis))
