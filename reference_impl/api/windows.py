"""The geometry of windows that slide over the spatial axes: what convolutions and poolings share.

Spatial axes are those between the batch and the channels; ``pad`` is as in tf.js: ``"same"``,
``"valid"``, a number of elements on all sides, or pairs [before, after] for every axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

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


def all_ones(value: PerAxis) -> bool:
    """Whether strides or dilations are none."""
    return set(value if isinstance(value, list) else [value]) == {1}


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
