"""Windows that slide over the spatial axes: what convolutions and poolings share.

Spatial axes are those between the batch and the channels; ``pad`` is as in tf.js: ``"same"``,
``"valid"``, a number of elements on all sides, or pairs [before, after] for every axis.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import tensorflow as tf
from tensorflow import Tensor

Pad = str | int | list[list[int]]
PerAxis = int | list[int]
Pairs = list[list[int]]

_ROUNDINGS: dict[str | None, Callable[[float], int]] = {
    None: math.trunc,
    "floor": math.floor,
    "ceil": math.ceil,
    "round": lambda size: math.floor(size + 0.5),
}


def per_axis(value: PerAxis, axes: int = 2) -> list[int]:
    """One number for each spatial axis, of a number for all or a list of so many."""
    values = value if isinstance(value, list) else [value] * axes
    if len(values) != axes:
        raise ValueError(f"one number or {axes} are needed, but got {value}")
    return values


def framed(value: PerAxis, axes: int = 2) -> list[int]:
    """The same for TensorFlow, which wants a 1 for the batch and for the channels."""
    return [1, *per_axis(value, axes), 1]


def all_ones(value: PerAxis) -> bool:
    """Whether strides or dilations are none."""
    return set(value if isinstance(value, list) else [value]) == {1}


def expect_rank(tensor: Tensor, rank: int, where: str) -> None:
    """Refuse another rank, which TensorFlow takes for more batch axes."""
    if tensor.shape.rank != rank:
        raise ValueError(f"Error in {where} must be rank {rank}, but got rank {tensor.shape.rank}.")


def expect_strides_or_dilations(strides: PerAxis, dilations: PerAxis, where: str) -> None:
    """Refuse both at once, which tf.js documents as its limitation."""
    if not (all_ones(strides) or all_ones(dilations)):
        raise ValueError(
            f"Error in {where}: Either strides or dilations must be 1. "
            f"Got strides {strides} and dilations '{dilations}'"
        )
    for value in (strides, dilations):
        if min(value if isinstance(value, list) else [value]) <= 0:
            raise ValueError(f"Error in {where}: strides and dilations should be larger than 0.")


def expect_rounding(pad: Pad, rounding: str | None, where: str) -> None:
    """Refuse a rounding mode of sizes that are not computed from a number of elements."""
    if rounding is not None and isinstance(pad, str):
        raise ValueError(
            f"Error in {where}: pad must be an integer when using "
            f"dimRoundingMode {rounding} but got pad {pad}."
        )


def batched(x: Tensor, rank: int, where: str, of_batch: Callable[[Tensor], Tensor]) -> Tensor:
    """The result for one image without a batch axis, or for a batch of ``rank``."""
    if x.shape.rank == rank - 1:
        return tf.squeeze(of_batch(x[tf.newaxis]), 0)
    expect_rank(x, rank, f"{where}: input")
    return of_batch(x)


def channels_last(x: Tensor, data_format: str, apply: Callable[[Tensor], Tensor]) -> Tensor:
    """The result in NHWC or NCHW: TensorFlow has CPU kernels for the former only."""
    if data_format == "NHWC":
        return apply(x)
    if data_format != "NCHW":
        raise ValueError(f"Unknown dataFormat {data_format}")
    return tf.transpose(apply(tf.transpose(x, [0, 2, 3, 1])), [0, 3, 1, 2])


def spatial_pad(pad: Pad, data_format: str) -> Pad:
    """``pad`` with its pairs in the order of NHWC."""
    if isinstance(pad, list) and data_format == "NCHW":
        return [pad[0], pad[2], pad[3], pad[1]]
    return pad


def paddings(  # noqa: PLR0913, PLR0917  everything that decides a size
    sizes: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    pad: Pad,
    rounding: str | None = None,
) -> Pairs:
    """How many elements go before and after each spatial axis, so that windows fit as asked.

    A size that is rounded up needs more elements after the axis than ``pad`` says.
    """
    spans = [(size - 1) * by + 1 for size, by in zip(window, dilations, strict=True)]
    if pad == "same":
        needed = [
            max((math.ceil(size / stride) - 1) * stride + span - size, 0)
            for size, span, stride in zip(sizes, spans, strides, strict=True)
        ]
        return [[total // 2, total - total // 2] for total in needed]
    if isinstance(pad, list):
        given = [list(pair) for pair in pad[1:-1]]
    elif pad == "valid":
        given = [[0, 0] for _ in sizes]
    elif isinstance(pad, str):
        raise ValueError(f"Unknown padding parameter: {pad}")
    else:
        given = [[pad, pad] for _ in sizes]
    for pair, size, span, stride in zip(given, sizes, spans, strides, strict=True):
        room = size + sum(pair) - span
        windows = _ROUNDINGS[rounding](room / stride + 1)
        pair[1] += max((windows - 1) * stride - room, 0)
    return given


def padded(x: Tensor, pairs: Pairs, value: float = 0) -> Tensor:
    """The tensor with ``value`` around its spatial axes."""
    return tf.pad(x, [[0, 0], *pairs, [0, 0]], constant_values=tf.constant(value, x.dtype))


def taps(
    x: Tensor, window: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> list[Tensor]:
    """For each position in the window, in row-major order, the elements of all windows there."""
    spans = [(size - 1) * by for size, by in zip(window, dilations, strict=True)]
    sizes = x.shape[1:-1]
    found = []
    for position in itertools.product(*map(range, window)):
        begin = [at * by for at, by in zip(position, dilations, strict=True)]
        end = [size - span + first for size, span, first in zip(sizes, spans, begin, strict=True)]
        found.append(
            tf.strided_slice(x, [0, *begin, 0], [x.shape[0], *end, x.shape[-1]], [1, *strides, 1])
        )
    return found
