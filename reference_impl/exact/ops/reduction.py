"""Operations / Reduction."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reference_impl.exact import tape
from reference_impl.exact import tensor as t
from reference_impl.exact.ops._sums import average, less_largest
from reference_impl.exact.ops._table import cast, op, real
from reference_impl.exact.tensor import Array, Axis, Tensor


@op(x="bool")
def all(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Tensor:
    return _integers(np.all, x, axis, keepDims)


@op(x="bool")
def any(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Tensor:
    return _integers(np.any, x, axis, keepDims)


@op("x")
def argMax(x: Tensor, axis: int = 0) -> Tensor:
    return _place(x, axis, 1)


@op("x")
def argMin(x: Tensor, axis: int = 0) -> Tensor:
    return _place(x, axis, -1)


@op("x", "weights", method=False)
def bincount(x: Tensor, weights: Tensor, size: int) -> Tensor:
    return _counted(x, weights, size)


@op("x", "weights", method=False)
def denseBincount(x: Tensor, weights: Tensor, size: int, binaryOutput: bool = False) -> Tensor:
    if not binaryOutput:
        return _counted(x, weights, size)
    _expect_places(x)
    found = (x.data[..., None] == np.arange(size)).any(-2)
    return t.floats(found) if weights.dtype == "float32" else weights.of(found)


@op("x")
def logSumExp(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Tensor:
    shifted, largest = less_largest(real(x), axis)
    logarithm = t.log(t.total(t.exp(shifted), axis, keep=bool(keepDims)))
    return logarithm + largest.reshape(logarithm.shape)


@op("x")
def max(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Tensor:
    if x.dtype == "float32":
        return t.largest(x, axis, keep=bool(keepDims))
    return _integers(np.any if x.dtype == "bool" else np.max, x, axis, keepDims)


@op("x")
def mean(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Tensor:
    return average(real(x), axis, keep=bool(keepDims))


@op("x")
def min(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Tensor:
    if x.dtype == "float32":
        return t.largest(x, axis, keep=bool(keepDims), least=True)
    return _integers(np.all if x.dtype == "bool" else np.min, x, axis, keepDims)


@op("x")
def prod(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Tensor:
    x = _no_bool(x)
    if x.dtype != "float32":
        return _integers(np.prod, x, axis, keepDims)
    terms = x.of(t.rows(x.data, axis))
    product = t.floats(np.ones(terms.shape[:-1]))
    for at in range(terms.shape[-1]):
        product = product * terms[..., at]
    return t.kept(product, x, axis, keep=bool(keepDims))


@op("x")
def sum(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Tensor:
    x = _no_bool(x)
    if x.dtype != "float32":
        return _integers(np.sum, x, axis, keepDims)
    return t.copy(t.total(x, axis, keep=bool(keepDims)))


def _no_bool(x: Tensor) -> Tensor:
    return cast(x, "int32") if x.dtype == "bool" else x


def _integers(reduce: Callable[..., Array], x: Tensor, axis: Axis, keep: bool) -> Tensor:
    found = reduce(t.rows(x.data, axis), -1).astype(x.data.dtype)
    return t.kept(x.of(found), x, axis, keep=bool(keep))


def _place(x: Tensor, axis: int, wanted: int) -> Tensor:
    """The first place of the greatest (1) or least (-1) element; NaN is never either."""
    flat = t.rows(x.data, axis)
    if flat.shape[-1] == 0:
        raise ValueError("an empty axis has no greatest or least element")
    if x.dtype != "float32":
        return Tensor("int32", (np.argmax if wanted == 1 else np.argmin)(flat, -1))
    found = np.zeros(flat.shape[:-1], np.int32)
    for index in np.ndindex(found.shape):
        nodes = flat[index].tolist()
        for at, node in enumerate(nodes):
            best, compare = nodes[found[index]], tape.current().compare
            # Anything is better than a NaN but another one.
            if compare(node, best) == wanted or compare(best, best) is None is not compare(
                node, node
            ):
                found[index] = at
    return Tensor("int32", found)


def _expect_places(x: Tensor) -> None:
    if x.dtype != "int32" or (x.data < 0).any() or x.rank > 2:  # noqa: PLR2004  a batch of rows
        raise ValueError("what is counted are int32 numbers from 0 on, in one or more rows")


def _counted(x: Tensor, weights: Tensor, size: int) -> Tensor:
    """How often each number below the size is in a row, or what the weights there add up to."""
    _expect_places(x)
    # The places in a row against the numbers that may stand there.
    here = x.data[..., None] == np.arange(size)
    if weights.dtype != "float32":
        terms = weights.data[..., None] if weights.size else np.ones([*x.shape, 1], np.int32)
        return weights.of(np.where(here, terms, 0).sum(-2))
    one = tape.current().one
    nodes = weights.data[..., None] if weights.size else np.full([*x.shape, 1], one)
    return t.total(t.select(here, Tensor("float32", nodes), 0), -2)
