"""Operations / Normalization, and the moments that it starts from.

Numbers among the arguments are the doubles that the caller gave.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.api.namespace import Record
from reference_impl.exact import tape
from reference_impl.exact import tensor as t
from reference_impl.exact.blocks import with_gradient
from reference_impl.exact.ops._sums import average, less_largest
from reference_impl.exact.ops._table import op, real, upcast
from reference_impl.exact.tensor import Axis, Tensor


@op("x", "mean", "variance", "offset", "scale")
def batchNorm(  # noqa: PLR0913, PLR0917  as in tf.js
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    offset: Tensor | None = None,
    scale: Tensor | None = None,
    varianceEpsilon: float | None = None,
) -> Tensor:
    for name, operand in (("variance", variance), ("offset", offset), ("scale", scale)):
        if operand is not None and operand.rank != mean.rank:
            raise ValueError(
                f"Batch normalization gradient requires mean and {name} to have equal ranks."
            )
    x, mean = upcast(x, mean)
    if any(one is not None and one.dtype != "float32" for one in (x, variance, offset, scale)):
        raise ValueError("batchNorm takes float32 tensors")
    epsilon = 0.001 if varianceEpsilon is None else varianceEpsilon
    normalized = (x - mean) * t.rsqrt(variance + epsilon)
    if scale is not None:
        normalized = normalized * scale
    if offset is not None:
        normalized = normalized + offset
    if normalized.shape != x.shape:
        raise ValueError(f"the result has shape {normalized.shape}, but x has {x.shape}")
    return normalized


@op("x", "mean", method=False)
def batchNorm2d(x: Tensor, mean: Tensor, *others: Any) -> Tensor:
    return _batch_norm_of_rank(2, x, mean, others)


@op("x", "mean", method=False)
def batchNorm3d(x: Tensor, mean: Tensor, *others: Any) -> Tensor:
    return _batch_norm_of_rank(3, x, mean, others)


@op("x", "mean", method=False)
def batchNorm4d(x: Tensor, mean: Tensor, *others: Any) -> Tensor:
    return _batch_norm_of_rank(4, x, mean, others)


def _batch_norm_of_rank(rank: int, x: Tensor, mean: Tensor, others: tuple[Any, ...]) -> Tensor:
    if x.rank != rank:
        raise ValueError(f"Error in batchNorm{rank}D: x must be rank {rank} but got rank {x.rank}.")
    if mean.rank not in {rank, 1}:
        raise ValueError(
            f"Error in batchNorm{rank}D: mean must be rank {rank} or rank 1"
            f" but got rank {mean.rank}."
        )
    return batchNorm(x, mean, *others)


@op("x")
def localResponseNormalization(
    x: Tensor, depthRadius: int = 5, bias: float = 1, alpha: float = 1, beta: float = 0.5
) -> Tensor:
    if x.rank not in {3, 4}:
        raise ValueError(
            f"Error in localResponseNormalization: x must be rank 3 or 4 but got rank {x.rank}."
        )
    if not isinstance(depthRadius, int):
        raise ValueError(  # noqa: TRY004  every misuse of an op is a ValueError
            "Error in localResponseNormalization: depthRadius must be an integer"
            f" but got depthRadius {depthRadius}."
        )
    if depthRadius < 0:
        raise ValueError(f"depthRadius must not be negative, but is {depthRadius}")
    if x.dtype != "float32":
        raise ValueError(f"localResponseNormalization takes no {x.dtype} tensor")
    if not x.size:
        return x.of(x.data)
    radius = min(depthRadius, x.shape[-1])
    squares = (x * x).data
    pads = [(0, 0)] * (x.rank - 1) + [(radius, radius)]
    padded = np.pad(squares, pads, constant_values=tape.current().zero)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * radius + 1, -1)
    others = t.total(x.of(np.delete(windows, radius, -1)), -1)
    return t.normalized(x, bias + alpha * others, alpha, -beta)


@op("logits")
def logSoftmax(logits: Tensor, axis: int = -1) -> Tensor:
    if axis not in {-1, logits.rank - 1}:
        raise ValueError(
            "Log Softmax along a non-last dimension is not yet supported."
            f" Logits was rank {logits.rank} and axis was {axis}"
        )
    logits = real(logits)
    shifted, _ = less_largest(logits, -1)
    value = shifted - t.log(t.total(t.exp(shifted), -1, keep=True))

    def slope(dy: Tensor) -> list[Tensor]:
        # Of the rounded result: its exponentials are the softmax.
        return [dy - t.total(dy, -1, keep=True) * t.exp(value)]

    return with_gradient(value, [logits], slope)


@op("x", method=False)
def moments(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Record:
    x = real(x)
    mean = average(x, axis, keep=True)
    deviation = x - mean
    variance = average(deviation * deviation, axis, keep=bool(keepDims))
    return Record(mean=mean.reshape(variance.shape), variance=variance)


@op(logits="float32")
def softmax(logits: Tensor, dim: int = -1) -> Tensor:
    if dim not in {-1, logits.rank - 1}:
        raise ValueError(
            "Softmax along a non-last dimension is not yet supported."
            f" Logits was rank {logits.rank} and dim was {dim}"
        )
    weights = t.exp(less_largest(logits, -1)[0])
    return weights / t.total(weights, -1, keep=True)
