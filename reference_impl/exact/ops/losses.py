"""Training / Losses, whose reductions are those of TensorFlow 1."""

from __future__ import annotations

import numpy as np

from reference_impl.exact import tensor as t
from reference_impl.exact.blocks import with_gradient
from reference_impl.exact.ops._sums import less_largest
from reference_impl.exact.ops._table import cast, op, real
from reference_impl.exact.ops.basic_math import abs as absolute
from reference_impl.exact.ops.basic_math import relu
from reference_impl.exact.tensor import Tensor

_NONE, _MEAN, _SUM, _BY_NONZERO_WEIGHTS = range(4)
"""The numbers of tf.js's enum ``Reduction``."""


@op("labels", "predictions", "weights", name="losses.absoluteDifference", method=False)
def absoluteDifference(
    labels: Tensor,
    predictions: Tensor,
    weights: Tensor | None = None,
    reduction: int = _BY_NONZERO_WEIGHTS,
) -> Tensor:
    labels, predictions = _alike(labels, predictions)
    # The order that tf.js has: which side is the last one at the kink.
    return _weighted(absolute(labels - predictions), weights, reduction)


@op("losses", "weights", name="losses.computeWeightedLoss", method=False)
def computeWeightedLoss(
    losses: Tensor, weights: Tensor | None = None, reduction: int = _BY_NONZERO_WEIGHTS
) -> Tensor:
    return _weighted(losses, weights, reduction)


@op("labels", "predictions", "weights", name="losses.cosineDistance", method=False)
def cosineDistance(
    labels: Tensor,
    predictions: Tensor,
    axis: int,
    weights: Tensor | None = None,
    reduction: int = _BY_NONZERO_WEIGHTS,
) -> Tensor:
    labels, predictions = _alike(labels, predictions)
    losses = 1 - t.total(predictions * labels, axis, keep=True)
    return _weighted(losses, weights, reduction)


@op("labels", "predictions", "weights", name="losses.hingeLoss", method=False)
def hingeLoss(
    labels: Tensor,
    predictions: Tensor,
    weights: Tensor | None = None,
    reduction: int = _BY_NONZERO_WEIGHTS,
) -> Tensor:
    labels, predictions = _alike(labels, predictions)
    # Labels of 0 and 1 become -1 and 1.
    return _weighted(relu(1 - (2 * labels - 1) * predictions), weights, reduction)


@op("labels", "predictions", "weights", name="losses.huberLoss", method=False)
def huberLoss(
    labels: Tensor,
    predictions: Tensor,
    weights: Tensor | None = None,
    delta: float = 1,
    reduction: int = _BY_NONZERO_WEIGHTS,
) -> Tensor:
    labels, predictions = _alike(labels, predictions)
    error, bound = predictions - labels, t.floats(np.float32(delta))
    size = absolute(error)

    def slope(dy: Tensor) -> list[Tensor]:
        # Libraries add what comes through the linear part, which has the bound as its slope, and
        # take it away again.
        return [t.through(dy * error, dy * bound)]

    quadratic = with_gradient(error * error * 0.5, [error], slope)
    linear = bound * bound * 0.5 + bound * (size - bound)
    # Value and slope of both parts are equal where they meet.
    losses = t.select(t.compare(size, bound) <= 0, quadratic, linear)
    return _weighted(losses, weights, reduction)


@op("labels", "predictions", "weights", name="losses.logLoss", method=False)
def logLoss(
    labels: Tensor,
    predictions: Tensor,
    weights: Tensor | None = None,
    epsilon: float = 1e-7,
    reduction: int = _BY_NONZERO_WEIGHTS,
) -> Tensor:
    labels, predictions = _alike(labels, predictions)
    least = t.floats(np.float32(epsilon))
    losses = -labels * t.log(predictions + least) - (1 - labels) * t.log(1 - predictions + least)
    return _weighted(losses, weights, reduction)


@op("labels", "predictions", "weights", name="losses.meanSquaredError", method=False)
def meanSquaredError(
    labels: Tensor,
    predictions: Tensor,
    weights: Tensor | None = None,
    reduction: int = _BY_NONZERO_WEIGHTS,
) -> Tensor:
    labels, predictions = _alike(labels, predictions)
    error = predictions - labels
    return _weighted(error * error, weights, reduction)


