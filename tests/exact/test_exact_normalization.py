"""Normalization, cells of RNNs, scans and segments in exact arithmetic, against their formulas."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from asking import answer, ask

from conformance.protocol import Threw

X = np.array([[1, 2.5, -0.5], [0.25, -3, 4]], np.float32)
D = X.astype(np.float64)
CLOSE = {"rtol": 2e-7, "atol": 0}
"""A float32 result of a formula in double precision."""


def test_batch_norm_is_the_normalization_by_mean_and_variance():
    value, grads = answer(
        "(x, m, v, o, s) => tf.batchNorm(x, m, v, o, s, 0.5)",
        x=X, m=[1, 2, 3], v=[0.5, 1.5, 3.5], o=[1, 0, -1], s=[2, 3, 4],
    )  # fmt: skip
    deviation = np.sqrt([1, 2, 4])
    scaled = np.array([2, 3, 4]) / deviation
    np.testing.assert_allclose(value, (D - [1, 2, 3]) * scaled + [1, 0, -1], **CLOSE)
    np.testing.assert_allclose(grads[0], [scaled, scaled], **CLOSE)
    assert grads[3].tolist() == [2, 2, 2]


def test_the_epsilon_of_batch_norm_is_a_thousandth():
    value, _ = answer("x => tf.batchNorm2d(x, [0], [0])", x=[[1]])
    assert value[0, 0] == np.float32(1 / np.sqrt(0.001))


def test_local_response_normalization_sums_the_squares_within_the_radius():
    value, _ = answer("x => tf.localResponseNormalization(x, 1, 1, 0.5, 2)", x=[[[1, 2, 3, 4]]])
    sums = np.array([1 + 4, 1 + 4 + 9, 4 + 9 + 16, 9 + 16])
    np.testing.assert_allclose(value[0, 0], [1, 2, 3, 4] / (1 + 0.5 * sums) ** 2, **CLOSE)


def test_an_infinite_gradient_of_local_response_normalization_keeps_the_sign_of_the_slope():
    source = "x => tf.localResponseNormalization(x, 1, {}, 1, 0.75)"
    for bias, own in ((10, np.inf), (0.5, -np.inf)):
        # The slope of y1 has the sign of bias + 1 + 1 + (1 - 2 * 0.75) * 9.
        _, (gradient,) = answer(source.format(bias), x=[[[1, 3, 1]]], dy=[[[1, np.inf, 2]]])
        assert gradient.tolist() == [[[-np.inf, own, -np.inf]]]


def test_the_second_derivative_of_local_response_normalization_is_that_of_the_formula():
    _, (gradient,) = answer(
        "x => tf.grad(x => tf.localResponseNormalization(x, 1, 1.5, 0.5, 0.75))(x)",
        x=[[[1, 2.5]]], dy=[[[1, -10]]],
    )  # fmt: skip

    def f(a, b):
        return (a + b) * (1.5 + 0.5 * (a * a + b * b)) ** mpmath.mpf(-0.75)

    with mpmath.workdps(30):
        second = {at: mpmath.diff(f, (1, 2.5), at) for at in ((2, 0), (1, 1), (0, 2))}
    mixed = second[1, 1]
    wanted = [second[2, 0] - 10 * mixed, mixed - 10 * second[0, 2]]
    np.testing.assert_allclose(gradient[0, 0], [float(one) for one in wanted], **CLOSE)


@pytest.mark.parametrize("op", ["softmax", "logSoftmax"])
def test_softmax_is_each_exponential_over_their_sum(op):
    value, (gradient,) = answer(f"x => tf.{op}(x)", x=X, dy=X)
    p = np.exp(D) / np.exp(D).sum(1, keepdims=True)
    if op == "softmax":
        wanted, slope = p, p * (D - (D * p).sum(1, keepdims=True))
    else:
        wanted, slope = np.log(p), D - p * D.sum(1, keepdims=True)
    np.testing.assert_allclose(value, wanted, rtol=5e-7)
    np.testing.assert_allclose(gradient, slope, rtol=5e-7)


def test_softmax_takes_logits_that_are_far_apart():
    value, _ = answer("x => tf.logSoftmax(x)", x=[-100, 0, 1000])
    assert value.tolist() == [-1100, -1000, 0]


def test_moments_are_mean_and_variance():
    for part, wanted in (("mean", D.mean(1)), ("variance", D.var(1))):
        value, _ = answer(f"x => tf.moments(x, 1).{part}", x=X)
        np.testing.assert_allclose(value, wanted, **CLOSE)


def test_an_lstm_cell_of_zeros_keeps_half_of_its_state():
    source = "(k, c) => tf.basicLSTMCell(0, k, [0, 0, 0, 0], [[3]], c, [[5]])[0]"
    value, (_, gradient) = answer(source, k=np.zeros((2, 4), np.float32), c=[[3]])
    assert value.tolist() == [[1.5]]
    assert gradient.tolist() == [[0.5]]


def test_cells_in_a_row_have_gradients_of_what_only_the_cells_use():
    source = (
        "(k, c) => { const cell = (x, s, h) => tf.basicLSTMCell(0, k, [0, 0, 0, 0], x, s, h);"
        " return tf.multiRNNCell([cell, cell], [[3]], [c, c], [[[5]], [[7]]])[1][1]; }"
    )
    value, (kernel, _) = answer(source, k=np.zeros((2, 4), np.float32), c=[[4]])
    np.testing.assert_allclose(value, [[np.tanh(2) / 2]], **CLOSE)
    assert (kernel != 0).any()


def test_a_moving_average_is_corrected_for_its_start():
    value, _ = answer("(v, x) => tf.movingAverage(v, x, 0.5, 2)", v=[0, 3], x=[1, -3])
    np.testing.assert_allclose(value, [2 / 3, -1], **CLOSE)
    value, _ = answer("(v, x) => tf.movingAverage(v, x, 0.5, null, false)", v=[0], x=[1])
    assert value.tolist() == [0.5]


@pytest.mark.parametrize(
    ("options", "sums", "products"),
    [
        ("0", [2, 5, 9], [2, 6, 24]),
        ("0, true", [0, 2, 5], [1, 2, 6]),
        ("0, false, true", [9, 7, 4], [24, 12, 4]),
        ("-1, true, true", [7, 4, 0], [12, 4, 1]),
    ],
)
def test_scans_are_sums_and_products_so_far(options, sums, products):
    for dtype in (np.float32, np.int32):
        x = np.array([2, 3, 4], dtype)
        assert answer(f"x => tf.cumsum(x, {options})", "value", x=x)[0].tolist() == sums
        assert answer(f"x => tf.cumprod(x, {options})", "value", x=x)[0].tolist() == products


def test_segments_are_summed_and_what_has_a_negative_id_is_in_none():
    value, (gradient,) = answer("x => tf.unsortedSegmentSum(x, [2, -1, 2, 0], 3)", x=[1, 2, 3, 4])
    assert value.tolist() == [4, 0, 4]
    assert gradient.tolist() == [1, 0, 1, 1]


@pytest.mark.parametrize(
    "source",
    [
        "x => tf.softmax(x, 0)",
        "x => tf.batchNorm3d(x, [0], [1])",
        "x => tf.batchNorm(x, [[[0]]], [[[1]]])",
        "x => tf.localResponseNormalization(x)",
        "x => tf.cumsum(x, 2)",
        "x => tf.unsortedSegmentSum(x, [0, 3], 3)",
        "x => tf.unsortedSegmentSum(x, [0], 3)",
        "x => tf.movingAverage(x, x.sum(), 0.5, 1)",
        "x => tf.movingAverage(x, x, 0.5)",
    ],
)
def test_what_the_ops_refuse(source):
    assert isinstance(ask(source, "value", x=X), Threw)
