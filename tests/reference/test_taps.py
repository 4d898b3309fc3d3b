from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
import pytest

from conformance.language.names import shipped
from conformance.language.parser import parse
from conformance.protocol import Answer, Argument, Function, Optimizer, Run
from conformance.suite.load import load
from conformance.tensors import Tensor
from reference_impl import execute as module
from reference_impl.api.namespace import NO_OPS, functions
from reference_impl.execute import answer
from reference_impl.gradients import GRADIENTS

ROOT = Path(__file__).parents[2]
NAMES = shipped()


def request(source, call="valueAndGrads", *, wrt=None, dy=None, tap=True, **inputs):
    return Run(
        id=7,
        call=call,
        f=Function(source, parse(source, NAMES)),
        names=tuple(inputs),
        args=tuple(Argument(literal=value) for value in inputs.values()),
        wrt=tuple(inputs) if wrt is None else wrt,
        dy=None if dy is None else Argument(literal=dy),
        tap=tap,
    )


def taps(source, call="valueAndGrads", **given):
    said = answer(request(source, call, **given))
    assert said.returned is not None, said
    return said.taps


def numbers(tensor):
    return tensor.numpy().tolist() if isinstance(tensor, Tensor) else tensor


def passes(tapped):
    """Level, upstream and gradients of each pass, as numbers."""
    return [
        (
            one.level,
            {key: numbers(tensor) for key, tensor in one.upstream.items()},
            [numbers(gradient) for gradient in one.gradients],
        )
        for one in tapped.passes
    ]


def test_every_call_has_its_inputs_its_results_and_where_they_are_from():
    mul, square, total = taps("(x, y) => tf.mul(x, y).square().sum()", x=[1, 2], y=[3, 4])
    assert [one.op for one in (mul, square, total)] == ["mul", "square", "sum"]
    assert [one.method for one in (mul, square, total)] == [False, True, True]
    assert [numbers(one) for one in mul.inputs] == [[1, 2], [3, 4]]
    assert [one.sources for one in (mul, square, total)] == [
        (None, None),
        ((0, ""),),
        ((1, ""),),
    ]
    assert [numbers(one.results[""]) for one in (mul, square, total)] == [[3, 8], [9, 64], 73]


def test_a_pass_has_what_came_to_the_result_and_what_the_call_contributes():
    mul, square, total = taps("(x, y) => x.mul(y).square().sum()", x=[1, 2], y=[3, 4], dy=10)
    assert passes(mul) == [(0, {"": [60, 160]}, [[180, 640], [60, 320]])]
    assert passes(square) == [(0, {"": [10, 10]}, [[60, 160]])]
    assert passes(total) == [(0, {"": 10}, [[10, 10]])]


def test_upstream_is_the_sum_over_all_uses_and_a_contribution_is_one_part():
    first, second, _ = taps("x => x.mul(3).mul(x).add(x)", x=[2])
    assert passes(first) == [(0, {"": [2]}, [[6]])]
    assert passes(second) == [(0, {"": [1]}, [[2], [6]])]


def test_nothing_flows_to_constants_and_through_ops_without_a_gradient():
    floor, mul, add = taps("(x, c) => x.floor().mul(x).add(c)", x=[1.5], c=[4], wrt=("x",))
    assert passes(floor) == [(0, {"": [1.5]}, [None])]
    assert passes(mul) == [(0, {"": [1]}, [[1.5], [1]])]
    assert passes(add) == [(0, {"": [1]}, [[1], None])]


@pytest.mark.parametrize(
    ("source", "op", "keys", "upstream", "gradient"),
    [
        ("x => tf.split(x, 3)[1]", "split", ["0", "1", "2"], {"1": [1]}, [0, 1, 0]),
        ("x => tf.unstack(x)[0]", "unstack", ["0", "1", "2"], {"0": 1}, [1, 0, 0]),
        (
            "x => tf.topk(x, 1).values",
            "topk",
            ["values", "indices"],
            {"values": [1]},
            [0, 0, 1],
        ),
        (
            "x => tf.moments(x).variance",
            "moments",
            ["mean", "variance"],
            {"variance": 1},
            [-2, 0, 2],
        ),
    ],
)
def test_results_have_keys_and_upstream_where_one_came(source, op, keys, upstream, gradient):
    (tapped,) = taps(source, x=[1, 4, 7])
    assert tapped.op == op
    assert sorted(tapped.results) == sorted(keys)
    assert passes(tapped) == [(0, upstream, [pytest.approx(gradient)])]