@op("multiClassLabels", "logits", "weights", name="losses.sigmoidCrossEntropy", method=False)
def sigmoidCrossEntropy(
    multiClassLabels: Tensor,
    logits: Tensor,
    weights: Tensor | None = None,
    labelSmoothing: float = 0,
    reduction: int = _BY_NONZERO_WEIGHTS,
) -> Tensor:
    if logits.dtype != "float32":
        raise ValueError(f"logits must be float32, but are {logits.dtype}")
    labels, logits = _alike(multiClassLabels, logits)
    labels = _smoothed(labels, labelSmoothing, 2)
    # -z log(sigmoid(x)) - (1 - z) log(1 - sigmoid(x))
    is_positive = t.compare(logits, 0) >= 0
    small = t.exp(t.select(is_positive, -logits, logits))

    def slopes(dy: Tensor) -> list[Tensor]:
        rest = small / (1 + small)
        share = t.select(is_positive, 1 - rest, rest)
        # The 1 is a gradient by itself, from which those of the other parts are taken away.
        return [t.through(dy * share - dy * labels, dy), -(dy * logits)]

    losses = t.select(is_positive, logits, 0) - logits * labels + t.log1p(small)
    return _weighted(with_gradient(losses, [logits, labels], slopes), weights, reduction)


@op("onehotLabels", "logits", "weights", name="losses.softmaxCrossEntropy", method=False)
def softmaxCrossEntropy(
    onehotLabels: Tensor,
    logits: Tensor,
    weights: Tensor | None = None,
    labelSmoothing: float = 0,
    reduction: int = _BY_NONZERO_WEIGHTS,
) -> Tensor:
    labels, logits = _alike(onehotLabels, logits)
    if not labels.rank:
        raise ValueError("labels and logits must have a last axis, the classes")
    labels = _smoothed(labels, labelSmoothing, labels.shape[-1])
    shifted, _ = less_largest(logits, -1)
    surprise = t.log(t.total(t.exp(shifted), -1, keep=True)) - shifted
    return _weighted(t.total(labels * surprise, -1), weights, reduction)


def _alike(labels: Tensor, predictions: Tensor) -> tuple[Tensor, Tensor]:
    """Both as reals, which must have one shape."""
    if labels.shape != predictions.shape:
        raise ValueError(f"Shapes {labels.shape} and {predictions.shape} must match")
    return real(labels), real(predictions)


def _smoothed(labels: Tensor, smoothing: float, classes: int) -> Tensor:
    """The labels, of which a share is spread over all classes."""
    if not smoothing > 0:
        return labels
    share = t.floats(np.float32(smoothing))
    return labels * (1 - share) + share / classes


def _weighted(losses: Tensor, weights: Tensor | None, reduction: int) -> Tensor:
    """The losses times the weights, and what the reduction makes of them; the dtype stays."""
    if reduction not in {_NONE, _MEAN, _SUM, _BY_NONZERO_WEIGHTS}:
        raise ValueError(f"Unknown reduction: {reduction}")
    weight = t.floats(1) if weights is None else real(weights)
    if weight.rank and (
        weight.rank != losses.rank
        or any(own not in {1, size} for own, size in zip(weight.shape, losses.shape, strict=True))
    ):
        raise ValueError(
            f"weights of shape {weight.shape} can not be broadcast to losses of {losses.shape}"
        )
    weighted = real(losses) * weight
    if reduction == _NONE:
        return cast(weighted, losses.dtype)
    summed = t.total(weighted)
    everywhere = weight.of(np.broadcast_to(weight.data, losses.shape))
    if reduction == _MEAN:
        summed = _safe_quotient(summed, t.total(everywhere))
    elif reduction == _BY_NONZERO_WEIGHTS:
        summed = _safe_quotient(summed, t.floats((t.compare(everywhere, 0) != 0).sum()))
    return cast(summed, losses.dtype)


def _safe_quotient(a: Tensor, b: Tensor) -> Tensor:
    """The quotient; zero where the divisor is."""
    by_zero = t.compare(b, 0) == 0
    return t.select(by_zero, 0, a / t.select(by_zero, 1, b))
