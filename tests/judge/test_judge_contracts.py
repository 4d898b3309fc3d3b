"""The contracts: complete, a source for every number, and formulas that lose what they must."""

from __future__ import annotations

import math

import msgspec
import pytest

from conformance.judge import contracts as file
from conformance.judge.contracts import (
    Section,
    Stated,
    contract_of,
    contracts,
    profiles,
    profiles_of,
)
from conformance.protocol import Bound, Started
from reference_impl.exact import formulas
from reference_impl.exact import primitives as p
from reference_impl.exact.primitives import PRIMITIVES

MOVES = {"leaf", "identity", "block", "tie", "neg"}
"""Primitives that round nothing."""
IN_FORMULAS = {"exp2", "log2"}
KNOWN = {"ieee", "start", "double", "wgsl"}


@pytest.mark.parametrize("name", profiles())
def test_every_primitive_that_computes_has_a_bound(name):
    bounds = profiles()[name].bounds
    assert not set(PRIMITIVES) - MOVES - set(bounds)


@pytest.mark.parametrize("name", profiles())
def test_every_bound_is_one_of_a_function_that_is(name):
    functions = {key.rpartition(".")[2] for key in profiles()[name].bounds}
    assert functions <= set(PRIMITIVES) - MOVES | IN_FORMULAS


def test_every_bound_has_a_source():
    for name, section in contracts().contracts.items():
        for function, stated in section.bounds.items():
            words = stated.source.replace(",", " ").replace(";", " ").replace(":", " ").split()
            assert len(words) > 1 or words[0] in {*KNOWN, "table"}, f"{name}: {function}"


def test_every_implementation_has_a_contract_that_is():
    assert set(contracts().implementations.values()) <= set(profiles())


@pytest.mark.parametrize(
    ("name", "backend", "contract"),
    [
        ("tensorflow", "cpu", "tensorflow"), ("tfjs", "wasm", "wasm"), ("tfjs", "webgpu", "webgpu"),
        ("tfjs", "node", "ieee"), ("other", None, "ieee"),
    ],
)  # fmt: skip
def test_an_implementation_is_held_to_the_contract_of_its_backend(name, backend, contract):
    started = Started(
        name=name, version="1", runtime="r", protocol=1, reads="tree", backend=backend
    )
    assert contract_of(started) == contract


def test_a_contract_takes_over_what_it_does_not_state():
    ieee, wasm = profiles()["ieee"].bounds, profiles()["wasm"].bounds
    assert wasm["mod.div"] == ieee["mod.div"]
    assert wasm["tanh"].ulp < ieee["tanh"].ulp


def with_bounds(monkeypatch, **bounds):
    """The contracts, with one more."""
    section = Section(bounds={"div": Stated(source="ieee", ulp=0.5), **bounds})
    changed = msgspec.structs.replace(contracts(), contracts={"new": section})
    monkeypatch.setattr(file, "contracts", lambda: changed)
    return file._whole("new")


@pytest.mark.parametrize(
    ("formula", "complaint"),
    [
        ("1 / sine(x)", "inherits from sine, which has no bound"),
        ("tan(x) / 1", "inherits from itself"),
        ("1 /", "is no expression"),
        ("x ** 2", "has no place in a formula"),
        ("x.real / x", "has no place"),
        ("'1' / x", "has no place"),
        ("True / x", "has no place"),
        ("v / 1", "has no place"),
    ],
)
def test_a_formula_is_made_of_operands_and_functions_with_bounds(monkeypatch, formula, complaint):
    with pytest.raises(ValueError, match=complaint):
        with_bounds(monkeypatch, tan=Stated(source="wgsl", inherit=formula))


def test_a_formula_becomes_a_bound(monkeypatch):
    contract = with_bounds(monkeypatch, tan=Stated(source="wgsl", inherit="x / y"))
    assert contract.bounds["tan"] == Bound(formula="x / y")


def off(name, function, *operands, radius=0.0):
    """What a contract allows for a function of these operands, in its units in the last place."""
    bounds = profiles()[name].bounds
    value = float(PRIMITIVES[function].evaluate(*map(formulas.exact, operands)))
    inputs = [(one, radius) for one in operands]
    found = formulas.allowed(bounds[function], bounds, inputs, value)
    return found / 2.0 ** (math.frexp(value)[1] - 24)


