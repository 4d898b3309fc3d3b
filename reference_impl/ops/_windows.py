"""Windows that slide over the spatial axes of TensorFlow's tensors."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.api.windows import Pairs, PerAxis, per_axis


def framed(value: PerAxis, axes: int = 2) -> list[int]:
    """What ``per_axis`` gives, with a 1 for the batch and for the channels, as TensorFlow wants."""
    return [1, *per_axis(value, axes), 1]


def expect_rank(tensor: Tensor, rank: int, where: str) -> None:
    """Refuse another rank, which TensorFlow takes for more batch axes."""
    if tensor.shape.rank != rank:
        raise ValueError(f"Error in {where} must be rank {rank}, but got rank {tensor.shape.rank}.")


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
