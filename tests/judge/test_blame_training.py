"""An optimizer is certified by its own steps: asked alone, for the gradients that came."""

import numpy as np
import pytest

from conformance.blame import training
from conformance.language.tree import Arrow, Name
from conformance.outcomes import Certificate, Culprit, Verdict, Worst
from conformance.protocol import Argument, Function, Optimizer, Pass, Run, Tapped
from conformance.tensors import from_numpy

W, B = (from_numpy(np.array(numbers, np.float32)) for numbers in ([1, 2], [3]))
G = from_numpy(np.array([0.5, -1], np.float32))
DB = from_numpy(np.array([4], np.float32))


def argument(tensor):
    return Argument(tensor.dtype, tensor.shape, tensor.data)


def minimize(steps=1, **variables):
    return Run(
        id=0,
        call="minimize",
        f=Function("", Arrow(tuple(map(Name, variables)), Name("w"))),
        names=tuple(variables),
        args=tuple(map(argument, variables.values())),
        wrt=tuple(variables),
        optimizer=Optimizer("adam", (0.1,)),
        steps=steps,
    )


def tapped(x, gradient):
    return Tapped(
        "square", ({"input": 0},), (x,), (None,), {"": x}, passes=(Pass(0, {}, (gradient,)),)
    )


@pytest.mark.parametrize(
    ("certificate", "is_open"),
    [
        (Certificate(checked=2, unchecked=(training.STEPS,)), True),
        (Certificate(checked=2), False),
        (Certificate(checked=2, unchecked=(training.STEPS, "another reason")), False),
        (Certificate(Culprit("x", 0, "value", "", "1", "2"), 2, (training.STEPS,)), False),
    ],
)
def test_only_where_nothing_else_is_left_the_optimizer_is_asked_alone(certificate, is_open):
    assert training.is_open(certificate) == is_open


def test_the_loss_has_the_recorded_gradients_at_every_step():
    taps = [tapped(W, G), tapped(B, DB), tapped(W, G)]
    found = training.request(minimize(w=W, b=B), taps)
    assert found.f.source == "(w, g0, b, g1) => tf.mul(w, g0).sum().add(tf.mul(b, g1).sum())"
    assert (found.names, found.wrt) == (("w", "g0", "b", "g1"), ("w", "b"))
    # Two calls contribute to the gradient of w.
    assert found.args[1].tensor().numpy().tolist() == [1, -2]
    assert (found.optimizer, found.steps, found.call) == (Optimizer("adam", (0.1,)), 1, "minimize")


def test_of_several_steps_the_first_one_counts():
    found = training.request(
        minimize(2, w=W), [tapped(W, G), tapped(W, from_numpy(np.float32([9, 9])))]
    )
    assert found.args[1].tensor() == G
    assert found.steps == 2


def test_without_a_recorded_gradient_nobody_is_asked():
    assert training.request(minimize(w=W, b=B), [tapped(W, G)]) is None


def test_the_optimizer_is_the_culprit_where_its_steps_are_wrong():
    asked = minimize(w=W)
    alone = training.request(asked, [tapped(W, G)])
    worst = Worst("variables.w", (1,), "2.5", "2", ulp=40.0, budget=4.0)
    wrong = Verdict("c", "tfjs:cpu", "differs", kind="numeric", worst=worst)
    found = training.culprit(asked, alone, wrong)
    assert (found.op, found.part, found.slot, found.share) == ("train.adam", "value", "w", 10.0)
    assert training.culprit(asked, alone, Verdict("c", "tfjs:cpu", "pass")) is None
