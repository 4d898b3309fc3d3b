"""The optimizers in exact arithmetic: their rules by hand, with a gradient of 4 and then 4."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from asking import request

from conformance.protocol import Optimizer, Returned, Threw
from reference_impl.exact.execute import execute


def minimize(name, *arguments, steps=1, f="(w, g) => w.mul(g).sum()", **inputs):
    asked = request(f, "minimize", wrt=["w"], **(inputs or {"w": 0, "g": 4}))
    optimizer = Optimizer(name, arguments)
    return execute(msgspec.structs.replace(asked, optimizer=optimizer, steps=steps))


def trained(*given, **more):
    returned = minimize(*given, **more)
    assert isinstance(returned, Returned), returned
    return returned.variables[0].numpy()


@pytest.mark.parametrize(
    ("name", "arguments", "steps", "wanted"),
    [
        ("sgd", (0.5,), 2, -4),
        ("momentum", (0.5, 0.5), 2, -2 - 3),
        ("momentum", (0.5, 0.5, True), 1, -(4 + 2) / 2),
        ("adagrad", (0.5, 9), 1, -0.5 * 4 / (5 + 1e-7)),
        ("adagrad", (0.5, None), 1, -0.5 * 4 / (math.sqrt(16.1) + 1e-7)),
        ("adadelta", (0.5, 0.75, 1), 1, -0.5 * 4 / math.sqrt(5)),
        ("adadelta", (0.5, 0.75, 1), 2, -2 / math.sqrt(5) - 2 * math.sqrt(1.8 / 8)),
        ("adam", (0.5, 0.5, 0.75, 2), 1, -0.5 * math.sqrt(0.25) / 0.5 * 2 / (2 + 2)),
        ("adam", (), 5, -0.005),
        ("adamax", (0.5, 0.5, 0.5, 1, 1), 2, -0.5 * 4 / 5 - 0.25 * 4 / 5),
        ("rmsprop", (0.5, 0.75, 0.5, 5), 1, -0.5 * 4 / 3),
        ("rmsprop", (0.5, 0.75, 0.5, 1, True), 1, -0.5 * 4 / math.sqrt(4 - 1 + 1)),
        ("rmsprop", (0.5, 0, 0.5, 9), 2, -0.4 - 0.6),
    ],
)
def test_a_rule_by_hand(name, arguments, steps, wanted):
    np.testing.assert_allclose(trained(name, *arguments, steps=steps), wanted, rtol=1e-6)


def test_nothing_is_rounded_between_the_steps():
    # In float32 1 - 2^-26 is 1, however often.
    w = trained("sgd", 1.0, steps=64, f="(w, g) => w.mul(g).sum()", w=1, g=2.0**-26)
    assert w == 1 - 2.0**-20


def test_a_learning_rate_is_the_number_that_was_given():
    assert trained("sgd", 0.1, w=0, g=1.046875) == np.float32(-0.1 * 1.046875)
    assert np.float32(0.1 * 1.046875) != np.float32(float(np.float32(0.1)) * 1.046875)


def test_a_variable_beyond_float32_is_infinite():
    assert trained("sgd", 1e30, w=0, g=1e30) == -math.inf


def test_the_value_is_the_loss_before_the_last_step():
    returned = minimize("sgd", 0.25, steps=2, f="w => w.square()", w=2)
    assert returned.value.numpy() == 1
    assert returned.variables[0].numpy() == 0.5


def test_what_minimize_refuses():
    for f in ("w => w.mul(2)", "w => tf.scalar(1)"):
        assert isinstance(minimize("sgd", 0.25, f=f, w=[2, 3]), Threw)
