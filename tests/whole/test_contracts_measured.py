"""The contracts of the bundled implementations are kept, and say no more than they have to."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from conformance import bundle
from conformance.judge.contracts import contracts, profiles
from reference_impl.exact import formulas
from tests.benchmarks.contracts_measured import FUNCTIONS, measure

pytestmark = pytest.mark.slow
SEED, COUNT, ROWS = 20260, 60_000, 180
GENEROUS = 4
"""No bound is more than so many times what is seen."""

ADDRESSES = {"tensorflow": "tensorflow", "cpu": "tfjs:cpu", "wasm": "tfjs:wasm"}

WRONG = {
    "tensorflow-elu-as-exp-minus-one": [
        ("tensorflow", "elu.expm1", lambda x: x > -1),
        ("tensorflow", "selu.expm1", lambda x: x > -1),
    ],
    "cpu-elu-as-exp-minus-one": [
        ("cpu", "elu.expm1", lambda x: x > -(2.0**-24)),
        ("cpu", "selu.expm1", lambda x: x > -(2.0**-24)),
    ],
    "wasm-selu-as-exp-minus-one": [("wasm", "selu.expm1", lambda x: x > -1)],
    "cpu-erf-approximation": [("cpu", "erf", lambda x: np.abs(x) < 0.5)],
    "wasm-log1p-as-log": [("wasm", "log1p", lambda x: x < 1)],
    "wasm-sin-cos-tan-in-float32": [
        ("wasm", "sin", lambda x: (x < 2.0**-26) | (x > 1)),
        ("wasm", "cos", lambda x: (x < 0) | (x > 1)),
    ],
}
"""By cause: the contract, the function, and the operands for which the function is wrong."""

SCALE = {"selu.expm1": 1.0}
"""What an op does on top of the function: selu rounds its constant and a product, one unit more."""


def wrong(contract, function, x):
    """Which operands are known for a wrong result."""
    found = np.zeros(len(x), bool)
    for entries in WRONG.values():
        for name, of, where in entries:
            if (name, of) == (contract, function):
                found |= where(x)
    return found


def allowed(contract, function, errors, at):
    """What a contract allows for these operands, in units in the last place."""
    bounds = profiles()[contract].bounds
    inputs = [(one, 0.0) for one in errors.operands[:, at].tolist()]
    if function == "normalized":
        inputs += [(1.0, 0.0), (1.0, 0.0), (-0.75, 0.0)]
    bound, value = bounds.get(function) or bounds[function.rpartition(".")[2]], errors.exact[at]
    radius = formulas.allowed(bound, bounds, inputs, abs(value))
    return radius / np.ldexp(1.0, np.frexp(value)[1] - 24) + SCALE.get(function, 0.0)


@pytest.fixture(scope="module", params=ADDRESSES)
def measured(request):
    return request.param, measure(
        ADDRESSES[request.param], FUNCTIONS, seed=SEED, count=COUNT, rows=ROWS
    )


def shares(contract, function, errors):
    """The errors, as shares of what is allowed, of the operands that a function is right for."""
    kept = ~wrong(contract, function, errors.operands[0])
    # A bound in pieces is looked up for the largest errors alone.
    worst = np.flatnonzero(kept)[np.argsort(errors.ulp[kept])[-2000:]]
    return worst, np.array(
        [errors.ulp[at] / allowed(contract, function, errors, at) for at in worst]
    )


def test_the_contracts_are_kept_outside_of_the_known_causes(measured):
    contract, functions = measured
    broken = []
    for function, errors in functions.items():
        worst, found = shares(contract, function, errors)
        if found.max() > 1:
            at = worst[found.argmax()]
            broken.append(
                f"{function} is {errors.ulp[at]:.4g} ulp off at {errors.operands[:, at]},"
                f" {found.max():.3g} times what is allowed"
            )
    assert broken == []


def test_no_bound_is_far_above_what_is_seen(measured):
    contract, functions = measured
    generous = {}
    for function, errors in functions.items():
        stated = contracts().contracts[contract].bounds.get(function)
        if stated is not None and stated.source != "ieee":
            _, found = shares(contract, function, errors)
            if found.max() < 1 / GENEROUS:
                generous[function] = found.max()
    assert generous == {}


def test_what_is_said_to_be_wrong_is_wrong(measured):
    contract, functions = measured
    for cause, entries in WRONG.items():
        for name, function, where in entries:
            if name == contract:
                errors = functions[function]
                inside = where(errors.operands[0])
                assert errors.ulp[inside].max() > 8, cause


def test_the_causes_are_those_that_the_cases_know():
    causes = yaml.safe_load((bundle.cases() / "causes.yaml").read_text("utf-8"))
    assert set(WRONG) <= set(causes)
