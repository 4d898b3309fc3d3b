"""The losses in exact arithmetic: their formulas in double precision, and their reductions."""

from __future__ import annotations

import numpy as np
import pytest
from asking import answer, ask

from conformance.protocol import Threw

LABELS = np.array([[1, 0, 0.25], [0.5, 1, 0]], np.float32)
PREDICTIONS = np.array([[0.75, 0.25, 0.5], [0.125, 0.5, 0.375]], np.float32)
Z, P = LABELS.astype(np.float64), PREDICTIONS.astype(np.float64)
E = np.abs(P - Z)

FORMULAS = {
    "absoluteDifference(l, p": E,
    "cosineDistance(l, p, 1": 1 - (Z * P).sum(1, keepdims=True),
    "hingeLoss(l, p": np.maximum(1 - (2 * Z - 1) * P, 0),
    "huberLoss(l, p, null, 0.3": np.where(E <= 0.3, E * E / 2, 0.3 * E - 0.045),
    "logLoss(l, p, null, 0.5": -Z * np.log(P + 0.5) - (1 - Z) * np.log(1.5 - P),
    "meanSquaredError(l, p": E * E,
    "sigmoidCrossEntropy(l, p": np.log1p(np.exp(P)) - P * Z,
    "sigmoidCrossEntropy(l, p, null, 0.5": np.log1p(np.exp(P)) - P * (Z / 2 + 0.25),
    "softmaxCrossEntropy(l, p": (Z * (np.log(np.exp(P).sum(1, keepdims=True)) - P)).sum(1),
}


@pytest.mark.parametrize("call", FORMULAS)
def test_a_loss_is_the_mean_of_its_formula(call):
    value, _ = answer(f"(l, p) => tf.losses.{call})", l=LABELS, p=PREDICTIONS)
    np.testing.assert_allclose(value, FORMULAS[call].mean(), rtol=3e-7)


@pytest.mark.parametrize(
    ("reduction", "wanted"), [(0, [4, 0, -6]), (1, -0.5), (2, -2), (3, -1), ("undefined", -1)]
)
def test_a_reduction_weighs_the_losses(reduction, wanted):
    source = f"(x, w) => tf.losses.computeWeightedLoss(x, w, {reduction})"
    value, _ = answer(source, x=[2, 5, -3], w=[2, 0, 2])
    assert value.tolist() == wanted


def test_without_weight_the_loss_is_zero():
    for reduction in (1, 3):
        source = f"(x, w) => tf.losses.computeWeightedLoss(x, w, {reduction})"
        value, (gradient, _) = answer(source, x=[2, 5], w=[0, 0])
        assert value == 0
        assert gradient.tolist() == [0, 0]


def test_huber_loss_has_one_slope_where_its_parts_meet():
    _, grads = answer(
        "(l, p) => tf.losses.huberLoss(l, p, null, 0.5, 0)", l=[0, 0, 0], p=[0, 0.5, 2]
    )
    assert grads[1].tolist() == [0, 0.5, 0.5]


def test_the_gradient_of_a_cross_entropy_is_probability_minus_label():
    _, (_, gradient) = answer(
        "(l, p) => tf.losses.softmaxCrossEntropy(l, p)", l=[[0, 1]], p=[[3, 3]]
    )
    assert gradient.tolist() == [[0.5, -0.5]]


@pytest.mark.parametrize(
    "source",
    [
        "x => tf.losses.meanSquaredError(x, x.flatten())",
        "x => tf.losses.meanSquaredError(x, x, [1, 2, 3])",
        "x => tf.losses.meanSquaredError(x, x, [[1, 2]])",
        "x => tf.losses.meanSquaredError(x, x, null, 4)",
        "x => tf.losses.softmaxCrossEntropy(x.sum(), x.sum())",
    ],
)
def test_what_the_losses_refuse(source):
    assert isinstance(ask(source, "value", x=LABELS), Threw)
