"""Operations / Scan."""

from __future__ import annotations

import operator

import numpy as np

from reference_impl.exact import tensor as t
from reference_impl.exact.ops._table import cast, op
from reference_impl.exact.tensor import Tensor


@op("x")
def cumprod(x: Tensor, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    return _scan(np.multiply, x, axis, exclusive=exclusive, reverse=reverse)


@op("x")
def cumsum(x: Tensor, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    return _scan(np.add, x, axis, exclusive=exclusive, reverse=reverse)


def _scan(ufunc: np.ufunc, x: Tensor, axis: int, *, exclusive: bool, reverse: bool) -> Tensor:
    """The sums or products of all elements up to each one, or of all before it."""
    (at,) = t.axes_of(axis, x.rank)
    if x.dtype == "bool":
        x = cast(x, "int32")
    if x.dtype not in {"float32", "int32"}:
        raise ValueError(f"a {x.dtype} tensor cannot be accumulated")
    # The scanned axis is the first, and its order is that of the scan, until the end.
    lines = np.moveaxis(x.data, at, 0)
    lines = lines[::-1] if reverse else lines
    if exclusive and len(lines):
        first = t.floats(ufunc.identity).data if x.dtype == "float32" else ufunc.identity
        lines = np.concatenate([np.broadcast_to(first, lines[:1].shape), lines[:-1]])
    if x.dtype == "int32":
        found = ufunc.accumulate(lines, 0, dtype=np.int32)
    else:
        combine = operator.add if ufunc is np.add else operator.mul
        steps: list[Tensor] = []
        for line in lines:
            steps.append(combine(steps[-1], x.of(line)) if steps else t.copy(x.of(line)))
        found = np.stack([step.data for step in steps]) if steps else lines
    return x.of(np.moveaxis(found[::-1] if reverse else found, 0, at))
