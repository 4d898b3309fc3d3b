"""Training steps of the tf.js runner, on both backends."""

from __future__ import annotations

from typing import Any

import pytest
from test_runner import BACKENDS, answer, answers, case, floats

from conformance.protocol import Threw

pytestmark = pytest.mark.parametrize("backend", BACKENDS)


def training(source: str, *args: object, **more: Any) -> dict[str, Any]:
    sgd = {"name": "sgd", "arguments": [0.5]}
    return case(source, *args, call="minimize", **{"optimizer": sgd, **more})


def test_steps_change_the_variables_and_give_the_last_loss(backend: str) -> None:
    source = "(w, x) => w.mul(x).sum()"
    one, three = answers(
        backend,
        [training(source, 3, 4, wrt=["x0"], steps=steps) for steps in (1, 3)],
    )
    assert ([floats(v) for v in one.variables], floats(one.value)) == ([[1]], [12])
    assert ([floats(v) for v in three.variables], floats(three.value)) == ([[-3]], [-4])
    assert (one.grads, one.leaked, three.leaked) == ((), 0, 0)
    assert one.backends == (backend,)


def test_variables_come_in_the_order_of_wrt(backend: str) -> None:
    body = training("(a, b, c) => a.mul(2).add(b).add(c.mul(4))", 1, 1, 1, wrt=["x2", "x0"])
    got = answers(backend, [body, body])[1]  # twice: the names of variables are free again
    assert [floats(variable) for variable in got.variables] == [[-1], [0]]


def test_null_is_a_parameter_that_is_not_given(backend: str) -> None:
    # The first step of adam has the size of the learning rate, by default 0.001.
    for arguments in ([], [None, None], [0.001, None, 0.999]):
        adam = {"name": "adam", "arguments": arguments}
        got = answer(backend, "w => w.mul(8)", 0, call="minimize", optimizer=adam)
        assert floats(got.variables[0])[0] == pytest.approx(-0.001, rel=1e-4)


@pytest.mark.parametrize("name", ["adagrad", "adadelta", "adam", "adamax", "rmsprop"])
def test_an_optimizer_is_disposed_of(backend: str, name: str) -> None:
    optimizer = {"name": name, "arguments": [0.1]}
    got = answer(
        backend, "w => w.square().sum()", [1, 2], call="minimize", optimizer=optimizer, steps=3
    )
    assert got.leaked == 0
    assert floats(got.variables[0])[0] < 1


def test_what_an_optimizer_leaves_alive_is_counted(backend: str) -> None:
    # tf.js 4.22.0 forgets the learning rate of the momentum optimizer.
    momentum = {"name": "momentum", "arguments": [0.1, 0.5]}
    bodies = [training("w => w.square()", 1, optimizer=momentum), training("w => w.square()", 1)]
    assert [got.leaked for got in answers(backend, bodies)] == [1, 0]


def test_the_phases_of_training(backend: str) -> None:
    bodies = [
        training("w => w.square()", [1, 2]),
        training("(w, x) => w.add(x).sum()", [1, 2], [1, 2, 3], wrt=["x0"]),
        training("w => w.square()", 1, optimizer=None),
    ]
    thrown = answers(backend, bodies)
    assert all(isinstance(one, Threw) for one in thrown)
    assert [one.phase for one in thrown] == ["backward", "forward", "forward"]
    assert "must return a scalar" in thrown[0].message
