"""Kinks and ties: what is a convention, and what only looks like one."""

import numpy as np
import pytest
from judging import case, op, returned, says, vector, verdicts

from conformance.judge.conventions import conventions, library
from conformance.judge.op_costs import contract
from conformance.protocol import Started
from conformance.tensors import from_numpy


def gradients(body, x, *results, dy=None, address="tfjs"):
    one = case(body, x=x, dy=dy)
    tensorflow, tfjs = results
    value = vector(1)
    said = {"tensorflow": returned(value, tensorflow), address: returned(value, tfjs)}
    return says(verdicts(one, **said)[address])


KINKS = [
    ("abs", (0, 1), (0, 1), (-1, 1)),
    ("abs", (-0.0, 1), (0, 1), (-1, 1)),
    ("relu6", (6, 1), (0, 1), (1, 1)),
    ("selu", (0, 1), (1.050701, 1), (1.7580993, 1)),
    ("max", (2, 2), (0.5, 0.5), (1, 1)),
    ("min", (2, 2), (0.5, 0.5), (1, 1)),
]


@pytest.mark.parametrize(("name", "x", "theirs", "mine"), KINKS)
@pytest.mark.parametrize("address", ["tfjs", "tfjs:wasm", "tfjs@4.10.0:cpu"])
def test_each_following_its_own_recorded_choice_differs_by_convention(
    name, x, theirs, mine, address
):
    found = gradients(op(name, "x"), vector(*x), vector(*theirs), vector(*mine), address=address)
    assert found == "differs/convention"


def test_a_replay_and_a_command_are_the_library_that_they_say():
    one = case(op("abs", "x"), x=vector(0, 1))
    said = {
        "replay:old.ndjson#tensorflow": returned(vector(1), vector(0, 1)),
        "cmd:node runner": returned(vector(1), vector(-1, 1)),
    }
    names = dict(zip(said, ("tensorflow", "tfjs"), strict=True))
    started = {
        address: Started(name=name, version="1", runtime="r", protocol=1, reads="tree")
        for address, name in names.items()
    }
    found = verdicts(one, started=started, reference="replay:old.ndjson#tensorflow", **said)
    assert says(found["cmd:node runner"]) == "differs/convention"


@pytest.mark.parametrize(("name", "x", "theirs", "mine"), KINKS)
def test_another_choice_than_the_recorded_is_a_wrong_number(name, x, theirs, mine):
    body = op(name, "x")
    other = (0.25, *mine[1:])
    assert gradients(body, vector(*x), vector(*theirs), vector(*other)) == "differs/numeric"
    assert gradients(body, vector(*x), vector(*mine), vector(*theirs)) == "differs/numeric"
    stranger = gradients(body, vector(*x), vector(*theirs), vector(*mine), address="jax")
    assert stranger == "differs/numeric"


def test_the_same_recorded_choice_excuses_nothing():
    one = case(op("elu", "x"), x=vector(0))
    near = vector(np.nextafter(np.float32(1), np.float32(2)))
    said = {"tensorflow": returned(vector(0), vector(1)), "tfjs": returned(vector(0), near)}
    assert says(verdicts(one, "bitwise", **said)["tfjs"]) == "differs/numeric"


def test_near_a_kink_there_is_no_excuse():
    assert gradients(op("abs", "x"), vector(1e-30), vector(0), vector(-1)) == "differs/numeric"
    near = vector(2, np.nextafter(np.float32(2), np.float32(3)))
    assert gradients(op("max", "x"), near, vector(0.5, 0.5), vector(1, 1)) == "differs/numeric"


def test_a_convention_excuses_no_other_element():
    found = gradients(op("abs", "x"), vector(0, 1), vector(0, 1), vector(-1, 1.5))
    assert found == "differs/numeric"


def test_the_choice_is_a_factor_on_the_upstream_gradient():
    body, x, dy = op("abs", "x"), vector(0, 0), vector(3, -2)
    assert gradients(body, x, vector(0, 0), vector(-3, 2), dy=dy) == "differs/convention"
    assert gradients(body, x, vector(0, 0), vector(-1, -1), dy=dy) == "differs/numeric"


def test_a_kink_inside_a_composition_is_not_excused():
    body = op("square", op("abs", "x"))
    assert gradients(body, vector(0), vector(0), vector(-1)) == "differs/numeric"


def test_ties_along_an_axis_share_or_take_the_upstream_gradient():
    x = from_numpy(np.array([[1, 1, 0], [2, 3, 3]], np.float32))
    share = from_numpy(np.array([[2, 2, 0], [0, 5, 5]], np.float32))
    each = from_numpy(np.array([[4, 4, 0], [0, 10, 10]], np.float32))
    for axis in (1, -1, [1]):
        found = gradients(op("max", "x", axis), x, share, each, dy=vector(4, 10))
        assert found == "differs/convention"
    assert gradients(op("max", "x", 0), x, share, each, dy=vector(4, 10)) == "differs/numeric"


def test_another_position_of_an_equal_element_is_a_convention():
    def position(got, wanted, x=(1, 3, 3)):
        one = case(op("argMax", "x"), x=vector(*x), call="value", wrt=())
        said = [from_numpy(np.array(at, np.int32)) for at in (wanted, got)]
        found = verdicts(one, tensorflow=returned(said[0]), tfjs=returned(said[1]))
        return says(found["tfjs"])

    assert position(2, 1) == "differs/convention"
    assert position(0, 1) == "differs/numeric"
    assert position(7, 1) == position(-1, 1) == "differs/numeric"
    assert position(1, 1) == "pass"


def test_every_recorded_op_exists_and_says_where_it_is_defined():
    table = conventions()
    for kink in table.kinks:
        assert contract(kink.op)
        assert kink.definition
        assert set(kink.choices) <= {*table.measured, "tfjs:wasm", "exact"}
    assert all(contract(name) for name in table.positions)


@pytest.mark.parametrize(
    ("address", "name"),
    [("tensorflow", "tensorflow"), ("tfjs:wasm", "tfjs"), ("tfjs@4.10.0:cpu", "tfjs")],
)
def test_an_address_names_its_library(address, name):
    assert library(address) == name
