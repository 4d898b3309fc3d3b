"""Operations / Convolution: convolutions, and morphological dilation."""

from __future__ import annotations

import math

import numpy as np

from reference_impl.api.windows import (
    Pad,
    PerAxis,
    expect_rounding,
    expect_strides_or_dilations,
    paddings,
    per_axis,
    spatial_pad,
)
from reference_impl.exact import tensor as t
from reference_impl.exact.ops._table import op
from reference_impl.exact.ops._windows import (
    batched,
    channels_last,
    expect_depth,
    expect_rank,
    first_largest,
    numbers,
    windows,
    zero,
)
from reference_impl.exact.ops.matrices import matMul
from reference_impl.exact.tensor import Tensor


@op("x", "filter")
def conv1d(  # noqa: PLR0913, PLR0917  as in tf.js
    x: Tensor,
    filter: Tensor,
    stride: int,
    pad: Pad,
    dataFormat: str = "NWC",
    dilation: int = 1,
    dimRoundingMode: str | None = None,
) -> Tensor:
    if dataFormat != "NWC":
        raise ValueError(
            f"Error in conv1d: got dataFormat of {dataFormat} but only NWC is currently supported."
        )
    if isinstance(pad, list):  # pairs for four axes, the second of which has one element here
        pad = [pad[0], *pad[2:]]
    return _conv(x, filter, 1, "conv1d", stride, pad, dilation, dimRoundingMode)


@op(x="float32", filter="float32")
def conv2d(  # noqa: PLR0913, PLR0917  as in tf.js
    x: Tensor,
    filter: Tensor,
    strides: PerAxis,
    pad: Pad,
    dataFormat: str = "NHWC",
    dilations: PerAxis = 1,
    dimRoundingMode: str | None = None,
) -> Tensor:
    pad = spatial_pad(pad, dataFormat)

    def of_batch(x: Tensor) -> Tensor:
        return channels_last(
            x,
            dataFormat,
            lambda x: _conv(x, filter, 2, "conv2d", strides, pad, dilations, dimRoundingMode),
        )

    return batched(x, 4, "conv2d", of_batch)


@op("x", "filter", method=False)
def conv3d(  # noqa: PLR0913, PLR0917  as in tf.js
    x: Tensor,
    filter: Tensor,
    strides: PerAxis,
    pad: Pad,
    dataFormat: str = "NDHWC",
    dilations: PerAxis = 1,
) -> Tensor:
    if dataFormat != "NDHWC":
        raise ValueError(
            f"Error in conv3d: got dataFormat of {dataFormat} but only NDHWC is currently"
            " supported."
        )
    return _conv(x, filter, 3, "conv3d", strides, pad, dilations, None)


@op(x="float32", filter="float32")
def depthwiseConv2d(  # noqa: PLR0913, PLR0917  as in tf.js
    x: Tensor,
    filter: Tensor,
    strides: PerAxis,
    pad: Pad,
    dataFormat: str = "NHWC",
    dilations: PerAxis = 1,
    dimRoundingMode: str | None = None,
) -> Tensor:
    expect_rank(filter, 4, "depthwiseConv2d: filter")
    expect_rounding(pad, dimRoundingMode, "depthwiseConv2d")
    expect_strides_or_dilations(strides, dilations, "depthwiseConv2d")
    by, apart, window = per_axis(strides), per_axis(dilations), filter.shape[:2]

    def of_batch(x: Tensor) -> Tensor:
        expect_depth("depthwiseConv2d", x.shape[-1], filter.shape[2])
        around = paddings(
            x.shape[1:3], window, by, apart, spatial_pad(pad, dataFormat), dimRoundingMode
        )
        parts = x.of(windows(x.data, around, window, by, apart, zero(x)))
        summed = t.total(parts[..., None] * filter, [3, 4])
        return summed.reshape([*summed.shape[:3], filter.shape[2] * filter.shape[3]])

    return batched(x, 4, "depthwiseConv2d", lambda x: channels_last(x, dataFormat, of_batch))


@op("x", "depthwiseFilter", "pointwiseFilter")
def separableConv2d(  # noqa: PLR0913, PLR0917  as in tf.js
    x: Tensor,
    depthwiseFilter: Tensor,
    pointwiseFilter: Tensor,
    strides: PerAxis,
    pad: Pad,
    dilation: PerAxis = 1,
    dataFormat: str = "NHWC",
) -> Tensor:
    if dataFormat != "NHWC":
        raise ValueError(
            "separableConv2d currently does not support dataFormat NCHW; only NHWC is supported"
        )
    expect_rank(pointwiseFilter, 4, "separableConv2d: pointwise filter")
    if pointwiseFilter.shape[:2] != (1, 1):
        raise ValueError(
            "Error in separableConv2d: the first two dimensions of pointwise filter must be 1."
        )
    depthwise = depthwiseConv2d(x, depthwiseFilter, strides, pad, dataFormat, dilation)
    return conv2d(depthwise, pointwiseFilter, 1, "valid")


@op("x", "filter")
def dilation2d(  # noqa: PLR0913, PLR0917  as in tf.js
    x: Tensor,
    filter: Tensor,
    strides: PerAxis,
    pad: Pad,
    dilations: PerAxis = 1,
    dataFormat: str = "NHWC",
) -> Tensor:
    if dataFormat != "NHWC":
        raise ValueError(
            "Error in dilation2d: Only NHWC is currently supported,"
            f" but got dataFormat of {dataFormat}"
        )
    expect_rank(filter, 3, "dilation2d: filter")
    by, apart, window = per_axis(strides), per_axis(dilations), filter.shape[:2]
    x, filter = numbers(x, filter)

    def of_batch(x: Tensor) -> Tensor:
        expect_depth("dilation2d", x.shape[-1], filter.shape[2])
        around = paddings(x.shape[1:3], window, by, apart, pad)
        inside = windows(np.ones(x.shape, bool), around, window, by, apart, False)
        parts = x.of(windows(x.data, around, window, by, apart, zero(x)))
        if x.dtype == "float32":
            raised = parts + filter
            return x.of(first_largest(t.rows(raised.data, [3, 4]), t.rows(inside, [3, 4]))[0])
        least = np.iinfo(np.int32).min
        return x.of(np.where(inside, parts.data + filter.data, least).max((3, 4)))

    return batched(x, 4, "dilation2d", of_batch)


def _conv(  # noqa: PLR0913, PLR0917  what the public functions have in common
    x: Tensor,
    filter: Tensor,
    axes: int,
    name: str,
    strides: PerAxis,
    pad: Pad,
    dilations: PerAxis,
    rounding: str | None,
) -> Tensor:
    expect_rank(filter, axes + 2, f"{name}: filter")
    expect_rounding(pad, rounding, name)
    expect_strides_or_dilations(strides, dilations, name)
    by, apart, window = per_axis(strides, axes), per_axis(dilations, axes), filter.shape[:axes]
    x, filter = numbers(x, filter)

    def of_batch(x: Tensor) -> Tensor:
        expect_depth(name, x.shape[-1], filter.shape[-2])
        around = paddings(x.shape[1:-1], window, by, apart, pad, rounding)
        parts = windows(x.data, around, window, by, apart, zero(x))
        places, depth = parts.shape[: axes + 1], math.prod(filter.shape[:-1])
        rows = x.of(parts.reshape(math.prod(places), depth))
        summed = matMul(rows, filter.reshape(depth, filter.shape[-1]))
        return summed.reshape(*places, filter.shape[-1])

    return batched(x, axes + 2, name, of_batch)
