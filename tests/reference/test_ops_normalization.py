"""What the reference composes: normalizations, cells, averages and draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from reference_impl.coercion import UNDEFINED
from reference_impl.ops import OPS

X = np.array([[[[0.5, -1.5, 2.0, 0.25]], [[1.0, 3.0, -0.75, 1.25]]]], np.float32)
LRN = (1, 1.5, 0.5, 0.75)


def lrn(x):
    return OPS["localResponseNormalization"](x, *LRN)


def lrn_by_hand(x):
    sums = np.zeros_like(x)
    for at in range(x.shape[-1]):
        sums[..., at] = np.square(x[..., max(0, at - 1) : at + 2]).sum(-1)
    return x / (1.5 + 0.5 * sums) ** 0.75


def test_lrn_is_its_formula():
    np.testing.assert_allclose(lrn(tf.constant(X)), lrn_by_hand(X.astype(np.float64)), rtol=1e-6)


def test_lrn_of_rank_3_is_that_of_a_batch_of_one():
    assert lrn(tf.constant(X[0])).shape == X[0].shape
    np.testing.assert_array_equal(lrn(tf.constant(X[0])), lrn(tf.constant(X))[0])


def test_lrn_has_the_second_derivative_of_its_formula():
    x, dy = tf.constant(X), tf.constant(np.arange(8.0, dtype=np.float32).reshape(X.shape))
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = lrn(x)
        dx = inner.gradient(y, x, dy)
    second = outer.gradient(dx, x).numpy()

    def slope(at):
        step = np.zeros_like(X, np.float64)
        step[at] = 1e-4
        doubles, ups = X.astype(np.float64), dy.numpy().astype(np.float64)

        def directional(point):
            ones = np.ones_like(point) * 1e-4
            return ((lrn_by_hand(point + ones) - lrn_by_hand(point - ones)) * ups).sum() / 2e-4

        return (directional(doubles + step) - directional(doubles - step)) / 2e-4

    expected = np.array([slope(at) for at in np.ndindex(X.shape)]).reshape(X.shape)
    np.testing.assert_allclose(second, expected, rtol=1e-3, atol=1e-3)


def test_the_variance_of_moments_has_a_second_derivative_through_the_mean():
    x = tf.constant([1.0, 2.0, 6.0])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            variance = OPS["moments"](x).variance
        gradient = inner.gradient(variance, x)
    hessian = outer.jacobian(gradient, x).numpy()
    np.testing.assert_allclose(hessian, 2 / 3 * (np.eye(3) - 1 / 3), rtol=1e-6, atol=1e-7)


def test_moments_keep_dimensions_where_asked():
    found = OPS["moments"](tf.constant(X), [0, -1], True)
    assert found.mean.shape == found.variance.shape == (1, 2, 1, 1)
    np.testing.assert_allclose(found.mean, X.mean((0, 3), keepdims=True), rtol=1e-6)
    np.testing.assert_allclose(found.variance, X.var((0, 3), keepdims=True), rtol=1e-6)


def test_batch_norm_has_the_order_of_arguments_of_tfjs():
    y = OPS["batchNorm"](tf.constant([[2.0], [4.0]]), [1], [3], [10], [8], 1)
    assert y.numpy().tolist() == [[14], [22]]


@pytest.mark.parametrize("epsilon", [UNDEFINED, None])
def test_batch_norm_has_an_epsilon_by_default(epsilon):
    y = OPS["batchNorm"](tf.constant([[1.0]]), [0], [0], UNDEFINED, None, epsilon)
    np.testing.assert_allclose(y, [[1 / math.sqrt(0.001)]], rtol=1e-6)


def test_batch_norm_does_not_broadcast_x():
    with pytest.raises(tf.errors.InvalidArgumentError, match="not compatible"):
        OPS["batchNorm"](tf.constant([[1.0, 2.0]]), [[1, 2], [3, 4]], [[1, 2], [3, 4]])


@pytest.mark.parametrize("name", ["softmax", "logSoftmax"])
def test_softmax_refuses_an_axis_that_is_not_the_last(name):
    with pytest.raises(ValueError, match="along a non-last dimension is not yet supported"):
        OPS[name](tf.constant([[1.0, 2.0]]), 0)


def test_the_gates_of_an_lstm_cell_are_input_candidate_forget_and_output():
    def sigmoid(x):
        return 1 / (1 + math.exp(-x))

    c, h = OPS["basicLSTMCell"](
        1, [[1, 2, 3, 4], [0, 0, 0, 0]], [0, 0, 0, 0], [[0.5]], [[2]], [[7]]
    )
    expected = sigmoid(0.5) * math.tanh(1) + 2 * sigmoid(1 + 1.5)
    assert c.numpy().item() == pytest.approx(expected)
    assert h.numpy().item() == pytest.approx(math.tanh(expected) * sigmoid(2))


def test_the_output_of_a_cell_is_the_data_of_the_next():
    def cell(data, c, h):
        return [c * data, h + data]

    one = tf.constant([[1.0]])
    c, h = OPS["multiRNNCell"]([cell, cell], 2 * one, [3 * one, 5 * one], [7 * one, 11 * one])
    assert [state.numpy().item() for state in (*c, *h)] == [6, 45, 9, 20]


def test_a_moving_average_undoes_the_bias_of_its_first_steps():
    v, x = tf.constant([3.0]), tf.constant([6.0])
    assert OPS["movingAverage"](v, x, 0.5, 2).numpy() == pytest.approx([5])
    assert OPS["movingAverage"](v, x, 0.5, UNDEFINED, False).numpy().tolist() == [4.5]


SEEDED = {
    "randomNormal": lambda seed: OPS["randomNormal"]([9], 0, 1, "float32", seed),
    "randomUniform": lambda seed: OPS["randomUniform"]([9], 0, 1, "float32", seed),
    "randomGamma": lambda seed: OPS["randomGamma"]([9], 2, 1, "float32", seed),
    "truncatedNormal": lambda seed: OPS["truncatedNormal"]([9], 0, 1, "float32", seed),
    "multinomial": lambda seed: OPS["multinomial"](tf.zeros([50]), 9, seed),
    "dropout": lambda seed: OPS["dropout"](tf.range(1.0, 50.0), 0.5, UNDEFINED, seed),
}


@pytest.mark.parametrize("op", SEEDED)
def test_a_seed_says_which_numbers_are_drawn(op):
    first, again, other = (SEEDED[op](seed).numpy().tolist() for seed in (0, 0, 1))
    assert first == again
    assert first != other


@pytest.mark.parametrize("op", SEEDED)
def test_without_a_seed_every_draw_is_another(op):
    assert SEEDED[op](UNDEFINED).numpy().tolist() != SEEDED[op](UNDEFINED).numpy().tolist()


def test_halves_are_rounded_up_in_integers_that_tensorflow_does_not_draw():
    assert OPS["randomNormal"]([1], 2.5, 0, "int32").numpy().tolist() == [3]
    assert OPS["truncatedNormal"]([1], -2.5, 0, "int32").numpy().tolist() == [-2]


def test_rand_takes_its_numbers_from_the_function_in_row_major_order():
    numbers = iter(range(6))
    drawn = OPS["rand"]([2, 3], lambda: next(numbers), "int32")
    assert drawn.dtype == tf.int32
    assert drawn.numpy().tolist() == [[0, 1, 2], [3, 4, 5]]


def test_dropout_multiplies_what_stays():
    x = tf.range(1.0, 100.0)
    kept = set((OPS["dropout"](x, 0.75) / x).numpy().tolist())
    assert kept == {0.0, 4.0}
