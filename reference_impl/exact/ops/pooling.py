"""Operations / Convolution: poolings. Padding is no part of a window: it is not counted."""

from __future__ import annotations

import math

import numpy as np

from reference_impl.api.namespace import Record
from reference_impl.api.windows import (
    Pad,
    PerAxis,
    expect_rounding,
    expect_strides_or_dilations,
    paddings,
    per_axis,
)
from reference_impl.exact import tape
from reference_impl.exact import tensor as t
from reference_impl.exact.ops._table import op
from reference_impl.exact.ops._windows import batched, expect_rank, first_largest, windows
from reference_impl.exact.tensor import Array, Tensor


@op(x="float32")
def avgPool(
    x: Tensor, filterSize: PerAxis, strides: PerAxis, pad: Pad, dimRoundingMode: str | None = None
) -> Tensor:
    return _average(x, 2, "avgPool", filterSize, strides, pad, dimRoundingMode)


@op(x="float32", method=False)
def avgPool3d(  # noqa: PLR0913, PLR0917  as in tf.js
    x: Tensor,
    filterSize: PerAxis,
    strides: PerAxis,
    pad: Pad,
    dimRoundingMode: str | None = None,
    dataFormat: str = "NDHWC",
) -> Tensor:
    _expect_last(dataFormat, "avgPool3d")
    return _average(x, 3, "avgPool3d", filterSize, strides, pad, dimRoundingMode)


@op("x")
def maxPool(
    x: Tensor, filterSize: PerAxis, strides: PerAxis, pad: Pad, dimRoundingMode: str | None = None
) -> Tensor:
    return _maximum(x, 2, "maxPool", filterSize, strides, pad, dimRoundingMode)


@op("x", method=False)
def maxPool3d(  # noqa: PLR0913, PLR0917  as in tf.js
    x: Tensor,
    filterSize: PerAxis = 1,
    strides: PerAxis = 1,
    pad: Pad = "valid",
    dimRoundingMode: str | None = None,
    dataFormat: str = "NDHWC",
) -> Tensor:
    _expect_last(dataFormat, "maxPool3d")
    return _maximum(x, 3, "maxPool3d", filterSize, strides, pad, dimRoundingMode)


@op("x", method=False)
def maxPoolWithArgmax(
    x: Tensor, filterSize: PerAxis, strides: PerAxis, pad: Pad, includeBatchInIndex: bool = False
) -> Record:
    expect_rank(x, 4, "maxPoolWithArgmax: input")
    sliding = _Sliding(x, 2, filterSize, strides, 1, pad, None)
    places = np.arange(x.size).reshape(x.shape)
    if not includeBatchInIndex:
        places %= max(math.prod(x.shape[1:]), 1)
    result, at = _largest(x, sliding)
    found = np.take_along_axis(sliding.rows(places, -1), at[..., None], -1)[..., 0]
    return Record(result=result, indexes=Tensor("int32", found))


@op(input="numeric")
def pool(  # noqa: PLR0913, PLR0917  as in tf.js
    input: Tensor,
    windowShape: PerAxis,
    poolingType: str,
    pad: Pad,
    dilations: PerAxis | None = None,
    strides: PerAxis | None = None,
    dimRoundingMode: str | None = None,
) -> Tensor:
    apart, by = dilations or 1, strides or 1
    expect_strides_or_dilations(by, apart, "pool")
    if poolingType not in {"avg", "max"}:
        raise ValueError(f"Unknown pooling type {poolingType}")
    pooled = _average if poolingType == "avg" else _maximum
    return pooled(input, 2, "pool", windowShape, by, pad, dimRoundingMode, apart)


class _Sliding:
    """The windows of one pooling: ``rows`` has the elements of each in the last axis.

    ``inside`` says which of them are no padding.
    """

    def __init__(  # noqa: PLR0913, PLR0917  everything that decides a pooling
        self,
        x: Tensor,
        axes: int,
        filterSize: PerAxis,
        strides: PerAxis,
        dilations: PerAxis,
        pad: Pad,
        rounding: str | None,
    ) -> None:
        self._axes = axes
        window, by, apart = (per_axis(value, axes) for value in (filterSize, strides, dilations))
        if min(*window, *by, *apart) <= 0:
            raise ValueError("windows, strides and dilations must be larger than 0")
        around = paddings(x.shape[1:-1], window, by, apart, pad, rounding)
        self._geometry = around, window, by, apart
        self.inside = self.rows(np.ones(x.shape, bool), False)

    def rows(self, x: Array, fill: int) -> Array:
        found = windows(x, *self._geometry, fill)
        return t.rows(found, list(range(self._axes + 1, 2 * self._axes + 1)))


def _average(  # noqa: PLR0913, PLR0917  what the public functions have in common
    x: Tensor,
    axes: int,
    name: str,
    filterSize: PerAxis,
    strides: PerAxis,
    pad: Pad,
    rounding: str | None,
    dilations: PerAxis = 1,
) -> Tensor:
    expect_rounding(pad, rounding, name)
    if x.dtype != "float32":
        raise ValueError(f"Error in {name}: an average is of float32, but got {x.dtype}")

    def of_batch(x: Tensor) -> Tensor:
        sliding = _Sliding(x, axes, filterSize, strides, dilations, pad, rounding)
        # To add -0 changes nothing.
        rows = x.of(sliding.rows(x.data, tape.current().number(-0.0)))
        mean: Tensor = t.total(rows, -1) / sliding.inside.sum(-1)
        return mean

    return batched(x, axes + 2, name, of_batch)


def _maximum(  # noqa: PLR0913, PLR0917  what the public functions have in common
    x: Tensor,
    axes: int,
    name: str,
    filterSize: PerAxis,
    strides: PerAxis,
    pad: Pad,
    rounding: str | None,
    dilations: PerAxis = 1,
) -> Tensor:
    expect_rounding(pad, rounding, name)

    def of_batch(x: Tensor) -> Tensor:
        return _largest(x, _Sliding(x, axes, filterSize, strides, dilations, pad, rounding))[0]

    return batched(x, axes + 2, name, of_batch)


def _largest(x: Tensor, sliding: _Sliding) -> tuple[Tensor, Array]:
    """The largest of each window, and where in the window it is first."""
    if x.dtype == "bool":
        raise ValueError("booleans are no numbers")
    rows = sliding.rows(x.data, 0)
    if x.dtype == "float32":
        nodes, places = first_largest(rows, sliding.inside)
        return x.of(nodes), places
    rows = np.where(sliding.inside, rows, np.iinfo(np.int32).min)
    return x.of(rows.max(-1)), rows.argmax(-1)


def _expect_last(dataFormat: str, name: str) -> None:
    if dataFormat != "NDHWC":
        raise ValueError(
            f"Error in {name}: Only NDHWC is currently supported,"
            f" but got dataFormat of {dataFormat}"
        )
