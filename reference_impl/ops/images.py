"""Operations / Images, and ``browser.fromPixels``.

Resizing is linear, so the gradient of its gradient is the resizing again. TensorFlow stops at first
order there; here the two are each other's gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from tensorflow import Tensor

from reference_impl.javascript import type_name
from reference_impl.namespace import Record
from reference_impl.ops._table import method, op

_LUMA = (0.2989, 0.5870, 0.1140)
_OPAQUE = 255.0
_ALPHA = 3
_IMAGE_RANKS = {3, 4}
_LEVELS = 256


@op(method=False, name="browser.fromPixels")
def fromPixels(pixels: object, numChannels: int = 3) -> Tensor:
    # A case cannot write the typed array, canvas or video that tf.js wants here.
    if numChannels > _ALPHA + 1:
        raise ValueError("Cannot construct Tensor with more than 4 channels from pixels.")
    if pixels is None:
        raise ValueError("pixels passed to tf.browser.fromPixels() can not be null")
    raise ValueError(
        "pixels passed to tf.browser.fromPixels() must be either an HTMLVideoElement,"
        " HTMLImageElement, HTMLCanvasElement, ImageData in browser, or OffscreenCanvas, ImageData"
        " in webworker or {data: Uint32Array, width: number, height: number}, but was"
        f" {type_name(pixels)}"
    )


@op("image", method=False, name="image.cropAndResize", boxes="float32", boxInd="int32")
def cropAndResize(  # noqa: PLR0913, PLR0917  as in tf.js
    image: Tensor,
    boxes: Tensor,
    boxInd: Tensor,
    cropSize: list[int],
    method: str = "bilinear",
    extrapolationValue: float = 0,
) -> Tensor:
    return tf.raw_ops.CropAndResize(
        image=image,
        boxes=boxes,
        box_ind=boxInd,
        crop_size=cropSize,
        method=method,
        extrapolation_value=extrapolationValue,
    )


@op(method=False, name="image.flipLeftRight", image="float32")
def flipLeftRight(image: Tensor) -> Tensor:
    _expect_rank_4(image, "flipLeftRight")
    return tf.image.flip_left_right(image)


@op("image", method=False, name="image.grayscaleToRGB")
def grayscaleToRGB(image: Tensor) -> Tensor:
    return tf.image.grayscale_to_rgb(image)


@op(method=False, name="image.nonMaxSuppression", boxes="float32", scores="float32")
def nonMaxSuppression(
    boxes: Tensor,
    scores: Tensor,
    maxOutputSize: int,
    iouThreshold: float | None = 0.5,
    scoreThreshold: float | None = -math.inf,
) -> Tensor:
    return tf.raw_ops.NonMaxSuppressionV3(
        boxes=boxes,
        scores=scores,
        max_output_size=maxOutputSize,
        iou_threshold=0.5 if iouThreshold is None else iouThreshold,
        score_threshold=-math.inf if scoreThreshold is None else scoreThreshold,
    )


@op("boxes", "scores", method=False, name="image.nonMaxSuppressionPadded")
def nonMaxSuppressionPadded(  # noqa: PLR0913, PLR0917  as in tf.js
    boxes: Tensor,
    scores: Tensor,
    maxOutputSize: int,
    iouThreshold: float | None = 0.5,
    scoreThreshold: float | None = -math.inf,
    padToMaxOutputSize: bool = False,
) -> Record:
    indices, valid = tf.raw_ops.NonMaxSuppressionV4(
        boxes=boxes,
        scores=scores,
        max_output_size=maxOutputSize,
        iou_threshold=0.5 if iouThreshold is None else iouThreshold,
        score_threshold=-math.inf if scoreThreshold is None else scoreThreshold,
        pad_to_max_output_size=bool(padToMaxOutputSize),
    )
    return Record(selectedIndices=indices, validOutputs=valid)


@op("boxes", "scores", method=False, name="image.nonMaxSuppressionWithScore")
def nonMaxSuppressionWithScore(  # noqa: PLR0913, PLR0917  as in tf.js
    boxes: Tensor,
    scores: Tensor,
    maxOutputSize: int,
    iouThreshold: float | None = 0.5,
    scoreThreshold: float | None = -math.inf,
    softNmsSigma: float | None = 0.0,
) -> Record:
    sigma = softNmsSigma or 0.0
    if not 0 <= sigma <= 1:
        raise ValueError(f"softNmsSigma must be in [0, 1], but was '{sigma}'")
    indices, selected, _ = tf.raw_ops.NonMaxSuppressionV5(
        boxes=boxes,
        scores=scores,
        max_output_size=maxOutputSize,
        iou_threshold=0.5 if iouThreshold is None else iouThreshold,
        score_threshold=-math.inf if scoreThreshold is None else scoreThreshold,
        soft_nms_sigma=sigma,
    )
    return Record(selectedIndices=indices, selectedScores=selected)


@method("resizeBilinear")
@op("images", method=False, name="image.resizeBilinear")
def resizeBilinear(
    images: Tensor, size: list[int], alignCorners: bool = False, halfPixelCenters: bool = False
) -> Tensor:
    flags = {"align_corners": alignCorners, "half_pixel_centers": halfPixelCenters}

    def resize(x: Tensor) -> Tensor:
        return tf.raw_ops.ResizeBilinear(images=x, size=size, **flags)

    def spread(dy: Tensor, like: Tensor) -> Tensor:
        return tf.raw_ops.ResizeBilinearGrad(grads=dy, original_image=like, **flags)

    return _resized(images, resize, spread)


@method("resizeNearestNeighbor")
@op("images", method=False, name="image.resizeNearestNeighbor")
def resizeNearestNeighbor(
    images: Tensor, size: list[int], alignCorners: bool = False, halfPixelCenters: bool = False
) -> Tensor:
    flags = {"align_corners": alignCorners, "half_pixel_centers": halfPixelCenters}

    def resize(x: Tensor) -> Tensor:
        return tf.raw_ops.ResizeNearestNeighbor(images=x, size=size, **flags)

    def spread(dy: Tensor, like: Tensor) -> Tensor:
        return tf.raw_ops.ResizeNearestNeighborGrad(grads=dy, size=like.shape[1:3], **flags)

    return _resized(images, resize, spread)


def _resized(
    images: Tensor, resize: Callable[[Tensor], Tensor], spread: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    """One image or a batch resized; ``spread`` is the gradient of ``resize``, and the reverse."""
    if images.shape.rank not in _IMAGE_RANKS:
        raise ValueError(
            f"Error in resize: x must be rank 3 or 4, but got rank {images.shape.rank}."
        )
    batch = images if images.shape.rank == max(_IMAGE_RANKS) else images[tf.newaxis]

    def forward(x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        return resize(x), tf.custom_gradient(backward)

    def backward(dy: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        return spread(dy, batch), tf.custom_gradient(forward)

    result = tf.custom_gradient(forward)(batch) if batch.dtype.is_floating else resize(batch)
    return result if batch is images else result[0]


@op("image", method=False, name="image.rgbToGrayscale")
def rgbToGrayscale(image: Tensor) -> Tensor:
    if image.shape.rank < 2:  # noqa: PLR2004  height and channels
        raise ValueError(
            "Error in RGBToGrayscale: images must be at least rank 2, but got rank"
            f" {image.shape.rank}."
        )
    if image.dtype.is_floating:
        return tf.image.rgb_to_grayscale(image)
    # TensorFlow scales integers to [0, 1] on the way; tf.js truncates the weighted sum.
    return tf.cast(tf.image.rgb_to_grayscale(tf.cast(image, tf.float32)), image.dtype)


@op(method=False, name="image.rotateWithOffset", image="float32")
def rotateWithOffset(
    image: Tensor,
    radians: float,
    fillValue: float | list[float] = 0,
    center: float | list[float] = 0.5,
) -> Tensor:
    # TensorFlow has none: each pixel is read from where the rotation takes its place from.
    _expect_rank_4(image, "rotateWithOffset")
    _, height, width, channels = image.shape
    center_x, center_y = center if isinstance(center, list) else (center, center)
    across, down = np.meshgrid(
        np.arange(width) - width * center_x, np.arange(height) - height * center_y
    )
    sine, cosine = math.sin(radians), math.cos(radians)
    columns = np.floor(across * cosine - down * sine + width * center_x + 0.5).astype(int)
    rows = np.floor(across * sine + down * cosine + height * center_y + 0.5).astype(int)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    places = np.where(inside, rows * width + columns, 0)
    flat = tf.reshape(image, [-1, height * width, channels])
    moved = tf.reshape(tf.gather(flat, places, axis=1), image.shape)
    fill = fillValue if not isinstance(fillValue, list) else [*fillValue, _OPAQUE][:channels]
    return tf.where(inside[..., np.newaxis], moved, tf.constant(fill, tf.float32))


@op("image", method=False, name="image.threshold")
def threshold(
    image: Tensor, method: str = "binary", inverted: bool = False, threshValue: float = 0.5
) -> Tensor:
    # TensorFlow has none.
    if image.shape.rank != min(_IMAGE_RANKS):
        raise ValueError(
            f"Error in threshold: image must be rank 3,but got rank {image.shape.rank}."
        )
    if image.shape[2] not in {1, 3}:
        raise ValueError(
            "Error in threshold: image color channel must be equal to 3 or 1but got"
            f" {image.shape[2]}."
        )
    if method not in {"binary", "otsu"}:
        raise ValueError(f"Method must be binary or otsu, but was {method}")
    gray = tf.cast(image, tf.float32)
    if image.shape[2] == len(_LUMA):
        gray = tf.reduce_sum(gray * tf.constant(_LUMA), axis=2, keepdims=True)
    limit = _otsu(gray) if method == "otsu" else 255.0 * threshValue
    above = gray <= limit if inverted else gray > limit
    return tf.where(above, 255, 0)


def _otsu(gray: Tensor) -> float:
    """The first level that splits the histogram with the largest variance between its classes."""
    counts = np.bincount(np.rint(gray.numpy()).astype(int).ravel(), minlength=_LEVELS)[:_LEVELS]
    levels = np.arange(_LEVELS)
    best, found = 0.0, -1.0
    for level in range(_LEVELS - 1):
        low, high = counts[: level + 1], counts[level + 1 :]
        if low.sum() == 0 or high.sum() == 0:
            continue
        mean_low = (low * levels[: level + 1]).sum() / low.sum()
        mean_high = (high * levels[level + 1 :]).sum() / high.sum()
        variance = low.sum() * high.sum() * (mean_low - mean_high) ** 2
        if variance > best:
            best, found = variance, float(level)
    return found


@op(method=False, name="image.transform", image="float32", transforms="float32")
def transform(  # noqa: PLR0913, PLR0917  as in tf.js
    image: Tensor,
    transforms: Tensor,
    interpolation: str = "nearest",
    fillMode: str = "constant",
    fillValue: float = 0,
    outputShape: list[int] | None = None,
) -> Tensor:
    _expect_rank_4(image, "transform")
    if interpolation not in {"nearest", "bilinear"}:
        raise ValueError(
            f"Error in Transform: Expect 'nearest' or 'bilinear', but got {interpolation}"
        )
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=image,
        transforms=transforms,
        output_shape=image.shape[1:3] if outputShape is None else outputShape,
        fill_value=fillValue,
        interpolation=interpolation.upper(),
        fill_mode=fillMode.upper(),
    )


def _expect_rank_4(image: Tensor, name: str) -> None:
    if image.shape.rank != max(_IMAGE_RANKS):
        raise ValueError(f"Error in {name}: image must be rank 4,but got rank {image.shape.rank}.")
