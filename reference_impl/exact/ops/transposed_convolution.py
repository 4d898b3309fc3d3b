"""Operations / Convolution: the transposes of convolutions, which are their gradients."""

from __future__ import annotations

import numpy as np

from reference_impl.api.windows import Pad, PerAxis, expect_rounding, paddings, per_axis
from reference_impl.exact import tensor as t
from reference_impl.exact.ops._table import op
from reference_impl.exact.ops._windows import batched, expect_depth, expect_rank, numbers, zero
from reference_impl.exact.tensor import Array, Tensor


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


def _transposed(  # noqa: PLR0913, PLR0917  what the public functions have in common
    x: Tensor,
    filter: Tensor,
    axes: int,
    outputShape: list[int],
    strides: PerAxis,
    pad: Pad,
    rounding: str | None,
) -> Tensor:
    """Each element of x goes to the places that a convolution would have read it from."""
    name = f"conv{axes}dDerInput"
    if len(outputShape) != x.rank:
        raise ValueError(
            f"Length of inShape ({len(outputShape)}) and rank of dy ({x.rank}) must match"
        )
    x, filter = numbers(x, filter)
    expect_rank(filter, axes + 2, f"{name}: filter")
    window, by, sizes = filter.shape[:axes], per_axis(strides, axes), outputShape[-1 - axes : -1]
    around = paddings(sizes, window, by, [1] * axes, pad, rounding)

    def of_batch(x: Tensor) -> Tensor:
        expect_depth(name, x.shape[-1], filter.shape[-1])
        expect_depth(name, outputShape[-1], filter.shape[-2])
        batch = outputShape[0] if len(outputShape) == axes + 2 else 1
        origin = [
            max((size + sum(pair) - span) // stride + 1, 0)
            for size, pair, span, stride in zip(sizes, around, window, by, strict=True)
        ]
        if [*x.shape[:-1]] != [batch, *origin]:
            raise ValueError(f"no convolution makes shape {x.shape} of shape {outputShape}")
        if 0 in origin:
            shape = [batch, *sizes, outputShape[-1]]
            return x.of(np.full(shape, zero(x)))
        product = _products(x, filter, axes)
        # For each spatial axis a table: of each place and position in the filter, where x is read.
        tables = [
            _reads(size, pair[0], span, stride, count)
            for size, pair, span, stride, count in zip(
                sizes, around, window, by, origin, strict=True
            )
        ]
        grids = np.ix_(*(np.arange(n) for table in tables for n in table.shape))
        at = [table[grids[2 * a], grids[2 * a + 1]] for a, table in enumerate(tables)]
        inside = np.all(np.broadcast_arrays(*(one >= 0 for one in at)), 0)
        index = (*(np.maximum(one, 0) for one in at), *grids[1::2])
        taken = product.data[index]
        inside = inside.reshape(*inside.shape, 1, 1, 1)
        positions = tuple(range(1, 2 * axes, 2))
        # To add -0 changes nothing, unless there is nothing to add.
        some = inside.any(positions, keepdims=True)
        terms = x.of(np.where(inside, taken, np.where(some, zero(x, -0.0), zero(x))))
        summed = _total(terms, [*positions, 2 * axes + 2])
        return summed.transpose([axes, *range(axes), axes + 1])

    return batched(x, axes + 2, name, of_batch)


def _products(x: Tensor, filter: Tensor, axes: int) -> Tensor:
    """All products, as [...places in x, ...positions in the filter, batch, out, in]."""
    places = x.transpose([*range(1, axes + 1), 0, axes + 1])
    a = places.reshape(*x.shape[1:-1], *[1] * axes, x.shape[0], 1, x.shape[-1])
    b = filter.reshape(*filter.shape[:axes], 1, *filter.shape[axes:])
    return a * b if x.dtype == "float32" else a.of(a.data * b.data)


def _total(x: Tensor, axes: list[int]) -> Tensor:
    if x.dtype == "float32":
        return t.total(x, axes)
    return x.of(x.data.sum(tuple(axes), dtype=np.int32))


def _reads(size: int, before: int, span: int, stride: int, count: int) -> Array:
    """Which of ``count`` elements each place gets at each position of a filter; -1 for none."""
    steps = np.arange(size)[:, None] + before - np.arange(span)
    found = steps // stride
    return np.where((steps % stride == 0) & (found >= 0) & (found < count), found, -1)
