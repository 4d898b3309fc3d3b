"""Operations / Evaluation: largest and unique elements, sorted sequences, confusion."""

from __future__ import annotations

import functools

import numpy as np

from reference_impl.exact import tape
from reference_impl.exact import tensor as t
from reference_impl.exact.ops._table import cast, op, upcast
from reference_impl.exact.tensor import Array, Tensor


@op("labels", "predictions", name="math.confusionMatrix", method=False)
def confusionMatrix(labels: Tensor, predictions: Tensor, numClasses: int | None = None) -> Tensor:
    if not isinstance(numClasses, int) or numClasses <= 0:
        raise ValueError(f"numClasses is required to be a positive integer, but got {numClasses}")
    if (labels.rank, predictions.rank) != (1, 1) or labels.shape != predictions.shape:
        raise ValueError("labels and predictions are to be of rank 1 and of one length")
    pairs = np.stack([cast(labels, "int32").data, cast(predictions, "int32").data])
    if ((pairs < 0) | (pairs >= numClasses)).any():
        raise ValueError(f"a label or a prediction is not one of {numClasses} classes")
    counts = np.zeros([numClasses, numClasses], np.int32)
    np.add.at(counts, tuple(pairs), 1)
    return Tensor("int32", counts)


@op("sortedSequence", "values", method=False)
def searchSorted(sortedSequence: Tensor, values: Tensor, side: str = "left") -> Tensor:
    row, wanted = upcast(sortedSequence, values)
    if side not in {"left", "right"}:
        raise ValueError(f"side is left or right, but got {side}")
    if row.rank == 0 or row.shape[:-1] != wanted.shape[:-1]:
        raise ValueError(f"there are no {row.shape[:-1]} rows in values of shape {wanted.shape}")
    order = _orders(row.of(row.data[..., None, :]), wanted.of(wanted.data[..., None]))
    # NaN is not below anything, and nothing is below NaN.
    left = np.sum(order == -1, -1)
    return Tensor("int32", left if side == "left" else row.shape[-1] - np.sum(order == 1, -1))


@op("sortedSequence", "values", method=False)
def lowerBound(sortedSequence: Tensor, values: Tensor) -> Tensor:
    return searchSorted(sortedSequence, values, "left")


@op("sortedSequence", "values", method=False)
def upperBound(sortedSequence: Tensor, values: Tensor) -> Tensor:
    return searchSorted(sortedSequence, values, "right")


@op("x")
def topk(x: Tensor, k: int = 1, sorted: bool = True) -> dict[str, Tensor]:  # noqa: ARG001
    # Without sorting any order is right, so this one is.
    if x.rank == 0 or not 0 <= k <= x.shape[-1]:
        raise ValueError(f"there are no {k} elements in the rows of shape {x.shape}")
    places = np.zeros([*x.shape[:-1], k], np.int32)
    for index in np.ndindex(x.shape[:-1]):
        places[index] = _descending(x[index])[:k]
    found = np.take_along_axis(x.data, places, -1)
    return {"values": x.of(found), "indices": Tensor("int32", places)}


@op(x="string_or_numeric", gradient=False)
def unique(x: Tensor, axis: int = 0) -> dict[str, Tensor]:
    (along,) = t.axes_of(axis, x.rank)
    slices = np.moveaxis(x.data, along, 0)
    firsts: list[int] = []
    places = np.zeros(len(slices), np.int32)
    for at, one in enumerate(slices):
        alike = (_alike(x.of(one), x.of(slices[first])) for first in firsts)
        found = next((place for place, same in enumerate(alike) if same), None)
        if found is None:
            found = len(firsts)
            firsts.append(at)
        places[at] = found
    values = x.of(np.take(x.data, firsts, along))
    return {"values": values, "indices": Tensor("int32", places)}


def _alike(a: Tensor, b: Tensor) -> bool:
    return bool((_orders(a, b) == 0).all())


def _orders(a: Tensor, b: Tensor) -> Array:
    """As ``tensor.compare``, of any dtype."""
    if a.dtype == "float32":
        return t.compare(a, b)
    return (a.data > b.data).astype(np.int8) - (a.data < b.data).astype(np.int8)


def _descending(row: Tensor) -> list[int]:
    """The places of the elements from the largest on, of equal ones the first first.

    NaN is above all numbers, as in TensorFlow and NumPy.
    """
    if row.dtype != "float32":
        return list(np.argsort(-row.data.astype(np.int64), kind="stable"))
    unordered = t.compare(row, row) != 0
    known = row.data.tolist()

    def order(a: int, b: int) -> int:
        if unordered[a] or unordered[b]:
            return int(unordered[b]) - int(unordered[a])
        return -(tape.current().compare(known[a], known[b]) or 0)

    return sorted(range(len(known)), key=functools.cmp_to_key(order))