@pytest.mark.parametrize("op", ["addN", "concat"])
def test_tensors_in_lists_are_inputs(op):
    joined, _ = taps(f"(x, y) => tf.{op}([x, y, x]).sum()", x=[1], y=[2])
    assert joined.arguments == ([{"input": 0}, {"input": 1}, {"input": 2}],)
    assert [numbers(one) for one in joined.inputs] == [[1], [2], [1]]
    (((level, _, gradients)),) = passes(joined)
    assert (level, gradients) == (0, [[1], [1], [1]])


def test_arguments_are_in_the_form_of_json():
    source = "x => x.clipByValue(-Infinity, Infinity).pad([[0, 1]], -0).sum(undefined, true)"
    clip, pad, total = taps(source, x=[1])
    infinite = ({"number": "-Infinity"}, {"number": "Infinity"})
    assert clip.arguments == ({"input": 0}, *infinite)
    assert pad.arguments == ({"input": 0}, [[0, 1]], {"number": "-0"})
    assert total.arguments == ({"input": 0}, {"undefined": True}, True)
    (conv,) = taps("x => tf.fused.matMul({a: x, b: [[2]], transposeA: NaN})", x=[[1]])
    assert conv.arguments == ({"a": {"input": 0}, "b": [[2]], "transposeA": {"number": "NaN"}},)


def test_what_a_function_does_inside_of_an_op_is_part_of_the_op():
    source = """(w, x, c, h) => {
      const cell = (x, c, h) => tf.basicLSTMCell(1, w, [0, 0, 0, 0], x, c, h);
      return tf.multiRNNCell([cell, cell], x, [c, c], [h, h])[1][1].square();
    }"""
    whole, square = taps(source, w=[[1, 2, 3, 4]] * 2, x=[[1]], c=[[1]], h=[[2]])
    assert whole.arguments[0] == [{"function": True}] * 2
    assert list(whole.results) == ["0.0", "0.1", "1.0", "1.1"]
    assert set(whole.passes[0].upstream) == {"1.1"}
    assert square.sources == ((0, "1.1"),)


def test_an_inner_gradient_is_a_level_of_its_own():
    (mul,) = taps("x => tf.grad(a => a.mul(a))(x)", x=[3])
    assert [one[0] for one in passes(mul)] == [1, 0]
    assert passes(mul)[0] == (1, {"": [1]}, [[3], [3]])
    levels = [
        {one.level for one in tapped.passes}
        for tapped in taps("x => tf.grad(b => tf.grad(a => a.mul(a).mul(a))(b))(x)", x=[2])
    ]
    assert set().union(*levels) == {0, 1, 2}


def test_a_pass_without_upstream_is_the_gradient_of_a_gradient():
    (exp,) = taps("x => tf.grad(a => a.exp())(x)", x=[0])
    assert passes(exp) == [(1, {"": [1]}, [[1]]), (0, {}, [[1]])]


def test_a_gradient_in_a_rule_of_custom_grad_is_a_level_more():
    source = """x => tf.customGrad(a => ({
      value: a.square(), gradFunc: dy => tf.grad(b => b.mul(b))(a).mul(dy)
    }))(x)"""
    recorded = taps(source, x=[3])
    assert [one.op for one in recorded] == ["square", "mul", "mul"]
    assert [passes(one) for one in recorded[:2]] == [[], [(1, {"": [1]}, [[3], [3]])]]


@pytest.mark.parametrize("call", ["variableGrads", "minimize"])
def test_gradients_of_variables_arrive(call):
    source = "(v, w) => v.mul(v).mul(w).sum()"
    asked = request(source, call, v=[1, 2], w=[3, 4])
    if call == "minimize":
        asked = msgspec.structs.replace(asked, optimizer=Optimizer("sgd", (0.5,)), steps=2)
    said, plain = answer(asked), answer(msgspec.structs.replace(asked, tap=False))
    assert bits(said) == bits(plain)
    assert passes(said.taps[0]) == [(0, {"": [3, 4]}, [[3, 8], [3, 8]])]
    if call == "minimize":
        assert [numbers(one) for one in said.taps[3].inputs[:1]] == [[-2, -6]]
    else:
        assert [numbers(one) for one in said.returned.grads] == [[6, 16], [1, 4]]


def test_variables_that_a_function_finds_are_watched():
    source = "x => tf.variableGrads(() => tf.variable(x).square().sum()).value"
    square, total = taps(source, "value", x=[3], wrt=())
    assert passes(total) == [(1, {"": 1}, [[1]])]
    assert passes(square) == [(1, {"": [1]}, [[6]])]


