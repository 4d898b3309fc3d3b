"""Operations / Sparse, and ``sparseToDense``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl.exact import tensor as t
from reference_impl.exact.ops._table import cast, op
from reference_impl.exact.ops.creation import zeros
from reference_impl.exact.tensor import Array, Tensor


@op(
    "values",
    name="sparse.sparseFillEmptyRows",
    method=False,
    indices="int32",
    denseShape="int32",
    defaultValue="numeric",
)
def sparseFillEmptyRows(
    indices: Tensor, values: Tensor, denseShape: Tensor, defaultValue: Tensor
) -> dict[str, Tensor]:
    if (indices.rank, values.rank, denseShape.rank, defaultValue.rank) != (2, 1, 1, 0):
        raise ValueError("indices is to be a matrix, values and denseShape vectors, one a scalar")
    if indices.shape != (values.size, denseShape.size):
        raise ValueError(f"indices of shape {indices.shape} do not fit {values.size} values")
    count = int(denseShape.data[0])
    rows = indices.data[:, 0]
    if ((rows < 0) | (rows >= count)).any():
        raise ValueError(f"indices name a row that is not one of {count}")
    empty = ~np.isin(np.arange(count), rows)
    added = np.zeros([int(empty.sum()), denseShape.size], np.int32)
    added[:, 0] = np.flatnonzero(empty)
    default = cast(defaultValue, values.dtype)
    places = np.concatenate([indices.data, added])
    held = np.concatenate([values.data, np.full(len(added), default.data, values.data.dtype)])
    order = np.argsort(places[:, 0], kind="stable")
    where = np.argsort(order, kind="stable")[: values.size]
    return {
        "outputIndices": Tensor("int32", places[order]),
        "outputValues": values.of(held[order]),
        "emptyRowIndicator": Tensor("bool", empty),
        "reverseIndexMap": Tensor("int32", where),
    }


@op(
    name="sparse.sparseReshape",
    method=False,
    inputIndices="int32",
    inputShape="int32",
    newShape="int32",
)
def sparseReshape(inputIndices: Tensor, inputShape: Tensor, newShape: Tensor) -> dict[str, Any]:
    if (inputIndices.rank, inputShape.rank, newShape.rank) != (2, 1, 1):
        raise ValueError("inputIndices is to be a matrix, inputShape and newShape vectors")
    if inputIndices.shape[1] != inputShape.size:
        raise ValueError("the indices are not those of a tensor of inputShape")
    old, new = inputShape.data.tolist(), newShape.data.tolist()
    size, known = math.prod(old), math.prod(one for one in new if one != -1)
    if any(one < -1 for one in new) or new.count(-1) > 1:
        raise ValueError(f"{new} is no shape: one size at most is -1")
    if -1 in new and known > 0:
        new[new.index(-1)] = size // known
    if math.prod(new) != size or -1 in new:
        raise ValueError(f"{size} elements cannot have the shape {new}")
    strides = [math.prod(old[at + 1 :]) for at in range(len(old))]
    flat = inputIndices.data.astype(np.int64) @ np.array(strides, np.int64)
    columns = [flat // math.prod(new[at + 1 :]) % max(one, 1) for at, one in enumerate(new)]
    placed = np.stack(columns, -1) if columns else np.zeros([len(flat), 0])
    return {
        "outputIndices": Tensor("int32", placed),
        "outputShape": Tensor("int32", new),
    }


@op("data", name="sparse.sparseSegmentMean", method=False, indices="int32", segmentIds="int32")
def sparseSegmentMean(data: Tensor, indices: Tensor, segmentIds: Tensor) -> Tensor:
    if data.dtype != "float32":
        raise ValueError(f"there is no mean in {data.dtype}")
    groups = _segments(data, indices, segmentIds)
    return _stacked(data, [t.total(data[rows], 0) / max(rows.size, 1) for rows in groups])


@op("data", name="sparse.sparseSegmentSum", method=False, indices="int32", segmentIds="int32")
def sparseSegmentSum(data: Tensor, indices: Tensor, segmentIds: Tensor) -> Tensor:
    if data.dtype == "bool":
        raise ValueError("there is no sum in bool")
    groups = _segments(data, indices, segmentIds)
    if data.dtype == "float32":
        return _stacked(data, [t.copy(t.total(data[rows], 0)) for rows in groups])
    return _stacked(data, [data.of(np.sum(data.data[rows], 0)) for rows in groups])


@op(
    method=False,
    sparseIndices="int32",
    sparseValues="string_or_numeric",
    defaultValue="string_or_numeric",
)
def sparseToDense(
    sparseIndices: Tensor, sparseValues: Tensor, outputShape: list[int], defaultValue: Any = 0
) -> Tensor:
    rank, values = len(outputShape), sparseValues
    places = sparseIndices.data
    places = places.reshape([-1, 1]) if sparseIndices.rank < 2 else places  # noqa: PLR2004  a matrix
    if places.ndim != 2 or places.shape[1] != rank:  # noqa: PLR2004  a matrix
        raise ValueError(f"indices of shape {sparseIndices.shape} name no elements of {rank} axes")
    if values.shape not in {(), (len(places),)}:
        raise ValueError(f"{len(places)} indices do not fit values of shape {values.shape}")
    if ((places < 0) | (places >= np.array(outputShape, int))).any():
        raise ValueError(f"an index lies outside of {outputShape}")
    default = defaultValue if isinstance(defaultValue, Tensor) else zeros([], values.dtype)
    if default.rank or (default.dtype == "string") != (values.dtype == "string"):
        raise ValueError("the default value is to be a scalar of the values' dtype")
    dense = np.full(outputShape, cast(default, values.dtype).data)
    held = np.broadcast_to(values.data, len(places))
    # One after the other: of two values for one element the later one stays.
    for place, one in zip(places.tolist(), held.tolist(), strict=True):
        dense[tuple(place)] = one
    return values.of(dense)


def _segments(data: Tensor, indices: Tensor, segmentIds: Tensor) -> list[Array]:
    """The rows of data that each segment has."""
    if data.rank == 0 or (indices.rank, segmentIds.rank) != (1, 1):
        raise ValueError("data is to have rows, indices and segmentIds are to be vectors")
    rows, segments = indices.data, segmentIds.data
    if rows.size != segments.size:
        raise ValueError(f"{rows.size} indices do not fit {segments.size} segmentIds")
    if (np.diff(segments) < 0).any() or (segments < 0).any():
        raise ValueError("segmentIds are to be sorted, and not negative")
    if ((rows < 0) | (rows >= data.shape[0])).any():
        raise ValueError(f"an index names none of {data.shape[0]} rows")
    count = int(segments[-1]) + 1 if segments.size else 0
    return [rows[segments == at] for at in range(count)]


def _stacked(data: Tensor, parts: list[Tensor]) -> Tensor:
    if not parts:
        return zeros([0, *data.shape[1:]], data.dtype)
    return data.of(np.stack([part.data for part in parts]))
