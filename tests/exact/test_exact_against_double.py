"""The oracle's gradients against those of TensorFlow in double precision."""

from __future__ import annotations

import math

import numpy as np
import pytest
from asking import answer

pytestmark = pytest.mark.slow

SHAPES = {
    "x => x.exp().sum()": lambda tf, x: tf.reduce_sum(tf.exp(x)),
    "x => x.softplus().mul(x).mean()": lambda tf, x: tf.reduce_mean(tf.nn.softplus(x) * x),
    "x => x.matMul(x.transpose()).tanh().sum()": lambda tf, x: tf.reduce_sum(
        tf.tanh(tf.matmul(x, tf.transpose(x)))
    ),
    "x => x.logSumExp(1).sum()": lambda tf, x: tf.reduce_sum(tf.reduce_logsumexp(x, 1)),
    "x => x.prod(0).sum()": lambda tf, x: tf.reduce_sum(tf.reduce_prod(x, 0)),
    "x => x.norm().mul(x).sum()": lambda tf, x: tf.reduce_sum(tf.norm(x) * x),
    "x => x.max(1).mul(x.min()).sum()": lambda tf, x: tf.reduce_sum(
        tf.reduce_max(x, 1) * tf.reduce_min(x)
    ),
    "x => x.erf().add(x.selu()).sub(x.elu()).sum()": lambda tf, x: tf.reduce_sum(
        tf.math.erf(x) + tf.nn.selu(x) - tf.nn.elu(x)
    ),
    "x => x.atan2(x.square().add(1)).sum()": lambda tf, x: tf.reduce_sum(tf.atan2(x, x**2 + 1)),
}


@pytest.mark.parametrize("source", SHAPES)
@pytest.mark.parametrize("seed", range(5))
def test_values_and_gradients_agree(source, seed):
    import tensorflow as tf  # noqa: PLC0415  slow to import, and only here

    numbers = np.random.default_rng(seed).uniform(-2, 2, (3, 4)).astype(np.float32)
    value, (gradient,) = answer(source, x=numbers)
    x = tf.constant(numbers, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        wanted = SHAPES[source](tf, x)
    slopes = tape.gradient(wanted, x).numpy()
    assert math.isclose(float(value), float(wanted), rel_tol=1e-7)
    # One rounding to float32; what nearly cancels in double is only nearly right there.
    np.testing.assert_allclose(gradient, slopes, rtol=1e-7, atol=1e-14)