def test_an_op_may_be_the_rule_of_custom_grad():
    source = "x => tf.customGrad((a, save) => ({value: a.square(), gradFunc: tf.neg}))(x)"
    recorded = taps(source, x=[3])
    assert [(one.op, one.arguments) for one in recorded] == [
        ("square", ({"input": 0},)),
        ("neg", ({"input": 0},)),
    ]


def test_integers_and_strings_are_recorded():
    cast, gather = taps("x => x.gather(tf.cast([0.5, 1], 'int32'))", x=[5, 6])
    assert cast.results[""].dtype == "int32"
    assert gather.sources == (None, (0, ""))
    assert passes(gather) == [(0, {"": [1, 1]}, [[1, 1], None])]


def test_complex_numbers_have_passes():
    complex_, _ = taps("x => tf.abs(tf.complex(x, x))", x=[3])
    assert complex_.results[""].dtype == "complex64"
    assert passes(complex_)[0][2] == [[pytest.approx(0.5**0.5)]] * 2


def test_a_tensor_without_a_gradient_stays_without():
    said = answer(
        request("(x, y) => x.add(y.zerosLike().mul(0)).where(y.less(0), x)", x=[1], y=[2])
    )
    assert [one is None for one in said.returned.grads] == [False, True]


def test_a_case_that_throws_has_the_taps_until_then():
    said = answer(request("x => x.square().matMul(x)", x=[1, 2]))
    assert said.threw.phase == "forward"
    assert [one.op for one in said.taps] == ["square"]


def test_taps_travel_as_json():
    said = answer(request("x => tf.topk(x.mul(NaN), 1).values", x=[1, 2]))
    assert msgspec.json.decode(msgspec.json.encode(said), type=Answer) == said


def test_who_does_not_ask_gets_no_taps(monkeypatch):
    monkeypatch.setattr(module, "Taps", None)
    monkeypatch.setattr(module.tapping, "tapped", None)
    assert answer(request("x => x.mul(x)", tap=False, x=[1])).taps == ()


def test_what_is_no_op_is_known_by_name():
    assert functions(GRADIENTS, *[lambda: None] * 3).keys() == NO_OPS
    assert taps("x => tf.tidy(() => tf.keep(tf.tensor1d([1])))", "value", x=[1], wrt=()) == ()


SUMMANDS = ("x", "x.mul(y)", "x.square()", "x.mul(z).mul(x)")


@pytest.mark.parametrize("parts", [*itertools.permutations(SUMMANDS, 3)])
@pytest.mark.parametrize("join", ["{0}.mul({1}).mul({2})", "{0}.mul({1}.mul({2}))"])
def test_sums_of_gradients_are_formed_in_the_order_without_taps(parts, join):
    source = f"(x, y, z) => {join.format(*parts)}"
    values = {"x": [0.1, 1.7, 3.3], "y": [0.7, -0.3, 1.1], "z": [1.3, 0.9, -2.1]}
    asked = request(source, **values)
    assert bits(answer(asked)) == bits(answer(msgspec.structs.replace(asked, tap=False)))


def bits(said):
    """What an answer says, without its time."""
    if said.returned is None:
        return said.threw, said.unsupported
    return msgspec.structs.replace(said.returned, seconds=0.0)


SUM_INSIDE = {"batchNorm", "linalg.gramSchmidt", "moments", "norm"}
"""Ops of several parts that use an argument more than once. The tap hears the sum of these uses,
where without it they are terms of one long sum with what other calls contribute."""


def adds_up_before(said):
    """Whether a tap may hear a sum: of the uses in an op, or of first and second derivatives."""
    return any(
        one.op in SUM_INSIDE
        or one.op.startswith("losses.")
        or len({each.level for each in one.passes}) > 1
        for one in said.taps
    )


def changed(step):
    """The cases whose bits taps change, and how many there are, of every so many."""
    cases = load([ROOT / "cases"], NAMES)[::step]
    different = []
    for case in cases:
        asked = case.request(1)
        plain = answer(asked)
        said = answer(msgspec.structs.replace(asked, tap=True))
        # TensorFlow's gradient of a pooling without windows is what was in memory before.
        if bits(said) != bits(plain) and bits(plain) == bits(answer(asked)):
            different.append((case.id, said))
    return len(cases), different


def hold(step, *, most):
    count, different = changed(step)
    assert [name for name, said in different if not adds_up_before(said)] == []
    assert len(different) <= most * count


def test_taps_do_not_change_bits_in_a_spread_of_cases():
    hold(67, most=0.02)


@pytest.mark.slow
def test_taps_do_not_change_bits():
    hold(1, most=0.005)
