"""Training / Losses: ``tf.losses``, on the losses of TensorFlow 1, whose reductions tf.js has."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.ops._table import op

_v1 = tf.compat.v1.losses

_REDUCTIONS = {
    0: _v1.Reduction.NONE,
    1: _v1.Reduction.MEAN,
    2: _v1.Reduction.SUM,
    3: _v1.Reduction.SUM_BY_NONZERO_WEIGHTS,
}
"""The numbers of tf.js's enum ``Reduction``."""

_BY_NONZERO_WEIGHTS = 3


@op("labels", "predictions", "weights", name="losses.absoluteDifference", method=False)
def absoluteDifference(
    labels: Tensor,
    predictions: Tensor,
    weights: Tensor | None = None,
    reduction: int = _BY_NONZERO_WEIGHTS,
) -> Tensor:
    return _v1.absolute_difference(labels, predictions, **_weighting(weights, reduction))


@op("losses", "weights", name="losses.computeWeightedLoss", method=False)
def computeWeightedLoss(
    losses: Tensor, weights: Tensor | None = None, reduction: int = _BY_NONZERO_WEIGHTS
) -> Tensor:
    return _v1.compute_weighted_loss(losses, **_weighting(weights, reduction))


@op("labels", "predictions", "weights", name="losses.cosineDistance", method=False)
def cosineDistance(
    labels: Tensor,
    predictions: Tensor,
    axis: int,
    weights: Tensor | None = None,
    reduction: int = _BY_NONZERO_WEIGHTS,
) -> Tensor:
    return _v1.cosine_distance(labels, predictions, axis, **_weighting(weights, reduction))


@op("labels", "predictions", "weights", name="losses.hingeLoss", method=False)
def hingeLoss(
    labels: Tensor,
    predictions: Tensor,
    weights: Tensor | None = None,
    reduction: int = _BY_NONZERO_WEIGHTS,
) -> Tensor:
    return _v1.hinge_loss(labels, predictions, **_weighting(weights, reduction))


@op("labels", "predictions", "weights", name="losses.huberLoss", method=False)
def huberLoss(
    labels: Tensor,
    predictions: Tensor,
    weights: Tensor | None = None,
    delta: float = 1,
    reduction: int = _BY_NONZERO_WEIGHTS,
) -> Tensor:
    return _v1.huber_loss(labels, predictions, delta=delta, **_weighting(weights, reduction))


@op("labels", "predictions", "weights", name="losses.logLoss", method=False)
def logLoss(
    labels: Tensor,
    predictions: Tensor,
    weights: Tensor | None = None,
    epsilon: float = 1e-7,
    reduction: int = _BY_NONZERO_WEIGHTS,
) -> Tensor:
    return _v1.log_loss(labels, predictions, epsilon=epsilon, **_weighting(weights, reduction))


@op("labels", "predictions", "weights", name="losses.meanSquaredError", method=False)
def meanSquaredError(
    labels: Tensor,
    predictions: Tensor,
    weights: Tensor | None = None,
    reduction: int = _BY_NONZERO_WEIGHTS,
) -> Tensor:
    return _v1.mean_squared_error(labels, predictions, **_weighting(weights, reduction))


@op("multiClassLabels", "logits", "weights", name="losses.sigmoidCrossEntropy", method=False)
def sigmoidCrossEntropy(
    multiClassLabels: Tensor,
    logits: Tensor,
    weights: Tensor | None = None,
    labelSmoothing: float = 0,
    reduction: int = _BY_NONZERO_WEIGHTS,
) -> Tensor:
    return _v1.sigmoid_cross_entropy(
        multiClassLabels,
        logits,
        label_smoothing=labelSmoothing,
        **_weighting(weights, reduction),
    )


@op("onehotLabels", "logits", "weights", name="losses.softmaxCrossEntropy", method=False)
def softmaxCrossEntropy(
    onehotLabels: Tensor,
    logits: Tensor,
    weights: Tensor | None = None,
    labelSmoothing: float = 0,
    reduction: int = _BY_NONZERO_WEIGHTS,
) -> Tensor:
    # The loss of TensorFlow 1 cuts the gradient of the labels off; the op below it has one.
    onehotLabels.shape.assert_is_compatible_with(logits.shape)
    labels, logits = tf.cast(onehotLabels, tf.float32), tf.cast(logits, tf.float32)
    if labelSmoothing > 0:
        labels = labels * (1 - labelSmoothing) + labelSmoothing / labels.shape[-1]
    return computeWeightedLoss(
        tf.nn.softmax_cross_entropy_with_logits(labels, logits), weights, reduction
    )


def _weighting(weights: Tensor | None, reduction: int) -> dict[str, object]:
    """The arguments that all losses of TensorFlow 1 share."""
    if reduction not in _REDUCTIONS:
        raise ValueError(f"Unknown reduction: {reduction}")
    return {
        "weights": 1.0 if weights is None else weights,
        "reduction": _REDUCTIONS[reduction],
        "loss_collection": None,
    }
