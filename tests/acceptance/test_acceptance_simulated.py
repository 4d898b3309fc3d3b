"""The simulated implementation keeps its contract, and is an implementation of its own."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
from flint import arb

from conformance.judge.contracts import profiles
from conformance.protocol import Bound, Contract
from reference_impl.exact import primitives as p
from tests.acceptance.places import flat
from tests.acceptance.simulated import MODES, Dice, simulate, single, unit
from tests.exact.asking import request


def dice(seed, mode):
    return Dice(None, Random(seed), mode)  # noqa: S311  reproducible, not secret


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "bound",
    [
        Bound(ulp=0.5),
        Bound(ulp=1),
        Bound(ulp=8),
        Bound(relative=1e-5),
        Bound(ulp=3, absolute=1e-7),
    ],
)
def test_what_is_moved_is_a_float32_within_the_bound(mode, bound):
    random = Random(1)  # noqa: S311
    thrown = dice(2, mode)
    for _ in range(500):
        number = random.choice((-1, 1)) * 10 ** random.uniform(-3, 6)
        found = thrown.moved(arb(number), bound)
        assert found == np.float32(found)
        allowed = bound.ulp * unit(number) + bound.relative * abs(number) + bound.absolute
        assert abs(found - number) <= allowed
        if mode == "upwards" and bound.ulp != 0.5:
            assert found + 2 * unit(found) > number + allowed


def test_one_correct_rounding_is_that_of_numpy():
    thrown, random = dice(0, "extremes"), Random(3)  # noqa: S311
    for _ in range(2_000):
        number = random.uniform(-4, 4)
        assert thrown.moved(arb(number), Bound(ulp=0.5)) == np.float32(number)
    middle = arb(1) + arb(2) ** -24
    assert thrown.moved(middle, Bound(ulp=0.5)) == 1
    assert thrown.moved(middle + arb(2) ** -90, Bound(ulp=0.5)) == 1 + 2**-23


def test_sums_depend_on_the_order_and_stay_close():
    terms = [single(one) for one in (1e8, 1.5, -1e8, 3.25, 7.0, -2.5, 1e4, 0.1)]
    found = {dice(seed, "uniform").total(terms) for seed in range(200)}
    assert len(found) > 3
    assert all(abs(one - math.fsum(terms)) < 8 * 7 for one in found)


def test_it_decides_on_its_own_numbers():
    # The product is below 1, and above where multiplication may be off by a whole unit.
    bounds = {"mul": Bound(ulp=1.0)}
    x, y = np.float32(1 + 2**-12), np.float32(1 - 2**-12)
    case = request("(x, y) => x.mul(y).step().add(x.mul(y).floor())", "value", x=x, y=y)
    full = {**profiles()["ieee"].bounds, **bounds}
    found = {
        flat(simulate(case, Contract(bounds=full), seed, "extremes").value)[0] for seed in range(40)
    }
    assert found == {1.0, 2.0}


def test_a_bound_counts_within_its_interval_and_a_formula_loses_what_its_operations_do():
    contract = Contract(bounds={"mul": Bound(ulp=0.5), "exp": Bound(ulp=2)})
    thrown = Dice(contract, Random(0), "upwards")  # noqa: S311
    pieces = Bound(ulp=8, within=(-1, 1), outside=Bound(ulp=1))
    for x, units in ((0.7, 8), (1.3, 1)):
        exact = arb(x).tanh()
        off = thrown.applied(p.TANH, [arb(x)], pieces) - exact
        assert units - 1 < float(off) / unit(float(exact)) <= units
    found = thrown.applied(p.TANH, [arb(0.5)], Bound(formula="x * exp(x)"))
    # It is around the formula, which is right in this contract and wrong for this function.
    assert 0 < float(found) / (0.5 * math.exp(0.5)) - 1 < 4 * 2**-23


def test_without_any_error_it_is_the_oracle():
    bounds = {name: Bound() for name in profiles()["ieee"].bounds}
    x = np.array([0.3, -1.7, 2.2], "f4")
    case = request("x => x.sin().exp().mul(x).tanh()", x=x)
    from reference_impl.exact.execute import execute  # noqa: PLC0415  next to its use

    theirs, exact = simulate(case, Contract(bounds=bounds), 0), execute(case)
    assert theirs.value == exact.value
    assert theirs.grads == exact.grads
