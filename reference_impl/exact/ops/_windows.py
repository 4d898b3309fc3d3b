"""Windows that slide over the spatial axes of node arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from reference_impl.api.windows import Pairs
from reference_impl.exact import tape
from reference_impl.exact.ops._table import upcast
from reference_impl.exact.tensor import Array, Tensor


def expect_rank(x: Tensor, rank: int, where: str) -> None:
    """Refuse another rank."""
    if x.rank != rank:
        raise ValueError(f"Error in {where} must be rank {rank}, but got rank {x.rank}.")


def batched(x: Tensor, rank: int, where: str, of_batch: Callable[[Tensor], Tensor]) -> Tensor:
    """The result for one image without a batch axis, or for a batch of ``rank``."""
    if x.rank == rank - 1:
        return of_batch(x[None])[0]
    expect_rank(x, rank, f"{where}: input")
    return of_batch(x)


def channels_last(x: Tensor, data_format: str, apply: Callable[[Tensor], Tensor]) -> Tensor:
    """The result of a function of NHWC, in NHWC or NCHW."""
    if data_format == "NHWC":
        return apply(x)
    if data_format != "NCHW":
        raise ValueError(f"Unknown dataFormat {data_format}")
    return apply(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


def zero(x: Tensor, zero: float = 0.0) -> int:
    """What stands for a zero in the data of x."""
    return tape.current().number(zero) if x.dtype == "float32" else 0


def numbers(x: Tensor, filter: Tensor) -> tuple[Tensor, Tensor]:
    """Both in their common dtype; booleans are not computed with."""
    x, filter = upcast(x, filter)
    if x.dtype == "bool":
        raise ValueError("booleans are no numbers")
    return x, filter


def expect_depth(name: str, depth: int, wanted: int) -> None:
    """Refuse a filter for another number of channels."""
    if depth != wanted:
        raise ValueError(
            f"Error in {name}: depth of input ({depth}) must match input depth for filter {wanted}."
        )


def windows(  # noqa: PLR0913, PLR0917  what decides a window
    x: Array,
    around: Pairs,
    window: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    fill: int,
) -> Array:
    """The elements of each window: [batch, ...places of windows, ...places in one, channels].

    ``fill`` is what the padding is made of.
    """
    axes = len(window)
    x = np.pad(x, [[0, 0], *around, [0, 0]], constant_values=fill)
    for axis, (size, stride, dilation) in enumerate(zip(window, strides, dilations, strict=True)):
        starts = np.arange(0, x.shape[2 * axis + 1] - (size - 1) * dilation, stride)
        x = np.take(x, starts[:, None] + np.arange(size) * dilation, axis=2 * axis + 1)
    places = [1 + 2 * axis for axis in range(axes)]
    inside = [2 + 2 * axis for axis in range(axes)]
    return x.transpose([0, *places, *inside, 2 * axes + 1])


def first_largest(nodes: Array, inside: Array) -> tuple[Array, Array]:
    """The largest of each row (the last axis), and its place; only what is inside counts.

    Of equal ones the first has all of the gradient, as in TensorFlow. NaN is the largest.
    """
    found = np.empty(nodes.shape[:-1], np.int64)
    places = np.zeros(nodes.shape[:-1], np.int64)
    for index in np.ndindex(found.shape):
        candidates = np.flatnonzero(inside[index]).tolist()
        row = nodes[index].tolist()
        found[index], places[index] = _largest(row, candidates)
    return found, places


def _largest(row: list[int], candidates: list[int]) -> tuple[int, int]:
    program = tape.current()
    best: list[int] = []
    for at in candidates:
        value = program.values[row[at]]
        if isinstance(value, float) and math.isnan(value):
            return row[at], at
        order = program.compare(row[at], row[best[0]]) if best else 1
        if order == 1:
            best = [at]
        elif order == 0:
            best.append(at)
    if not best:
        return program.number(-np.inf), 0
    if len(best) == 1:
        return row[best[0]], best[0]
    last = program.prefers_last(program.values[row[best[0]]], len(best))
    node = program.tie(tuple(row[at] for at in best), (1.0, *[0.0] * (len(best) - 1)))
    return node, best[-1 if last else 0]
