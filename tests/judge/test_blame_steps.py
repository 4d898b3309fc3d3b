"""No fault is found where there is none, and everything is looked at."""

from __future__ import annotations

import blaming
import numpy as np
import pytest

HONEST = {
    "one op": ("x => tf.exp(x)", {"x": [0.5, -1.25, 3.0]}),
    "a chain of functions": ("x => tf.log(tf.exp(tf.sin(x)))", {"x": [0.5, 1.25]}),
    "a result used twice": (
        "x => { const y = tf.exp(x); return tf.mul(y, tf.tanh(y)); }",
        {"x": [0.5, 1.25]},
    ),
    "a result used twice by one op": (
        "x => { const y = tf.sin(x); return tf.mul(y, y); }",
        {"x": [0.5, 1.25]},
    ),
    "an input used by three ops": (
        "x => tf.add(tf.exp(x), tf.mul(tf.sin(x), tf.cos(x)))",
        {"x": [0.5, 1.25]},
    ),
    "broadcasting": (
        "(x, y) => tf.div(tf.add(x, y), tf.exp(y))",
        {"x": [[0.5, 1.25], [2.0, 3.1]], "y": [0.3, 0.7]},
    ),
    "several results": (
        "x => { const {mean, variance} = tf.moments(x, 0); return tf.div(mean, variance); }",
        {"x": [[0.5, 1.25], [2.0, 3.1], [4.0, 0.1]]},
    ),
    "a list of results": (
        "x => { const [a, b] = tf.split(tf.exp(x), 2); return tf.mul(a, b); }",
        {"x": [0.5, 1.25, 2.0, 3.1]},
    ),
    "one result of several": (
        "x => tf.exp(tf.unstack(tf.sin(x))[1])",
        {"x": [0.5, 1.25, 2.0]},
    ),
    "a list argument": ("(x, y) => tf.concat([tf.exp(x), y, x])", {"x": [0.5], "y": [1.5, 0.1]}),
    "methods": ("x => x.exp().mul(x.sin()).sum()", {"x": [0.5, 1.25]}),
    "numbers as arguments": ("x => tf.pow(tf.mul(x, -1.5), 2)", {"x": [0.5, 1.25]}),
    "objects, null and undefined": (
        "x => tf.leakyRelu(tf.sum(tf.sin(x), null, true), undefined)",
        {"x": [0.5, 1.25]},
    ),
    "truth values": (
        "(x, y) => tf.where(tf.greater(x, y), tf.exp(x), tf.sin(y))",
        {"x": [0.5, 1.25], "y": [0.7, 0.3]},
    ),
    "indices": ("x => tf.gather(tf.exp(x), tf.argMax(x))", {"x": [0.5, 1.25, 0.1]}),
    "complex numbers": (
        "x => tf.real(tf.mul(tf.fft(tf.complex(tf.sin(x), x)), 2))",
        {"x": [0.5, 1.25, -0.3, 2.0]},
    ),
    "an input that is the answer": ("x => x", {"x": [0.5]}),
    "a kink": ("x => tf.relu(tf.sub(x, 1))", {"x": [0.5, 1.0, 2.0]}),
}


@pytest.mark.parametrize(("source", "inputs"), HONEST.values(), ids=HONEST)
def test_an_honest_implementation_is_cleared_in_every_step(source, inputs):
    found = blaming.blamed(source, **inputs)
    assert found.culprit is None
    assert found.unchecked == ()
    assert found.clears


def test_a_given_dy_is_part_of_the_sum_at_the_answer():
    found = blaming.blamed("x => tf.tanh(tf.exp(x))", dy=[3.0, -0.1], x=[0.5, 1.25])
    assert found.clears


def test_a_constant_input_gets_no_gradient():
    found = blaming.blamed("(x, y) => tf.mul(tf.exp(x), y)", wrt=["x"], x=[0.5], y=[1.25])
    assert found.clears


def test_an_ill_conditioned_case_is_cleared():
    source = "x => tf.sub(tf.exp(x), tf.exp(tf.add(x, 1e-6)))"
    assert blaming.blamed(source, x=[0.5, 1.25, 7.0]).clears


def test_a_value_alone_has_no_backward_steps():
    found = blaming.blamed("x => tf.exp(tf.sin(x))", "value", x=[0.5])
    assert found.clears
    assert found.checked == 4  # two values, one hand-over, the answer


def test_an_op_that_the_oracle_cannot_tell_voids_the_certificate():
    found = blaming.blamed("x => tf.mul(x, tf.randomNormal([2], 0, 1, 'float32', 7))", x=[0.5, 2.0])
    assert found.culprit is None
    assert not found.clears
    assert any("tf.randomNormal (call 0)" in line for line in found.unchecked)


def test_a_gradient_of_a_gradient_is_never_cleared():
    found = blaming.blamed("x => tf.grad(y => tf.exp(tf.sin(y)))(x)", x=[0.5, 1.25])
    assert found.culprit is None
    assert not found.clears
    assert any("the gradient of this op's gradient is not tapped" in one for one in found.unchecked)


def test_a_first_gradient_inside_of_a_value_is_checked_step_by_step():
    found = blaming.blamed("x => tf.grad(y => tf.exp(tf.sin(y)))(x)", "value", x=[0.5, 1.25])
    assert found.culprit is None
    assert not any("gradient of this op's gradient" in line for line in found.unchecked)
    assert found.checked >= 5


def test_requests_are_few_and_numbered():
    run = blaming.request("x => tf.exp(tf.split(tf.sin(x), 2)[0])", x=np.arange(4.0))
    steps = blaming.local.requests(run, blaming.tapped(run).taps)
    assert [step.request.id for step in steps] == list(range(1, len(steps) + 1))
    shown = [(step.call, step.part, step.key) for step in steps]
    assert shown == [
        (0, "value", ""), (0, "gradient", ""),
        (1, "value", "0"), (1, "value", "1"), (1, "gradient", ""),
        (2, "value", ""), (2, "gradient", ""),
    ]  # fmt: skip
