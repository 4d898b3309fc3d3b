"""Contracts: complete, unambiguous, and added up as the formula says."""

import json
import pathlib
from collections import Counter

import pytest
from judging import op

from conformance.judge.budget import budget, calls
from conformance.judge.op_costs import contract, contracts
from conformance.judge.policy import PolicyError
from conformance.language.tree import Arrow, Block, Call, Const, Member, Name

NAMES = pathlib.Path(__file__).parents[2] / "runner_js" / "dist" / "names.json"


def of(body, *parameters):
    names = parameters or ("x",)
    return Arrow(parameters=tuple(Name(name=name) for name in names), body=body)


def method(owner, name, *arguments):
    return Call(callee=Member(object=owner, name=name), arguments=arguments)


@pytest.mark.skipif(not NAMES.exists(), reason="the tf.js runner is not built")
@pytest.mark.parametrize("kind", ["functions", "methods"])
def test_every_public_op_of_tfjs_has_a_contract(kind):
    names = json.loads(NAMES.read_text("utf-8"))[kind]
    assert names
    missing = []
    for name in names:
        try:
            contract(name)
        except PolicyError:
            missing.append(name)
    assert missing == []


def test_no_op_has_two_contracts_and_every_strict_op_has_one():
    counts = Counter(name for group in contracts().groups for name in group.ops)
    assert [name for name, count in counts.items() if count > 1] == []
    assert all(contract(name) for name in contracts().strict_about_signed_zero)
    assert all(contract(name) for name in contracts().methods)


def test_every_contract_has_what_its_kind_needs():
    for group in contracts().groups:
        assert group.source
        assert (group.ulp > 0) == (group.kind in {"elementwise", "reduction", "composite"})
        assert (group.length is not None) == (group.kind in {"reduction", "composite"})


@pytest.mark.parametrize(
    ("body", "value", "grads"),
    [
        (op("add", "x", "x"), 1, 1 + 2 * (2 + 1)),
        (op("relu", "x"), 0, 0),
        (op("sin", "x"), 8, 8 + 2 * 9),
        (op("sum", "x"), 12, 12 + 2 * 13),
        (op("matMul", "x", "y"), 8, 8 + 2 * 9),
        (op("softmax", "x"), 20, 20 + 2 * 21),
        (op("gather", "x", "y"), 0, 2 * 12),
        (op("reshape", "x", [12]), 0, 0),
    ],
)
def test_the_budget_is_the_formula(body, value, grads):
    found = budget(of(body), [(3, 4)], [(3, 4)])
    assert (found.value, found.grads) == (value, grads)


def test_broadcasting_adds_the_terms_that_the_gradient_sums():
    tree = of(op("mul", "x", "y"), "x", "y")
    same, other = (budget(tree, [(3, 4), shape], [(3, 4)]) for shape in ((3, 4), (4,)))
    assert other.grads - same.grads == 2 * 12
    assert other.value == same.value


def test_ops_are_found_as_functions_as_methods_and_in_namespaces():
    tree = of(method(op("linalg.qr", method(Name(name="x"), "toFloat")), "sum"))
    assert [name for name, _ in calls(tree)] == ["sum", "linalg.qr", "toFloat"]
    assert contract("toFloat") is contract("cast")


def test_ops_under_a_gradient_count_double_for_each_level():
    once = Call(callee=op("grad", of(op("sin", "x"))), arguments=(Name(name="x"),))
    twice = Call(callee=op("grad", of(once)), arguments=(Name(name="x"),))
    assert calls(of(once)) == (("grad", 0), ("sin", 1))
    assert calls(of(twice)) == (("grad", 0), ("grad", 1), ("sin", 2))
    assert budget(of(once), [()], []).value == 2 * 2 * (4 + 9)
    assert budget(of(twice), [()], []).value == 2 * 4 * (4 + 9)


def test_a_function_with_a_name_may_be_the_one_that_is_differentiated():
    inner = Const(pattern=Name(name="f"), value=of(op("sin", "a"), "a"))
    block = Block(constants=(inner,), result=Call(callee=op("grad", "f"), arguments=()))
    assert calls(of(block)) == (("sin", 1), ("grad", 0))
    plain = Block(constants=(inner,), result=Call(callee=Name(name="f"), arguments=()))
    assert calls(of(plain)) == (("sin", 0),)


def test_an_unknown_op_is_never_free():
    with pytest.raises(PolicyError, match="has no cost"):
        budget(of(op("lgamma", "x")), [(1,)], [(1,)])
