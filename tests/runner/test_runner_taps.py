"""What the tf.js runner tells of the ops that a case calls, on both backends."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from test_runner import BACKENDS, START, case, exchange, float_bits, floats

from conformance import bundle
from conformance.language import names
from conformance.protocol import Answer, Pass, Tapped
from conformance.suite.load import load
from conformance.tensors import Tensor

pytestmark = pytest.mark.parametrize("backend", BACKENDS)


def answers(backend: str, cases: Sequence[dict[str, Any]]) -> list[Answer]:
    requests = [{"id": i, **body} for i, body in enumerate(cases, start=1)]
    done = exchange(backend, START, *requests, {"id": 0, "do": "stop"})
    assert done.returncode == 0, done.stderr.decode()
    return [msgspec.json.decode(line, type=Answer) for line in done.stdout.splitlines()][1:]


def tapped(backend: str, source: str, *args: object, **more: Any) -> tuple[Tapped, ...]:
    """The taps of a case that returns."""
    (found,) = answers(backend, [case(source, *args, tap=True, **more)])
    assert found.returned is not None, found
    return found.taps


def ops(taps: Sequence[Tapped]) -> list[str]:
    return [one.op for one in taps]


def heard(one: Pass) -> tuple[int, dict[str, list[float]], list[list[float] | None]]:
    """A pass with numbers in place of tensors."""
    upstream = {key: floats(tensor) for key, tensor in one.upstream.items()}
    return one.level, upstream, [grad and floats(grad) for grad in one.gradients]


def comparable(found: Answer) -> Answer:
    returned = found.returned and msgspec.structs.replace(found.returned, seconds=0.0)
    return msgspec.structs.replace(found, id=0, taps=(), returned=returned)


def test_a_call_has_what_went_in_and_out_forward_and_backward(backend: str) -> None:
    mul, square, add = tapped(
        backend, "(x, y) => tf.mul(x, y).add(x.square())", [1, 2], [3, 4], dy={"literal": [10, 100]}
    )
    assert (mul.op, mul.method, mul.arguments) == ("mul", False, ({"input": 0}, {"input": 1}))
    assert [floats(tensor) for tensor in mul.inputs] == [[1, 2], [3, 4]]
    assert (mul.sources, floats(mul.results[""])) == ((None, None), [3, 8])
    assert [heard(one) for one in mul.passes] == [(0, {"": [10, 100]}, [[30, 400], [10, 200]])]
    assert (square.op, square.method, square.arguments) == ("square", True, ({"input": 0},))
    assert [heard(one) for one in square.passes] == [(0, {"": [10, 100]}, [[20, 400]])]
    assert (add.op, add.sources, floats(add.results[""])) == ("add", ((0, ""), (1, "")), [4, 12])


def test_the_upstream_is_the_sum_over_all_uses(backend: str) -> None:
    neg, *_ = tapped(
        backend, "x => { const y = x.neg(); return y.mul(3).add(y).sub(y.mul(5)); }", [2]
    )
    assert [heard(one) for one in neg.passes] == [(0, {"": [-1]}, [[1]])]


def test_the_seed_of_the_gradient_is_ones_where_dy_is_not_given(backend: str) -> None:
    (neg,) = tapped(backend, "x => x.neg()", [[1, 2]])
    assert heard(neg.passes[0]) == (0, {"": [1, 1]}, [[-1, -1]])
    assert neg.passes[0].upstream[""].shape == (1, 2)


def test_a_tensor_that_is_given_twice_is_one_input(backend: str) -> None:
    mul, add = tapped(backend, "x => x.mul(x).add(x)", [3])
    assert (mul.arguments, len(mul.inputs)) == (({"input": 0}, {"input": 0}), 1)
    assert heard(mul.passes[0])[2] == [[6]]
    assert heard(add.passes[0])[2] == [[1], [1]]


def test_nothing_flows_to_a_constant(backend: str) -> None:
    mul, _ = tapped(backend, "(x, c) => x.mul(c).add(c)", [3], [4], wrt=["x0"])
    assert heard(mul.passes[0]) == (0, {"": [1]}, [[4], None])


def test_a_value_without_gradient_has_no_passes(backend: str) -> None:
    taps = tapped(backend, "x => x.square().neg()", [3], call="value", wrt=[])
    assert [(one.op, one.passes) for one in taps] == [("square", ()), ("neg", ())]


@pytest.mark.parametrize(
    ("source", "keys", "results"),
    [
        ("x => { const [a, b] = tf.split(x, 2); return a.mul(b); }", ["0", "1"], [[1], [2]]),
        ("x => { const [a, b] = tf.unstack(x); return a.mul(b); }", ["0", "1"], [[1], [2]]),
        ("x => { const {mean, variance} = tf.moments(x); return mean.mul(variance); }",
         ["mean", "variance"], [[1.5], [0.25]]),
    ],
)  # fmt: skip
def test_several_results_have_keys_and_one_pass(
    backend: str, source: str, keys: list[str], results: list[list[float]]
) -> None:
    several, mul = tapped(backend, source, [1, 2])
    assert [floats(several.results[key]) for key in keys] == results
    assert mul.sources == tuple((0, key) for key in keys)
    (one,) = several.passes
    # What moments contributes to its own mean, on the way to the variance, is no upstream.
    assert {key: floats(dy) for key, dy in one.upstream.items()} == dict(
        zip(keys, reversed(results), strict=True)
    )


def test_results_that_are_no_floats_are_told_too(backend: str) -> None:
    topk, *_ = tapped(backend, "x => { const top = tf.topk(x, 1); return x.mul(2); }", [1, 5])
    assert floats(topk.results["values"]) == [5]
    assert topk.results["indices"] == Tensor("int32", (1,), struct.pack("<i", 1))


@pytest.mark.parametrize("op", ["concat", "stack", "addN"])
def test_lists_have_inputs_in_their_places(backend: str, op: str) -> None:
    (found,) = tapped(backend, f"(x, y) => tf.{op}([x, y])", [1], [2])
    assert found.arguments == ([{"input": 0}, {"input": 1}],)
    assert [floats(tensor) for tensor in found.inputs] == [[1], [2]]
    assert heard(found.passes[0])[2] == [[1], [1]]


def test_arguments_are_told_as_json(backend: str) -> None:
    source = """x => {
      const clipped = tf.clipByValue(x, -1e999, 1e999);
      const padded = clipped.pad([[0, 1]], -0);
      const mean = tf.losses.meanSquaredError(padded, [1, 0], undefined);
      const a = x.reshape([1, 1]);
      return tf.fused.matMul({a, b: [[2]], transposeA: false, activation: 'relu'});
    }"""
    clip, pad, mean, _, matmul = tapped(backend, source, [1])
    assert clip.arguments[1:] == ({"number": "-Infinity"}, {"number": "Infinity"})
    assert pad.arguments == ({"input": 0}, [[0, 1]], {"number": "-0"})
    assert (mean.op, mean.arguments[1:]) == (
        "losses.meanSquaredError",
        ([1, 0], {"undefined": True}),
    )
    assert matmul.arguments == (
        {"a": {"input": 0}, "b": [[2]], "transposeA": False, "activation": "relu"},
    )


def test_functions_among_the_arguments_are_named_as_such(backend: str) -> None:
    source = "x => tf.multiRNNCell([(data, c, h) => [tf.sin(c), h.cos()]], x, [x], [x])[0][0]"
    (cell,) = tapped(backend, source, [[1, 2]])
    assert cell.arguments == ([{"function": True}], {"input": 0}, [{"input": 0}], [{"input": 0}])


def test_every_dtype_is_told(backend: str) -> None:
    source = "(x, i, b, s) => { const t = s.reshape([1]); return tf.where(b, x.gather(i), x); }"
    args = [
        Tensor("int32", (2,), struct.pack("<2i", 1, 0)),
        Tensor("bool", (2,), b"\x01\0"),
        {"literal": ["é"]},
    ]
    x = float_bits(0x7FC00001, 1)
    reshape, gather, where = tapped(backend, source, x, *args, call="value", wrt=[])
    assert reshape.inputs == (Tensor("string", (1,), b"\x02\0\0\0\xc3\xa9"),)
    assert gather.inputs == (x, args[0])
    assert where.inputs == (args[1], float_bits(1, 0x7FC00001), x)


def test_only_the_outermost_calls_are_told(backend: str) -> None:
    assert ops(tapped(backend, "x => tf.losses.huberLoss(x, x.flatten())", [1, 2])) == [
        "flatten",
        "losses.huberLoss",
    ]
    # These call methods of tensors, in their values or in their gradients.
    assert ops(tapped(backend, "x => tf.dropout(x, 0.5, [2], 1)", [1, 2])) == ["dropout"]
    assert ops(tapped(backend, "x => x.norm()", [1, 2])) == ["norm"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x => tf.grad(y => y.sin())(x)", ["sin"]),
        ("x => tf.grads((y, z) => tf.mul(y, z.cos()))([x, x])[1]", ["cos", "mul"]),
        ("x => tf.valueAndGrad(y => y.sin())(x).value", ["sin"]),
        ("x => tf.valueAndGrads(y => y.sin())([x]).value", ["sin"]),
        ("x => tf.grad(tf.square)(x)", ["square"]),
        ("x => tf.tidy(() => x.exp().log())", ["exp", "log"]),
        ("x => tf.keep(x.exp())", ["exp"]),
        ("x => x.mul(tf.scalar(2))", ["mul"]),
        ("""x => {
            const f = tf.customGrad(a => ({value: a.square(), gradFunc: dy => dy.mul(3).neg()}));
            return f(x.sin());
          }""",
         ["sin", "square", "mul", "neg"]),
    ],
)  # fmt: skip
def test_what_calls_the_case_back_is_no_op(backend: str, source: str, expected: list[str]) -> None:
    assert ops(tapped(backend, source, [1, 2])) == expected


def test_the_level_counts_the_gradients_around(backend: str) -> None:
    source = "x => { const y = x.square(); return tf.grad(z => z.mul(y))(x.neg()); }"
    square, neg, mul = tapped(backend, source, [3])
    assert [heard(one) for one in square.passes] == [(0, {"": [1]}, [[6]])]
    assert neg.passes == ()
    assert [heard(one) for one in mul.passes] == [(1, {"": [1]}, [[9], None])]


def test_a_gradient_that_is_the_result_has_level_0_when_none_is_around_it(backend: str) -> None:
    (neg,) = tapped(backend, "x => tf.grad(y => y.neg())(x)", [0], call="value", wrt=[])
    assert [heard(one) for one in neg.passes] == [(0, {"": [1]}, [[-1]])]


def test_second_derivatives_are_kept_apart_from_first_ones(backend: str) -> None:
    # 2x comes through the value; 2 comes through the gradient, which is no matter of this pass.
    source = """x => {
      const {value, grad} = tf.valueAndGrad(y => y.square())(x);
      return value.add(grad);
    }"""
    square, _ = tapped(backend, source, [3])
    assert [heard(one) for one in square.passes] == [(1, {"": [1]}, [[6]]), (0, {"": [1]}, [[6]])]


def test_a_pass_that_outer_gradients_come_into_halfway_is_left_out(backend: str) -> None:
    # norm squares inside; the gradient of the inner gradient meets this square, not the result.
    norm, *_ = tapped(backend, "x => tf.grad(y => y.norm())(x)", [3, 4])
    assert [one.level for one in norm.passes] == [1]


def test_variables_are_inputs_like_others(backend: str) -> None:
    found = tapped(backend, "(v, x) => v.mul(x).sum()", [3], [4], call="variableGrads", wrt=["x0"])
    assert heard(found[0].passes[0]) == (0, {"": [1]}, [[4], None])


def test_every_step_of_a_training_is_told(backend: str) -> None:
    sgd = {"name": "sgd", "arguments": [0.5]}
    found = tapped(backend, "v => v.square()", 4, call="minimize", optimizer=sgd, steps=3)
    assert ops(found) == ["square"] * 3
    # A variable has other data after each step.
    steps = [(floats(one.inputs[0]), heard(one.passes[0])[2]) for one in found]
    assert steps[:2] == [([4], [[8]]), ([0], [[0]])]


def test_an_op_that_hands_on_its_argument_makes_no_pass(backend: str) -> None:
    square, ensure = tapped(backend, "x => tf.ensureShape(x.square(), [1])", [3])
    assert (floats(ensure.results[""]), ensure.passes) == ([9], ())
    assert [heard(one) for one in square.passes] == [(0, {"": [1]}, [[6]])]


def test_a_tensor_that_tfjs_disposes_of_too_early_is_not_kept_alive(backend: str) -> None:
    # The gradient of logSigmoid reads an input that need not be there any more.
    body = case("x => x.mul(2).logSigmoid()", [1])
    plain, with_taps = answers(backend, [body, body | {"tap": True}])
    assert comparable(plain) == comparable(with_taps)


def test_a_throw_has_no_taps_and_leaves_nothing_behind(backend: str) -> None:
    good = case("x => x.square()", [3])
    bodies = [
        case("(x, y) => x.square().add(y)", [1, 2], [1, 2, 3], tap=True),
        good,
        case("x => tf.cumprod(x.sin())", [1, 2], tap=True),
        good | {"tap": True},
        good,
    ]
    threw, before, _, with_taps, after = answers(backend, bodies)
    assert threw.threw is not None
    assert threw.taps == ()
    assert ops(with_taps.taps) == ["square"]
    assert comparable(before) == comparable(with_taps) == comparable(after)


def test_without_being_asked_nothing_is_tapped(backend: str) -> None:
    body = case("x => x.sin().mul(x)", [1])
    plain, with_taps, after = answers(backend, [body, body | {"tap": True}, body])
    assert (plain.taps, len(with_taps.taps), after.taps) == ((), 2, ())


def test_a_trace_is_the_same_with_taps(backend: str) -> None:
    body = case("x => tf.sin(x).mul(x)", [1], trace=True)
    found = answers(backend, [body, body | {"tap": True}, body, body | {"tap": True}])
    assert [comparable(one) for one in found] == [comparable(found[0])] * 4
    assert [len(one.taps) for one in found] == [0, 2, 0, 2]


def shipped(step: int) -> list[dict[str, Any]]:
    """Some of the shipped cases: none that is random or may break a process."""
    found = load([bundle.cases()], names.load(bundle.names_file()))
    safe = [one for one in found if not one.is_dangerous and "dropout" not in one.id]
    return [msgspec.json.decode(msgspec.json.encode(one.request(0))) for one in safe[::step]]


@pytest.mark.parametrize("step", [80, pytest.param(3, marks=pytest.mark.slow)])
def test_taps_change_nothing_else_of_any_answer(backend: str, step: int) -> None:
    # One process without taps, one with: then even memory that was never written is the same.
    plain = shipped(step)
    without = answers(backend, plain)
    with_taps = answers(backend, [body | {"tap": True} for body in plain])
    for body, one, other in zip(plain, without, with_taps, strict=True):
        assert comparable(one) == comparable(other), body["f"]["source"]
    assert sum(len(one.taps) for one in with_taps) > len(plain)
