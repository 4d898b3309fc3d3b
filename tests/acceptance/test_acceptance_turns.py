"""Rounding may turn a decision, and several of them at once."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.judge.contracts import profiles
from reference_impl.exact.execute import answer
from tests.acceptance.places import flat, outside, places, tensors
from tests.acceptance.simulated import MODES, simulate
from tests.acceptance.test_acceptance_binades import products_below
from tests.exact.asking import request

CASES = {
    "floors": ("(x, y) => x.mul(y).floor().mul(x)", {"x": (3,), "y": (3,)}),
    "relu": ("(x, y) => x.mul(y).sub(x.mul(y.add(1e-7))).relu().mul(1e7)", {"x": (4,), "y": (4,)}),
    "maximum": ("(x, y) => x.mul(y).maximum(x.mul(y.add(1e-7))).sum()", {"x": (4,), "y": (4,)}),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("mode", MODES)
def test_an_implementation_that_decides_on_its_own_numbers_is_not_reported(name, mode):
    source, shapes = CASES[name]
    contract = profiles()["ieee"]
    for seed in range(8):
        random = np.random.default_rng(seed)
        inputs = {key: random.uniform(1, 2, shape).astype("f4") for key, shape in shapes.items()}
        case = request(source, dy=None, **inputs)
        wanted = places(answer(case, {"ieee": contract}), case.names, "ieee")
        theirs = dict(tensors(simulate(case, contract, seed, mode), case.names))
        for place in wanted:
            assert not outside(place, flat(theirs[place.name])).any(), (seed, place.name)


@pytest.mark.parametrize(
    "source", ["(x, y) => x.mul(y).floor().sum()", "(x, y) => x.mul(y).sub(1).step().sum()"]
)
def test_what_several_turned_decisions_change_adds_up(source):
    contract = profiles()["ieee"]
    x, y = zip(*products_below(1, 4), strict=True)
    case = request(source, x=np.array(x), y=np.array(y))
    (value, *_) = places(answer(case, {"ieee": contract}), case.names, "ieee")
    theirs = flat(simulate(case, contract, 0).value)
    assert abs(theirs - value.exact) == 4 or "step" in source
    assert not outside(value, theirs).any()
