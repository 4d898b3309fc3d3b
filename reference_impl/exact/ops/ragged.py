"""Operations / Ragged: a ragged tensor is its splits and its flat values."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.exact import tensor as t
from reference_impl.exact.ops._table import cast, op, real
from reference_impl.exact.tensor import Array, Tensor


@op("paramsDenseValues", method=False, paramsNestedSplits="int32[]", indices="int32")
def raggedGather(
    paramsNestedSplits: list[Tensor],
    paramsDenseValues: Tensor,
    indices: Tensor,
    outputRaggedRank: int,
) -> dict[str, Any]:
    nested = [splits.data for splits in paramsNestedSplits]
    if not nested or outputRaggedRank != indices.rank - 1 + len(nested):
        raise ValueError(f"the ragged rank of the result is not {outputRaggedRank}")
    sizes = [*(len(splits) - 1 for splits in nested[1:]), paramsDenseValues.shape[0]]
    for splits, size in zip(nested, sizes, strict=True):
        _check_splits(splits, size)
    if ((indices.data < 0) | (indices.data >= len(nested[0]) - 1)).any():
        raise ValueError(f"an index names none of {len(nested[0]) - 1} rows")
    results = []
    for at in range(indices.rank - 1):
        count = int(np.prod(indices.shape[: at + 1]))
        results.append(np.arange(count + 1) * indices.shape[at + 1])
    rows = indices.data.ravel()
    for splits in nested:
        widths = splits[rows + 1] - splits[rows]
        results.append(np.concatenate([[0], np.cumsum(widths)]))
        runs = [np.arange(splits[row], splits[row + 1]) for row in rows.tolist()]
        rows = np.concatenate([np.zeros(0, np.int64), *runs]).astype(np.int64)
    return {
        "outputNestedSplits": [Tensor("int32", splits) for splits in results],
        "outputDenseValues": paramsDenseValues[rows],
    }


@op("starts", "limits", "deltas", method=False, gradient=False)
def raggedRange(starts: Tensor, limits: Tensor, deltas: Tensor) -> dict[str, Tensor]:
    given = [starts, cast(limits, starts.dtype), cast(deltas, starts.dtype)]
    lengths = {one.size for one in given if one.rank}
    if max(one.rank for one in given) > 1 or len(lengths) > 1:
        raise ValueError("starts, limits and deltas are to be scalars, or vectors of one length")
    if starts.dtype not in {"int32", "float32"}:
        raise ValueError(f"there are no ranges in {starts.dtype}")
    count = lengths.pop() if lengths else 1
    first, last, step = (real(one.of(np.broadcast_to(one.data, count))) for one in given)
    if (t.compare(step, 0) == 0).any():
        raise ValueError("Requires delta != 0")
    widths = [max(0, int(-width)) for width in t.floors((first - last) / step)]
    splits = np.concatenate([[0], np.cumsum(widths, dtype=np.int64)])
    rows = np.repeat(np.arange(count), widths)
    within = np.concatenate([np.zeros(0), *map(np.arange, widths)])
    values = first[rows] + step[rows] * within
    return {
        "rtNestedSplits": Tensor("int32", splits),
        "rtDenseValues": cast(values, starts.dtype),
    }


@op("values", "defaultValue", method=False, shape="int32", rowPartitionTensors="int32[]")
def raggedTensorToTensor(
    shape: Tensor,
    values: Tensor,
    defaultValue: Tensor,
    rowPartitionTensors: list[Tensor],
    rowPartitionTypes: list[str],
) -> Tensor:
    if len(rowPartitionTensors) != len(rowPartitionTypes) or not rowPartitionTypes:
        raise ValueError("every row partition is to have a tensor and a type")
    partitions = [one.data for one in rowPartitionTensors]
    first, *others = rowPartitionTypes
    if first == "FIRST_DIM_SIZE":
        kinds, partitions, rows = others, partitions[1:], int(partitions[0])
    else:
        kinds, rows = rowPartitionTypes, len(partitions[0]) - 1
    sizes = [rows]
    # For each element the row that it is in, and for each row before that its place.
    places = np.arange(rows).reshape([rows, 1])
    for kind, partition in zip(kinds, partitions, strict=True):
        parents, within = _rows_of(kind, partition)
        if parents.size and parents.max() >= len(places):
            raise ValueError(f"a row partition names a row beyond {len(places)}")
        places = np.column_stack([places[parents], within])
        sizes.append(int(within.max()) + 1 if within.size else 0)
    if len(places) != values.shape[0]:
        raise ValueError(f"{values.shape[0]} values do not fit {len(places)} places")
    wanted = _output_shape(shape, [*sizes, *values.shape[1:]])
    inner = wanted[len(sizes) :]
    default = cast(defaultValue, values.dtype)
    dense = np.broadcast_to(np.broadcast_to(default.data, inner), wanted).copy()
    if list(values.shape[1:]) != inner:
        raise ValueError(f"values of shape {values.shape} do not fit the shape {wanted}")
    for place, one in zip(places.tolist(), values.data, strict=True):
        if all(at < size for at, size in zip(place, wanted[: len(sizes)], strict=True)):
            dense[tuple(place)] = one
    return values.of(dense)


def _rows_of(kind: str, partition: Array) -> tuple[Array, Array]:
    """For each element the row that it is in, and its place there."""
    match kind:
        case "ROW_SPLITS":
            _check_splits(partition, int(partition[-1]))
            parents = np.repeat(np.arange(len(partition) - 1), np.diff(partition))
        case "VALUE_ROWIDS":
            parents = partition
            if (np.diff(parents) < 0).any() or (parents < 0).any():
                raise ValueError("row ids are to be sorted, and not negative")
        case _:
            raise ValueError(f"unsupported row partition type {kind}")
    starts = np.searchsorted(parents, parents, "left")
    return parents, np.arange(len(parents)) - starts


def _output_shape(shape: Tensor, found: list[int]) -> list[int]:
    if shape.rank == 0:
        if shape.data != -1:
            raise ValueError("if shape is a scalar, it must be -1")
        return found
    if shape.size != len(found):
        raise ValueError(f"the result has {len(found)} axes, not {shape.size}")
    sizes = shape.data.tolist()
    return [size if size >= 0 else own for size, own in zip(sizes, found, strict=True)]


def _check_splits(splits: Array, size: int) -> None:
    if splits.size == 0 or splits[0] != 0 or (np.diff(splits) < 0).any() or splits[-1] > size:
        raise ValueError("row splits are to start at 0, to be sorted, and to end with the values")
