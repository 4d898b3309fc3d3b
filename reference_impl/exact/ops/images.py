"""Operations / Images: resizing, crops, flips, colours and thresholds; ``browser.fromPixels``."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from reference_impl.exact import tensor as t
from reference_impl.exact.ops._table import cast, method, op, real
from reference_impl.exact.ops._windows import expect_rank
from reference_impl.exact.ops.basic_math import round as rounded
from reference_impl.exact.tensor import Array, Tensor
from reference_impl.javascript import type_name

# tf.js and TensorFlow have them in float32.
_LUMA = np.array([0.2989, 0.5870, 0.1140], np.float32)
_LEVELS = 256
_HALF = Fraction(1, 2)
_UNORDERED = 2
"""What ``compare`` says of NaN."""


@op(method=False, name="browser.fromPixels")
def fromPixels(pixels: object, numChannels: int = 3) -> Tensor:
    # A case cannot write the typed array, canvas or video that tf.js wants here.
    raise ValueError(f"no pixels of {numChannels} channels in {type_name(pixels)}")


@op("image", method=False, name="image.cropAndResize", boxes="float32", boxInd="int32")
def cropAndResize(  # noqa: PLR0913, PLR0917  as in tf.js
    image: Tensor,
    boxes: Tensor,
    boxInd: Tensor,
    cropSize: list[int],
    method: str = "bilinear",
    extrapolationValue: float = 0,
) -> Tensor:
    expect_rank(image, 4, "cropAndResize: image")
    if boxes.rank != 2 or boxes.shape[1] != 4:  # noqa: PLR2004  [y1, x1, y2, x2]
        raise ValueError(f"boxes must be of shape [number, 4], but are {boxes.shape}")
    if boxInd.shape != boxes.shape[:1]:
        raise ValueError(f"{boxInd.shape} indices for boxes of shape {boxes.shape}")
    if method not in {"bilinear", "nearest"}:
        raise ValueError(f"method must be bilinear or nearest, but was {method}")
    if (t.compare(boxes - boxes, 0) != 0).any():
        raise ValueError("a box that is not finite")
    if ((boxInd.data < 0) | (boxInd.data >= image.shape[0])).any():
        raise ValueError("a box of an image that is not there")
    height, width = _sizes(cropSize)
    ys = _crop(boxes[:, 0, None], boxes[:, 2, None], height, image.shape[1])
    xs = _crop(boxes[:, 1, None], boxes[:, 3, None], width, image.shape[2])
    outside = _outside(ys, image.shape[1])[:, :, None] | _outside(xs, image.shape[2])[:, None, :]
    of, x = boxInd.data[:, None, None], real(image)
    if method == "nearest":
        rows = _inside(_nearest(ys), image.shape[1])[:, :, None]
        columns = _inside(_nearest(xs), image.shape[2])[:, None, :]
        found = x[of, rows, columns]
    else:
        found = _bilinear(x, of, ys, xs)
    return t.select(outside[..., None], np.float32(extrapolationValue), found)


@op(method=False, name="image.flipLeftRight", image="float32")
def flipLeftRight(image: Tensor) -> Tensor:
    expect_rank(image, 4, "flipLeftRight: image")
    return image[:, :, ::-1]


@op("image", method=False, name="image.grayscaleToRGB")
def grayscaleToRGB(image: Tensor) -> Tensor:
    if image.rank < 2 or image.shape[-1] != 1:  # noqa: PLR2004  pixels and channels
        raise ValueError(f"the last axis of {image.shape} must be of size 1")
    return image.of(np.repeat(image.data, 3, -1))


@op("image", method=False, name="image.rgbToGrayscale")
def rgbToGrayscale(image: Tensor) -> Tensor:
    if image.rank < 2 or image.shape[-1] != len(_LUMA):  # noqa: PLR2004  pixels and channels
        raise ValueError(f"the last axis of {image.shape} must be of size 3")
    gray = t.total(real(image) * t.floats(_LUMA), -1, keep=True)
    return gray if image.dtype == "float32" else cast(gray, image.dtype)


@method("resizeBilinear")
@op("images", method=False, name="image.resizeBilinear")
def resizeBilinear(
    images: Tensor, size: list[int], alignCorners: bool = False, halfPixelCenters: bool = False
) -> Tensor:
    batch = _batch(images, alignCorners, halfPixelCenters)
    x = real(batch)
    for axis, to in enumerate(_sizes(size), 1):
        count = x.shape[axis]
        at = _sources(count, to, alignCorners, halfPixelCenters)
        lower = np.array([one.numerator // one.denominator for one in at])
        over = [one - below for one, below in zip(at, lower.tolist(), strict=True)]
        shape = [to if one == axis else 1 for one in range(4)]
        share = t.floats([one.numerator for one in over]) / t.floats(
            [one.denominator for one in over]
        )
        exactly = np.array([one == 0 for one in over])
        first = x.of(x.data.take(_inside(lower, count), axis))
        second = x.of(x.data.take(_inside(lower + 1, count), axis))
        x = _between(first, second, share.reshape(shape), exactly.reshape(shape))
    return x if batch is images else x[0]


@method("resizeNearestNeighbor")
@op("images", method=False, name="image.resizeNearestNeighbor")
def resizeNearestNeighbor(
    images: Tensor, size: list[int], alignCorners: bool = False, halfPixelCenters: bool = False
) -> Tensor:
    batch = _batch(images, alignCorners, halfPixelCenters)
    x = batch
    for axis, to in enumerate(_sizes(size), 1):
        at = _sources(x.shape[axis], to, alignCorners, halfPixelCenters)
        # The pixel that a place with half-pixel centres lies in; the nearest corner of pixels.
        moved = [one + (_HALF if alignCorners or halfPixelCenters else 0) for one in at]
        places = np.array([one.numerator // one.denominator for one in moved])
        x = x.of(x.data.take(_inside(places, x.shape[axis]), axis))
    return x.of(x.data) if batch is images else x[0]


@op(method=False, name="image.rotateWithOffset", image="float32")
def rotateWithOffset(
    image: Tensor,
    radians: float,
    fillValue: float | list[float] = 0,
    center: float | list[float] = 0.5,
) -> Tensor:
    # Each pixel is read from where the rotation takes its place from.
    expect_rank(image, 4, "rotateWithOffset: image")
    _, height, width, channels = image.shape
    center_x, center_y = center if isinstance(center, list) else (center, center)
    middle_x, middle_y = t.floats(width) * center_x, t.floats(height) * center_y
    across = t.floats(np.arange(width)[None, :]) - middle_x
    down = t.floats(np.arange(height)[:, None]) - middle_y
    sine, cosine = t.sin(t.floats(radians)), t.cos(t.floats(radians))
    columns = t.floors(across * cosine - down * sine + middle_x + 0.5).astype(np.int64)
    rows = t.floors(across * sine + down * cosine + middle_y + 0.5).astype(np.int64)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    moved = image[:, _inside(rows, height), _inside(columns, width)]
    fill = fillValue if not isinstance(fillValue, list) else [*fillValue, 255][:channels]
    return t.select(inside[..., None], moved, np.array(fill, np.float32))


@op("image", method=False, name="image.threshold")
def threshold(
    image: Tensor, method: str = "binary", inverted: bool = False, threshValue: float = 0.5
) -> Tensor:
    expect_rank(image, 3, "threshold: image")
    if image.shape[2] not in {1, 3}:
        raise ValueError(
            "Error in threshold: image color channel must be equal to 3 or 1but got"
            f" {image.shape[2]}."
        )
    if method not in {"binary", "otsu"}:
        raise ValueError(f"Method must be binary or otsu, but was {method}")
    gray = real(image)
    if image.shape[2] == len(_LUMA):
        gray = t.total(gray * t.floats(_LUMA), 2, keep=True)
    limit = t.floats(_otsu(gray)) if method == "otsu" else 255 * t.floats(threshValue)
    order = t.compare(gray, limit)
    above = order <= 0 if inverted else order == 1
    return Tensor("int32", np.where(above, 255, 0))


def _otsu(gray: Tensor) -> int:
    """The first level that splits the histogram with the largest variance between its classes."""
    found = t.floors(rounded(gray)).astype(np.int64).ravel()
    counts = np.bincount(found, minlength=_LEVELS)[:_LEVELS].tolist()
    best, level_of_best = Fraction(0), -1
    for level in range(_LEVELS - 1):
        low, high = sum(counts[: level + 1]), sum(counts[level + 1 :])
        if low == 0 or high == 0:
            continue
        mean_low = Fraction(sum(at * counts[at] for at in range(level + 1)), low)
        mean_high = Fraction(sum(at * counts[at] for at in range(level + 1, _LEVELS)), high)
        variance = low * high * (mean_low - mean_high) ** 2
        if variance > best:
            best, level_of_best = variance, level
    return level_of_best


def _batch(images: Tensor, aligned: bool, centred: bool) -> Tensor:
    """The images with a batch axis, if resizing takes them."""
    if aligned and centred:
        raise ValueError("If halfPixelCenters is true, alignCorners must be false.")
    if images.rank == 3:  # noqa: PLR2004  one image
        return images[None]
    expect_rank(images, 4, "resize: x")
    return images


def _sizes(size: list[int]) -> tuple[int, int]:
    if not isinstance(size, list) or len(size) != 2 or min(size) <= 0:  # noqa: PLR2004
        raise ValueError(f"two sizes above zero are wanted, but got {size}")
    return size[0], size[1]


def _sources(size: int, to: int, aligned: bool, centred: bool) -> list[Fraction]:
    """Where in ``size`` pixels each of ``to`` pixels is taken from."""
    if aligned and to > 1:
        return [Fraction(at * (size - 1), to - 1) for at in range(to)]
    shift = _HALF if centred else 0
    return [(at + shift) * Fraction(size, to) - shift for at in range(to)]


def _inside(places: Array, size: int) -> Array:
    """The nearest place that there is."""
    found: Array = np.clip(places, 0, size - 1).astype(np.int64)
    return found


def _outside(places: Tensor, size: int) -> Array:
    below: Array = t.compare(places, 0) == -1
    beyond: Array = t.compare(places, size - 1) == 1
    return np.logical_or(below, beyond)


def _nearest(places: Tensor) -> Array:
    """Rounded, half-way up."""
    return t.floors(places + 0.5)


def _crop(start: Tensor, end: Tensor, count: int, size: int) -> Tensor:
    """The places in ``size`` pixels that a box is sampled at, for each of the boxes."""
    if count == 1:
        return (start + end) / 2 * (size - 1)
    steps = t.floats(np.arange(count))
    return (start * (count - 1) + (end - start) * steps) * (size - 1) / (count - 1)


def _bilinear(x: Tensor, of: Array, ys: Tensor, xs: Tensor) -> Tensor:
    """The pixels of the images ``of`` at [number, rows] and [number, columns]."""
    above, left = t.floors(ys), t.floors(xs)
    down, right = ys - t.floats(above), xs - t.floats(left)
    rows = [_inside(above + more, x.shape[1])[:, :, None] for more in (0, 1)]
    columns = [_inside(left + more, x.shape[2])[:, None, :] for more in (0, 1)]
    across, on_column = right[:, None, :, None], (t.compare(right, 0) == 0)[:, None, :, None]
    first, second = (
        _between(x[of, row, columns[0]], x[of, row, columns[1]], across, on_column) for row in rows
    )
    return _between(
        first, second, down[:, :, None, None], (t.compare(down, 0) == 0)[..., None, None]
    )


def _between(first: Tensor, second: Tensor, share: Tensor, exactly: Array) -> Tensor:
    """First plus ``share`` of the way to the second; only the first where it lies exactly there."""
    return t.select(exactly, first, first * (1 - share) + second * share)
