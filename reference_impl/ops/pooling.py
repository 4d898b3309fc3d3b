"""Operations / Convolution: poolings.

TensorFlow pads poolings as ``"same"`` or ``"valid"`` only. Other paddings are made by hand: with
-Infinity for a maximum; for an average with zeros that are not counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.api.windows import (
    Pad,
    PerAxis,
    all_ones,
    expect_rounding,
    expect_strides_or_dilations,
    paddings,
    per_axis,
)
from reference_impl.namespace import Record
from reference_impl.ops._table import op
from reference_impl.ops._windows import (
    batched,
    padded,
    taps,
)

_POOLS = {
    ("AVG", 2): tf.nn.avg_pool2d,
    ("AVG", 3): tf.nn.avg_pool3d,
    ("MAX", 2): tf.nn.max_pool2d,
    ("MAX", 3): tf.nn.max_pool3d,
}


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
    window, by = per_axis(filterSize), per_axis(strides)
    if isinstance(pad, str):
        result, indexes = tf.nn.max_pool_with_argmax(
            x, window, by, pad.upper(), include_batch_in_index=bool(includeBatchInIndex)
        )
        return Record(result=result, indexes=tf.cast(indexes, tf.int32))
    # The place in the padded image leads to the place in the image.
    around = paddings(x.shape[1:3], window, by, [1, 1], pad)
    places = tf.reshape(tf.range(tf.size(x)), x.shape)
    if not includeBatchInIndex:
        places %= math.prod(x.shape[1:])
    result, indexes = tf.nn.max_pool_with_argmax(
        padded(x, around, _lowest(x)), window, by, "VALID", include_batch_in_index=True
    )
    return Record(
        result=result, indexes=tf.gather(tf.reshape(padded(places, around, -1), [-1]), indexes)
    )


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
    pools = {"avg": _average, "max": _maximum}
    if poolingType not in pools:
        raise ValueError(f"Unknown pooling type {poolingType}")
    pooled = pools[poolingType]
    return pooled(input, 2, "pool", windowShape, by, pad, dimRoundingMode, apart)


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
    window, by, apart = (per_axis(value, axes) for value in (filterSize, strides, dilations))

    def by_hand(x: Tensor) -> Tensor:
        around = paddings(x.shape[1:-1], window, by, apart, pad, rounding)
        total = tf.add_n(taps(padded(x, around), window, by, apart))
        count = tf.add_n(taps(padded(tf.ones_like(x), around), window, by, apart))
        return total / count

    return _pooled(x, axes, name, "AVG", window, by, pad, rounding, apart, by_hand)


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
    window, by, apart = (per_axis(value, axes) for value in (filterSize, strides, dilations))

    def by_hand(x: Tensor) -> Tensor:
        around = paddings(x.shape[1:-1], window, by, apart, pad, rounding)
        x = padded(x, around, _lowest(x))
        if axes == 3 and not x.dtype.is_floating:  # noqa: PLR2004  TensorFlow has no such kernel
            return tf.reduce_max(tf.stack(taps(x, window, by, apart)), 0)
        return _by_tensorflow(x, "MAX", window, by, "VALID", apart)

    return _pooled(x, axes, name, "MAX", window, by, pad, rounding, apart, by_hand)


def _pooled(  # noqa: PLR0913, PLR0917  everything that decides a pooling
    x: Tensor,
    axes: int,
    name: str,
    kind: str,
    window: list[int],
    strides: list[int],
    pad: Pad,
    rounding: str | None,
    dilations: list[int],
    by_hand: Callable[[Tensor], Tensor],
) -> Tensor:
    """The pooling by TensorFlow where it has one, else by hand."""
    expect_rounding(pad, rounding, name)
    known = x.dtype.is_floating and (pad == "valid" or (pad == "same" and all_ones(dilations)))

    def of_batch(x: Tensor) -> Tensor:
        if known:
            return _by_tensorflow(x, kind, window, strides, str(pad).upper(), dilations)
        return by_hand(x)

    return batched(x, axes + 2, name, of_batch)


def _by_tensorflow(  # noqa: PLR0913, PLR0917  everything that decides a pooling
    x: Tensor,
    kind: str,
    window: list[int],
    strides: list[int],
    padding: str,
    dilations: list[int],
) -> Tensor:
    if all_ones(dilations):  # tf.nn.pool takes no stride larger than the window
        return _POOLS[kind, len(window)](x, window, strides, padding)
    return tf.nn.pool(x, window, kind, strides, padding, dilations=dilations)


def _lowest(x: Tensor) -> float:
    return -math.inf if x.dtype.is_floating else x.dtype.min


def _expect_last(dataFormat: str, name: str) -> None:
    if dataFormat != "NDHWC":
        raise ValueError(
            f"Error in {name}: Only NDHWC is currently supported,"
            f" but got dataFormat of {dataFormat}"
        )
