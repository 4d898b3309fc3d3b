"""Operations / Images: projective transforms."""

from __future__ import annotations

import numpy as np

from reference_impl.exact import tensor as t
from reference_impl.exact.ops._table import op
from reference_impl.exact.ops._windows import expect_rank
from reference_impl.exact.tensor import Array, Tensor


@op(method=False, name="image.transform", image="float32", transforms="float32")
def transform(  # noqa: PLR0913, PLR0917  as in tf.js
    image: Tensor,
    transforms: Tensor,
    interpolation: str = "nearest",
    fillMode: str = "constant",
    fillValue: float = 0,
    outputShape: list[int] | None = None,
) -> Tensor:
    expect_rank(image, 4, "transform: image")
    if interpolation not in {"nearest", "bilinear"}:
        raise ValueError(
            f"Error in Transform: Expect 'nearest' or 'bilinear', but got {interpolation}"
        )
    if fillMode not in {"constant", "reflect", "wrap", "nearest"}:
        raise ValueError(f"Error in Transform: unknown fillMode {fillMode}")
    batch, height, width, _ = image.shape
    if transforms.rank != 2 or transforms.shape[0] not in {1, batch} or transforms.shape[1] != 8:  # noqa: PLR2004
        raise ValueError(f"transforms of shape {transforms.shape} for {batch} images")
    rows, columns = image.shape[1:3] if outputShape is None else outputShape
    if min(rows, columns) <= 0:
        raise ValueError(f"sizes above zero are wanted, but got {outputShape}")
    x, y = t.floats(np.arange(columns)[None, None, :]), t.floats(np.arange(rows)[None, :, None])
    a = [transforms[:, at, None, None] for at in range(8)]
    divisor = a[6] * x + a[7] * y + 1
    nowhere = np.broadcast_to(t.compare(divisor, 0) == 0, (batch, rows, columns))
    divisor = t.select(nowhere, 1, divisor)
    across = _mapped((a[0] * x + a[1] * y + a[2]) / divisor, width, fillMode)
    down = _mapped((a[3] * x + a[4] * y + a[5]) / divisor, height, fillMode)
    fill = t.floats(np.float32(fillValue))
    if interpolation == "nearest":
        found = _read(image, _nearest(down), _nearest(across), fill)
    else:
        found = _bilinear(image, down, across, fill)
    return t.select(nowhere[..., None], fill, found)


def _mapped(place: Tensor, size: int, mode: str) -> Tensor:
    """The place that stands for one outside, as TensorFlow has it.

    "reflect" is periodic. "wrap" is so for the pixels next to the image only: TensorFlow, and tf.js
    after it, count periods of one pixel less than what they then move by, which nearest makes up.
    """
    last = size - 1
    if mode == "constant":
        return place
    if mode == "reflect":
        place = place - 2 * size * t.floats(t.floors(place / (2 * size)))
        place = t.select(t.compare(place, size) >= 0, 2 * size - 1 - place, place)
    elif mode == "wrap" and size > 1:
        below, beyond = t.compare(place, 0) == -1, t.compare(place, last) == 1
        # The whole parts of a positive number.
        up = t.floats(t.floors(t.select(below, -place, 0) / last)) + 1
        down = t.floats(t.floors(t.select(beyond, place, 0) / last))
        place = t.select(below, place + size * up, place)
        place = t.select(beyond, place - size * down, place)
    return t.minimum(t.maximum(place, 0), last)


def _nearest(places: Tensor) -> Array:
    """Rounded, half-way away from zero."""
    negative = t.compare(places, 0) == -1
    return np.where(negative, -t.floors(-places + 0.5), t.floors(places + 0.5))


def _read(image: Tensor, rows: Array, columns: Array, fill: Tensor) -> Tensor:
    """The pixels at [batch, rows, columns], and the fill for those that are not there."""
    batch, height, width, _ = image.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    of = np.arange(batch)[:, None, None]
    row, column = (np.where(inside, places, 0).astype(np.int64) for places in (rows, columns))
    return t.select(inside[..., None], image[of, row, column], fill)


def _bilinear(image: Tensor, down: Tensor, across: Tensor, fill: Tensor) -> Tensor:
    above, left = t.floors(down), t.floors(across)
    below_by, right_by = down - t.floats(above), across - t.floats(left)
    between = [
        _between(
            _read(image, row, left, fill), _read(image, row, left + 1, fill), right_by[..., None]
        )
        for row in (above, above + 1)
    ]
    return _between(between[0], between[1], below_by[..., None])


def _between(first: Tensor, second: Tensor, share: Tensor) -> Tensor:
    """First plus ``share`` of the way to the second; only the first where it lies exactly there."""
    exactly = t.compare(share, 0) == 0
    return t.select(exactly, first, first * (1 - share) + second * share)
