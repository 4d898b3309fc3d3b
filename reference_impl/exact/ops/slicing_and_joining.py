"""Slicing and Joining, of Tensors and of Operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.exact import tape
from reference_impl.exact.ops._table import convert, method, op
from reference_impl.exact.tensor import Tensor, axes_of
from reference_impl.javascript import UNDEFINED

Axis = int | list[int] | None
_ANY = "string_or_numeric"


@op(method=False, tensors=_ANY + "[]")
def concat(tensors: list[Tensor], axis: int = 0) -> Tensor:
    if not tensors:
        raise ValueError("Pass at least one tensor to concat")
    tensors = _of_one_dtype(tensors)
    return tensors[0].of(np.concatenate([one.data for one in tensors], axis))


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
    (axis,) = axes_of(axis, x.rank)
    batch = batchDims + indices.rank if batchDims < 0 else batchDims
    size = x.shape[axis]
    if ((indices.data < 0) | (indices.data >= size)).any():
        raise ValueError(f"indices are not all in [0, {size})")
    moved = np.moveaxis(x.data, axis, batch)
    # One array of positions per batch axis, in front of the indices.
    grid = np.meshgrid(*map(np.arange, indices.shape[:batch]), indexing="ij")
    lead = [one.reshape([*one.shape, *[1] * (indices.rank - batch)]) for one in grid]
    found = moved[(*lead, indices.data)]
    # What stood between the batch axes and the axis goes back before the axes of the indices.
    between = axis - batch
    order = [*range(batch), *range(indices.rank, indices.rank + between),
             *range(batch, indices.rank), *range(indices.rank + between, found.ndim)]  # fmt: skip
    return x.of(found.transpose(order))


@op(x=_ANY, indices="int32", method=False)
def gatherND(x: Tensor, indices: Tensor) -> Tensor:
    _expect_places(indices, x.shape)
    return x.of(x.data[tuple(np.moveaxis(indices.data, -1, 0))])


@op(method=False)
def meshgrid(x: Any = UNDEFINED, y: Any = UNDEFINED, options: Any = UNDEFINED) -> list[Tensor]:
    indexing = "xy" if options is UNDEFINED else options.get("indexing", "xy")
    if indexing not in {"xy", "ij"}:
        raise ValueError(f"{indexing} is not a valid third argument to meshgrid")
    given = [
        convert(value, name, "meshgrid", "numeric" if isinstance(value, Tensor) else "float32")
        for name, value in (("x", x), ("y", y))
        if value is not UNDEFINED
    ]
    if y is UNDEFINED:
        return [one.of(one.data) for one in given]
    grids = np.meshgrid(*(one.data for one in given), indexing="ij" if indexing == "ij" else "xy")
    return [one.of(grid) for one, grid in zip(given, grids, strict=True)]


@op("x")
def reverse(x: Tensor, axis: Axis = None) -> Tensor:
    return x.of(np.flip(x.data, tuple(axes_of(axis, x.rank))))


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
    if x.rank != rank:
        raise ValueError(f"Error in reverse{rank}D: x must be rank {rank} but got rank {x.rank}.")
    return reverse(x, axis)


@op("updates", indices="int32", method=False)
def scatterND(indices: Tensor, updates: Tensor, shape: list[int]) -> Tensor:
    _expect_places(indices, tuple(shape))
    places = tuple(np.moveaxis(indices.data, -1, 0))
    if updates.dtype != "float32":
        made = np.zeros(shape, updates.data.dtype)
        np.add.at(made, places, updates.data)
        return updates.of(made)
    # What meets in one place is added up.
    terms = np.empty(shape, object)
    for place in np.ndindex(*shape):
        terms[place] = []
    targets = np.empty([*indices.shape[:-1], *shape[indices.shape[-1] :]], object)
    targets[...] = terms[places]
    for target, node in zip(targets.flat, updates.data.flat, strict=True):
        target.append(int(node))
    found = tape.current()
    sums = [found.sum(own) for own in terms.flat]
    return Tensor("float32", np.array(sums, np.int64).reshape(shape))


@op(x=_ANY)
def slice(x: Tensor, begin: int | list[int], size: int | list[int] | None = None) -> Tensor:
    if x.rank == 0:
        raise ValueError("Slicing scalar is not possible")
    first = begin if isinstance(begin, list) else [begin]
    sizes = size if isinstance(size, list) else [] if size is None else [size]
    # Axes that are not mentioned are taken whole; -1 is to the end.
    first = first + [0] * (x.rank - len(first))
    sizes = sizes + [-1] * (x.rank - len(sizes))
    parts = []
    for start, count, whole in zip(first, sizes, x.shape, strict=True):
        stop = whole if count == -1 else start + count
        if not 0 <= start <= stop <= whole:
            raise ValueError(f"slice {first}, {sizes} is not inside of shape {list(x.shape)}")
        parts.append(np.s_[start:stop])
    return x[tuple(parts)]


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
    if x.rank != rank:
        raise ValueError(
            f"slice{rank}d expects a rank-{rank} tensor, but got a rank-{x.rank} tensor"
        )
    return slice(x, begin, size)


@op("x")
def split(x: Tensor, numOrSizeSplits: int | list[int], axis: int = 0) -> list[Tensor]:
    (axis,) = axes_of(axis, x.rank)
    whole = x.shape[axis]
    if isinstance(numOrSizeSplits, list):
        known = sum(size for size in numOrSizeSplits if size != -1)
        sizes = [whole - known if size == -1 else size for size in numOrSizeSplits]
    else:
        if numOrSizeSplits < 1 or whole % numOrSizeSplits:
            raise ValueError(f"{numOrSizeSplits} parts of one size do not make {whole}")
        sizes = [whole // numOrSizeSplits] * numOrSizeSplits
    if sum(sizes) != whole or min(sizes) < 0:
        raise ValueError(f"parts of sizes {sizes} do not make {whole}")
    return [x.of(part) for part in np.split(x.data, np.cumsum(sizes)[:-1], axis)]


@op(method=False, tensors=_ANY + "[]")
def stack(tensors: list[Tensor], axis: int = 0) -> Tensor:
    if not tensors:
        raise ValueError("Pass at least one tensor to tf.stack")
    tensors = _of_one_dtype(tensors)
    return tensors[0].of(np.stack([one.data for one in tensors], axis))


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
    steps = strides or [1] * len(begin)
    index: list[Any] = []
    for at, (start, stop, step) in enumerate(zip(begin, end, steps, strict=True)):
        if ellipsisMask >> at & 1:
            index.append(Ellipsis)
        elif newAxisMask >> at & 1:
            index.append(None)
        elif shrinkAxisMask >> at & 1:
            index.append(start)
        else:
            first = None if beginMask >> at & 1 else start
            last = None if endMask >> at & 1 else stop
            index.append(np.s_[first:last:step])
    return x[tuple(index)]


@op("tensor", "updates", indices="int32", method=False)
def tensorScatterUpdate(tensor: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    if tensor.dtype != updates.dtype:
        raise ValueError(f"updates of {updates.dtype} for a tensor of {tensor.dtype}")
    _expect_places(indices, tensor.shape)
    made = tensor.data.copy()
    made[tuple(np.moveaxis(indices.data, -1, 0))] = updates.data
    return tensor.of(made)


@op(x=_ANY)
def tile(x: Tensor, reps: list[int]) -> Tensor:
    if len(reps) != x.rank:
        raise ValueError(f"{len(reps)} repetitions for a tensor of rank {x.rank}")
    return x.of(np.tile(x.data, reps))


@op(x=_ANY)
def unstack(x: Tensor, axis: int = 0) -> list[Tensor]:
    (axis,) = axes_of(axis, x.rank)
    return [x.of(part) for part in np.moveaxis(x.data, axis, 0)]


def _of_one_dtype(tensors: list[Tensor]) -> list[Tensor]:
    dtypes = {one.dtype for one in tensors}
    if len(dtypes) > 1:
        raise ValueError(f"tensors of different dtypes are not joined: {sorted(dtypes)}")
    return tensors


def _expect_places(indices: Tensor, shape: tuple[int, ...]) -> None:
    limits = np.array(shape[: indices.shape[-1]])
    if ((indices.data < 0) | (indices.data >= limits)).any():
        raise ValueError(f"indices are not all inside of shape {list(shape)}")