def test_a_bound_may_grow_with_the_operand():
    assert off("webgpu", "exp", 10.0) == pytest.approx(23)
    assert off("webgpu", "exp", -10.0, radius=0.5) == pytest.approx(24)


def test_a_bound_counts_within_its_interval():
    assert off("webgpu", "log", 1.5) == pytest.approx(2.0**-21 / 2.0**-25)
    assert off("webgpu", "log", 10.0) == pytest.approx(3)


def test_at_the_end_of_an_interval_the_larger_bound_counts():
    bound = Bound(ulp=1, within=(0, 2), outside=Bound(ulp=4))
    for x, units in ((1.0, 1), (1.99, 4), (2.01, 4), (3.0, 4)):
        assert formulas.allowed(bound, {}, [(x, 0.1)], 1.0) == units * 2.0**-23


def test_outside_of_the_interval_nothing_is_promised():
    assert off("webgpu", "sin", 3.0) < math.inf
    assert off("webgpu", "sin", 4.0) == math.inf
    assert off("webgpu", "sin", 3.1, radius=0.1) == math.inf


def test_a_formula_loses_what_its_functions_do():
    allowed = off("webgpu", "tan", 1.0)
    # Of sine and cosine 2^-11 each, and two and a half units for the quotient.
    share = 2.0**-11 * (1 / math.cos(1) + math.sin(1) / math.cos(1) ** 2)
    assert allowed * 2.0**-23 == pytest.approx(share, rel=0.01)
    assert off("webgpu", "sigmoid", 0.0) == pytest.approx((3 / 4 + 0.5 / 2) * 2 + 2.5, rel=0.01)


def test_a_formula_that_overflows_promises_nothing():
    assert off("webgpu", "sinh", 80.0) < math.inf
    assert off("webgpu", "sinh", 89.2) == math.inf


def test_a_formula_that_leaves_the_domain_promises_nothing():
    assert off("webgpu", "acosh", 1.0001) < math.inf
    assert off("webgpu", "acosh", 1.0001, radius=0.01) == math.inf


def test_numbers_of_a_formula_are_rounded_like_all_others():
    bounds = {"mul": Bound(ulp=0.5)}
    half = formulas.allowed(Bound(formula="x * 0.5"), bounds, [(1.0, 0.0)], 0.5)
    tenth = formulas.allowed(Bound(formula="x * 0.1"), bounds, [(1.0, 0.0)], 0.1)
    assert (half, tenth) == (2.0**-25, 2.0**-27)


def test_a_formula_of_the_second_operand_is_evaluated():
    allowed = off("webgpu", "pow", 2.0, 3.0)
    # exp2(3) is off by 3 + 2 * 3 units, and by what log2(2) and the product are off.
    exponent = 3 * 2.0**-21 + 2.0**-23
    assert allowed == pytest.approx(9 + math.log(2) * exponent * 2.0**23, rel=0.01)


def test_plain_bounds_take_the_short_way():
    assert formulas.is_plain(Bound(ulp=3))
    assert not formulas.is_plain(Bound(ulp=3, absolute=1))
    assert formulas.largest_ulp(Bound(ulp=1, within=(0, 1), outside=Bound(ulp=4))) == 4


def test_every_name_of_a_formula_is_that_of_a_primitive():
    for contract in profiles().values():
        for bound in contract.bounds.values():
            for used in file.formula_functions(bound.formula) if bound.formula else ():
                assert used in formulas._PRIMITIVES
    assert p.EXP is formulas._PRIMITIVES["exp"]


def test_an_oracle_is_asked_for_the_contracts_that_may_count():
    bundled = ["tensorflow", "cpu", "wasm"]
    assert list(profiles_of(["tfjs:cpu"])) == bundled
    assert list(profiles_of(["tensorflow", "tfjs:wasm"])) == bundled
    assert profiles_of(["tfjs:cpu", "cmd:./other"]) == profiles()
