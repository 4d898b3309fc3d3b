"""A unit in the last place grows at a power of two, which rounding may cross."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest

from conformance.judge.contracts import profiles
from reference_impl.exact.execute import answer
from tests.acceptance.places import flat, outside, places
from tests.acceptance.simulated import simulate
from tests.exact.asking import request


def products_below(threshold, count):
    """Pairs of float32s whose product is below, and the rounded product not."""
    random = Random(0)  # noqa: S311  reproducible, not secret
    while count:
        x = np.float32(random.uniform(1, 2))
        y = np.float32(threshold / float(x))
        if float(x) * float(y) < threshold <= np.float32(x * y):
            count -= 1
            yield x, y


@pytest.mark.parametrize(
    ("f", "threshold"),
    [("tanh", math.atanh(0.5)), ("exp", math.log(2)), ("log", math.e), ("expm1", math.log(2))],
)
def test_what_rounding_carries_over_a_power_of_two_may_be_off_by_its_larger_unit(f, threshold):
    contract = profiles()["ieee"]
    for x, y in products_below(threshold, 20):
        case = request(f"(x, y) => x.mul(y).{f}()", x=x, y=y)
        (value, *_) = places(answer(case, {"ieee": contract}), case.names, "ieee")
        theirs = simulate(case, contract, 0, "upwards")
        assert not outside(value, flat(theirs.value)).any(), (x, y)
