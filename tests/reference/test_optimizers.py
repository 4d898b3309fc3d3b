"""Training steps of the reference, against the formulas of TensorFlow's kernels in NumPy."""

import inspect
import math

import numpy as np
import pytest
import tensorflow as tf

from conformance import optimizers as documented
from conformance.protocol import Optimizer
from reference_impl.gradients import GradientError, UnconnectedError
from reference_impl.optimizers import RULES, minimize

START = np.array([1.0, -2.0, 0.5])
FACTOR = np.array([3.0, 0.25, -1.0])
# The gradient of (w * FACTOR)² summed, so that every step has another one.
STEPS = 4


def gradient(w):
    return 2 * w * FACTOR**2


def sgd(w, _slots, _n, rate):
    return w - rate * gradient(w)


def momentum(w, slots, _n, rate, mass, nesterov=False):
    g = gradient(w)
    slots["a"] = slots.get("a", 0) * mass + g
    return w - rate * (g + mass * slots["a"] if nesterov else slots["a"])


def adagrad(w, slots, _n, rate, initial=0.1):
    slots["a"] = slots.get("a", initial) + gradient(w) ** 2
    return w - rate * gradient(w) / (np.sqrt(slots["a"]) + 1e-7)


def adadelta(w, slots, _n, rate=0.001, rho=0.95, epsilon=1e-7):
    g = gradient(w)
    slots["g"] = rho * slots.get("g", 0) + (1 - rho) * g**2
    update = np.sqrt(slots.get("u", 0) + epsilon) / np.sqrt(slots["g"] + epsilon) * g
    slots["u"] = rho * slots.get("u", 0) + (1 - rho) * update**2
    return w - rate * update


def adam(w, slots, n, rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7):  # noqa: PLR0913, PLR0917  its parameters
    g = gradient(w)
    slots["m"] = beta1 * slots.get("m", 0) + (1 - beta1) * g
    slots["v"] = beta2 * slots.get("v", 0) + (1 - beta2) * g**2
    alpha = rate * math.sqrt(1 - beta2**n) / (1 - beta1**n)
    return w - alpha * slots["m"] / (np.sqrt(slots["v"]) + epsilon)


def adamax(w, slots, n, rate=0.002, beta1=0.9, beta2=0.999, epsilon=1e-7, decay=0.0):  # noqa: PLR0913, PLR0917  its parameters
    g = gradient(w)
    slots["m"] = beta1 * slots.get("m", 0) + (1 - beta1) * g
    slots["v"] = np.maximum(beta2 * slots.get("v", 0), abs(g))
    falling = rate / (1 + decay * (n - 1))
    return w - falling / (1 - beta1**n) * slots["m"] / (slots["v"] + epsilon)


def rmsprop(w, slots, _n, rate, decay=0.9, mass=0.0, epsilon=1e-7, centered=False):  # noqa: PLR0913, PLR0917  its parameters
    g = gradient(w)
    slots["s"] = decay * slots.get("s", 0) + (1 - decay) * g**2
    slots["g"] = decay * slots.get("g", 0) + (1 - decay) * g
    spread = slots["s"] - slots["g"] ** 2 if centered else slots["s"]
    slots["m"] = mass * slots.get("m", 0) + rate * g / np.sqrt(spread + epsilon)
    return w - slots["m"]


@pytest.mark.parametrize(
    ("rule", "arguments"),
    [
        (sgd, (0.01,)),
        (momentum, (0.01, 0.9)),
        (momentum, (0.01, 0.9, True)),
        (adagrad, (0.1,)),
        (adagrad, (0.1, 0.5)),
        (adadelta, ()),
        (adadelta, (1.0, 0.5, 0.01)),
        (adam, ()),
        (adam, (0.1, 0.5, 0.75, 0.01)),
        (adamax, ()),
        (adamax, (0.1, 0.5, 0.75, 0.01, 0.5)),
        (rmsprop, (0.1,)),
        (rmsprop, (0.1, 0.5, 0.25, 0.01)),
        (rmsprop, (0.1, 0.5, 0.25, 0.01, True)),
    ],
)
def test_each_rule_is_the_formula_of_tensorflows_kernel(rule, arguments):
    slots, wanted = {}, START
    losses = []
    for number in range(1, STEPS + 1):
        losses.append(np.sum((wanted * FACTOR) ** 2))
        wanted = rule(wanted, slots, number, *arguments)
    variable = tf.Variable(START.astype(np.float32))
    factor = tf.constant(FACTOR.astype(np.float32))
    f = lambda: tf.reduce_sum((variable * factor) ** 2)  # noqa: E731
    loss = minimize(f, [variable], rule.__name__, arguments, STEPS)
    np.testing.assert_allclose(variable.numpy(), wanted, rtol=1e-5)
    np.testing.assert_allclose(loss.numpy(), losses[-1], rtol=1e-5)
    assert abs(variable.numpy() - START).min() > 1e-6


def test_what_is_not_given_has_the_default_of_tfjs():
    for name, parameters in documented.PARAMETERS.items():
        mine = list(inspect.signature(RULES[name]).parameters.values())
        assert len(mine) == len(parameters)
        filled = documented.values(Optimizer(name))
        for own, parameter in zip(mine, parameters, strict=True):
            default = None if own.default is own.empty else own.default
            assert default == filled.get(parameter.name)


def test_null_means_not_given():
    results = []
    for arguments in ((), (None, None), (0.001, 0.9, 0.999, None)):
        variable = tf.Variable(3.0)
        minimize(lambda v=variable: v * v, [variable], "adam", arguments, 2)
        results.append(variable.numpy())
    assert len(set(results)) == 1


def test_a_variable_without_a_gradient_keeps_its_value():
    used, unused = tf.Variable(3.0), tf.Variable(5.0)
    loss = minimize(lambda: used * used, [unused, used], "sgd", (0.5,), 2)
    assert (loss.numpy(), used.numpy(), unused.numpy()) == (0, 0, 5)


def test_training_wants_a_scalar_that_depends_on_a_variable():
    variable = tf.Variable([1.0, 2.0])
    with pytest.raises(GradientError, match="must return a scalar"):
        minimize(lambda: variable * 2, [variable], "sgd", (0.1,))
    with pytest.raises(UnconnectedError, match="Cannot find a connection"):
        minimize(lambda: tf.constant(1.0), [variable], "sgd", (0.1,))
