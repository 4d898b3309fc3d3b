"""Operations / Convolution: convolutions, and morphological dilation.

On a CPU TensorFlow has no gradient of a dilated convolution, no dilated 3-D convolution and no
depthwise convolution with unequal strides: these are sums over the filter's positions here.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.api.windows import (
    Pad,
    Pairs,
    PerAxis,
    all_ones,
    expect_rounding,
    expect_strides_or_dilations,
    paddings,
    per_axis,
    spatial_pad,
)
from reference_impl.coercion import upcast
from reference_impl.ops._table import op
from reference_impl.ops._windows import (
    batched,
    channels_last,
    expect_rank,
    framed,
    padded,
    taps,
)

_CONVOLUTIONS = {1: tf.nn.conv1d, 2: tf.nn.conv2d, 3: tf.nn.conv3d}
_TRANSPOSES = {2: tf.nn.conv2d_transpose, 3: tf.nn.conv3d_transpose}


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


@op("x", "filter")
def conv2dTranspose(  # noqa: PLR0913, PLR0917  as in tf.js
    x: Tensor,
    filter: Tensor,
    outputShape: list[int],
    strides: PerAxis,
    pad: Pad,
    dimRoundingMode: str | None = None,
) -> Tensor:
    expect_rounding(pad, dimRoundingMode, "conv2dDerInput")
    return _transposed(x, filter, 2, outputShape, strides, pad, dimRoundingMode)


@op("x", "filter", method=False)
def conv3dTranspose(
    x: Tensor, filter: Tensor, outputShape: list[int], strides: PerAxis, pad: Pad
) -> Tensor:
    return _transposed(x, filter, 3, outputShape, strides, pad, None)


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
    by, apart = per_axis(strides), per_axis(dilations)

    def of_batch(x: Tensor) -> Tensor:
        if x.shape[-1] != filter.shape[2]:
            raise ValueError(
                f"Error in depthwiseConv2d: number of input channels ({x.shape[-1]}) must match"
                f" the inChannels dimension in filter {filter.shape[2]}."
            )
        window = filter.shape[:2]
        around = paddings(
            x.shape[1:3], window, by, apart, spatial_pad(pad, dataFormat), dimRoundingMode
        )
        if by[0] == by[1] and isinstance(pad, str):
            return tf.nn.depthwise_conv2d(x, filter, framed(by), pad.upper(), dilations=apart)
        if by[0] == by[1]:
            return tf.nn.depthwise_conv2d(
                padded(x, around), filter, framed(by), "VALID", dilations=apart
            )
        summed = _sum_over_positions(
            x, filter, around, by, apart, lambda part, weights: part[..., tf.newaxis] * weights
        )
        return tf.reshape(summed, [*summed.shape[:3], -1])

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
    # tf.nn.separable_conv2d takes no number for pad and no unequal strides.
    if dataFormat != "NHWC":
        raise ValueError(
            "separableConv2d currently does not support dataFormat NCHW; only NHWC is supported"
        )
    expect_rank(pointwiseFilter, 4, "separableConv2d: pointwise filter")
    if list(pointwiseFilter.shape[:2]) != [1, 1]:
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

    def of_batch(x: Tensor) -> Tensor:
        # TensorFlow pads with what no maximum takes, but not by a number.
        padding = pad
        if not isinstance(pad, str):
            around = paddings(
                x.shape[1:3], filter.shape[:2], per_axis(strides), per_axis(dilations), pad
            )
            x, padding = padded(x, around, -math.inf), "valid"
        return tf.nn.dilation2d(
            x, filter, framed(strides), str(padding).upper(), "NHWC", framed(dilations)
        )

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
    by, apart = per_axis(strides, axes), per_axis(dilations, axes)
    x, filter = upcast(x, filter)

    def of_batch(x: Tensor) -> Tensor:
        if x.shape[-1] != filter.shape[-2]:  # TensorFlow would convolve in groups
            raise ValueError(
                f"Error in {name}: depth of input ({x.shape[-1]}) must match"
                f" input depth for filter {filter.shape[-2]}."
            )
        around = paddings(x.shape[1:-1], filter.shape[:axes], by, apart, pad, rounding)
        if not all_ones(dilations):
            return _sum_over_positions(
                x, filter, around, by, apart, lambda part, weights: tf.tensordot(part, weights, 1)
            )
        convolve = _CONVOLUTIONS[axes]
        if isinstance(pad, str):
            return convolve(x, filter, framed(by, axes), pad.upper())
        return convolve(padded(x, around), filter, framed(by, axes), "VALID")

    return batched(x, axes + 2, name, of_batch)


def _sum_over_positions(  # noqa: PLR0913, PLR0917  what decides a convolution
    x: Tensor,
    filter: Tensor,
    around: Pairs,
    strides: list[int],
    dilations: list[int],
    product: Callable[[Tensor, Tensor], Tensor],
) -> Tensor:
    """The convolution as a sum of products, one for each position in the filter."""
    window = filter.shape[: len(strides)]
    parts = taps(padded(x, around), window, strides, dilations)
    weights = tf.unstack(tf.reshape(filter, [-1, *filter.shape[len(strides) :]]))
    return tf.add_n([product(part, at) for part, at in zip(parts, weights, strict=True)])


def _transposed(  # noqa: PLR0913, PLR0917  what the public functions have in common
    x: Tensor,
    filter: Tensor,
    axes: int,
    outputShape: list[int],
    strides: PerAxis,
    pad: Pad,
    rounding: str | None,
) -> Tensor:
    name = f"conv{axes}dDerInput"
    if len(outputShape) != x.shape.rank:
        raise ValueError(
            f"Length of inShape ({len(outputShape)}) and rank of dy ({x.shape.rank}) must match"
        )
    x, filter = upcast(x, filter)
    expect_rank(filter, axes + 2, f"{name}: filter")
    transpose = _TRANSPOSES[axes]
    sizes = outputShape[-1 - axes : -1]

    def of_batch(x: Tensor) -> Tensor:
        batch = outputShape[0] if len(outputShape) == axes + 2 else 1
        if isinstance(pad, str):
            shape = [batch, *sizes, outputShape[-1]]
            return transpose(x, filter, shape, framed(strides, axes), pad.upper())
        # The transpose of padding is to drop what lies in the padding.
        around = paddings(
            sizes, filter.shape[:axes], per_axis(strides, axes), [1] * axes, pad, rounding
        )
        whole = [size + sum(pair) for size, pair in zip(sizes, around, strict=True)]
        shape = [batch, *whole, outputShape[-1]]
        y = transpose(x, filter, shape, framed(strides, axes), "VALID")
        begin = [0, *[before for before, _ in around], 0]
        return tf.slice(y, begin, [batch, *sizes, outputShape[-1]])

    return batched(x, axes + 2, name, of_batch)
