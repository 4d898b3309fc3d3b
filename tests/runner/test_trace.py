"""What the tf.js runner tells of a case that is asked for with a trace, on both backends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from test_runner import BACKENDS, START, case, exchange

from conformance import bundle
from conformance.protocol import Answer, GradientCall, KernelCall, Operand, Trace

pytestmark = pytest.mark.parametrize("backend", BACKENDS)
A, B = (Operand(slot, "float32", 1) for slot in "ab")
X = Operand("x", "float32", 1)


def answers(backend: str, cases: Sequence[dict[str, Any]]) -> list[Answer]:
    requests = [{"id": i, **body} for i, body in enumerate(cases, start=1)]
    done = exchange(backend, START, *requests, {"id": 99, "do": "stop"})
    assert done.returncode == 0, done.stderr.decode()
    return [msgspec.json.decode(line, type=Answer) for line in done.stdout.splitlines()][1:]


def traced(backend: str, source: str, *args: object, **more: Any) -> Trace:
    """The trace of a case."""
    (found,) = answers(backend, [case(source, *args, trace=True, **more)])
    assert found.trace is not None
    return found.trace


def gradients(found: Trace) -> set[tuple[str, str, int]]:
    """The computed gradients as kernel, slot and order."""
    return {(one.kernel, one.input.slot, one.order) for one in found.gradients}


def test_without_being_asked_nothing_is_traced(backend: str) -> None:
    (found,) = answers(backend, [case("x => x.square()", [1])])
    assert found.trace is None


def test_a_trace_changes_nothing_else_of_the_answer(backend: str) -> None:
    sources = [
        "x => x.sin().mul(x)",
        "x => tf.grad(y => y.exp())(x)",
        "x => tf.add(x, [1, 2, 3])",
        # An input that is a list of tensors, and inputs that are not given.
        "x => tf.raggedGather([tf.range(0, 3, 1, 'int32')], x, [1], 1).outputDenseValues",
        "x => tf.batchNorm(x, 0, 1)",
    ]
    plain = [case(source, [1, 2]) for source in sources]
    mixed = [one for body in plain for one in (body, {**body, "trace": True}, body)]
    found = answers(backend, mixed)
    for i in range(0, len(mixed), 3):
        before, with_trace, after = (comparable(one) for one in found[i : i + 3])
        assert before == with_trace == after
        assert found[i].trace is found[i + 2].trace is None


def comparable(found: Answer) -> Answer:
    returned = found.returned and msgspec.structs.replace(found.returned, seconds=0.0)
    return msgspec.structs.replace(found, id=0, trace=None, returned=returned)


def test_kernels_have_inputs_and_attributes(backend: str) -> None:
    found = traced(backend, "x => x.sum([1], true)", [[1, 2], [3, 4]], call="value", wrt=[])
    attributes = {"axis": "[1]", "keepDims": "true"}
    assert found.kernels == (KernelCall("Sum", backend, (Operand("x", "float32", 2),), attributes),)
    assert (found.gradients, found.rules) == ((), {})


def test_each_thing_is_told_once(backend: str) -> None:
    found = traced(backend, "x => x.add(x).add(x).add(x)", [1, 2])
    assert [call for call in found.kernels if call.kernel == "Add"] == [
        KernelCall("Add", backend, (A, B))
    ]
    assert found.calls == (".add",)
    assert len(found.gradients) == len(set(map(repr, found.gradients))) == 2


def test_dtypes_ranks_and_emptiness_are_those_of_the_inputs(backend: str) -> None:
    x = {"dtype": "int32", "literal": []}
    found = traced(backend, "x => x.reshape([0, 1])", x, call="value", wrt=[])
    assert found.kernels[0].inputs == (Operand("x", "int32", 1, empty=True),)


def test_a_list_of_inputs_is_one_slot(backend: str) -> None:
    found = traced(backend, "(x, y) => tf.concat([x, y])", [1], [2, 3])
    concat = next(call for call in found.kernels if call.kernel == "Concat")
    assert concat.inputs == (Operand("[]", "float32", 1),)
    assert gradients(found) == {("Concat", "[]", 1)}
    assert found.rules == {"Concat": ("[]",)}


def test_a_gradient_names_the_input_that_it_is_for_and_the_slots_that_there_are(
    backend: str,
) -> None:
    found = traced(backend, "(x, y) => x.sub(y)", [1], [2], wrt=["x1"])
    assert found.gradients == (GradientCall("Sub", B, 1),)
    assert found.rules == {"Sub": ("a", "b")}


def test_a_gradient_has_the_attributes_of_its_kernel(backend: str) -> None:
    found = traced(backend, "x => tf.leakyRelu(x, 0.25)", [1])
    assert found.gradients == (GradientCall("LeakyRelu", X, 1, {"alpha": "0.25"}),)


@pytest.mark.parametrize(
    ("source", "call", "order"),
    [
        ("x => x.sin()", "value", None),
        ("x => x.sin()", "valueAndGrads", 1),
        ("x => tf.grad(y => y.sin())(x)", "value", 1),
        ("x => tf.grad(y => y.sin())(x)", "valueAndGrads", 2),
        ("x => tf.grad(y => tf.grad(z => z.sin())(y))(x)", "valueAndGrads", 3),
    ],
)
def test_the_order_counts_the_outer_gradients(
    backend: str, source: str, call: str, order: int | None
) -> None:
    found = traced(backend, source, [0.5], call=call, wrt=[] if call == "value" else ["x0"])
    orders = [one.order for one in found.gradients if one.kernel == "Sin"]
    assert max(orders, default=None) == order


def test_a_gradient_that_an_op_brings_along_is_named_after_it(backend: str) -> None:
    found = traced(backend, "x => x.logSigmoid()", [1])
    assert gradients(found) == {("logSigmoid()", "[]", 1)}


def test_a_gradient_of_the_case_itself_is_none_of_tfjs(backend: str) -> None:
    source = "x => tf.customGrad(a => ({value: a.square(), gradFunc: dy => dy.mul(3)}))(x)"
    found = traced(backend, source, [1, 2])
    assert (found.gradients, found.rules) == ((), {})
    assert found.calls == ("tf.customGrad", ".square", ".mul")


def test_functions_are_those_of_the_case_and_not_those_inside_of_tfjs(backend: str) -> None:
    found = traced(backend, "x => tf.losses.huberLoss(x, x)", [1, 2])
    assert [call for call in found.calls if call.startswith("tf.")] == ["tf.losses.huberLoss"]
    assert {"Abs", "Minimum"} <= {call.kernel for call in found.kernels}


def test_a_function_of_the_case_that_an_op_calls_is_one_of_the_case(backend: str) -> None:
    source = """x => tf.multiRNNCell([(data, c, h) => [tf.sin(c), h.cos()]], x, [x], [x])[0][0]"""
    assert {"tf.multiRNNCell", "tf.sin", ".cos"} <= set(traced(backend, source, [[1, 2]]).calls)


def test_a_function_that_is_handed_over_is_called_all_the_same(backend: str) -> None:
    assert {"tf.grad", "tf.square"} <= set(traced(backend, "x => tf.grad(tf.square)(x)", [1]).calls)


def test_what_is_written_and_does_not_run_is_not_called(backend: str) -> None:
    source = "x => { const f = y => y.sin(); return x.cos(); }"
    assert traced(backend, source, [1]).calls == (".cos",)


def test_a_throw_has_the_trace_up_to_there(backend: str) -> None:
    requests = [
        case("(x, y) => tf.add(x.sin(), y).cos()", [1, 2], [1, 2, 3], trace=True),
        case("x => x.cos()", [1], trace=True),
    ]
    threw, later = answers(backend, requests)
    assert threw.threw is not None
    assert threw.trace is not None
    assert threw.trace.calls == (".sin", "tf.add")
    assert "Sin" in {call.kernel for call in threw.trace.kernels}
    assert later.trace is not None
    assert later.trace.calls == (".cos",)


def test_a_throw_inside_a_gradient_does_not_spoil_the_next_trace(backend: str) -> None:
    requests = [
        case("x => tf.cumprod(x.sin())", [1, 2], trace=True),
        case("x => x.square()", [1], trace=True),
    ]
    threw, later = answers(backend, requests)
    assert threw.threw is not None
    assert later.trace is not None
    assert (later.trace.calls, gradients(later.trace)) == ((".square",), {("Square", "x", 1)})


def test_an_absent_op_is_no_call(backend: str) -> None:
    (found,) = answers(backend, [case("x => tf.nothing(x)", [1], trace=True)])
    assert found.unsupported == "no op tf.nothing"
    assert found.trace == Trace()


def test_numbers_that_json_lacks_are_told_as_texts(backend: str) -> None:
    found = traced(backend, "x => tf.clipByValue(x, -1e999, 1e999)", [1])
    assert found.gradients[0].attributes == {
        "clipValueMax": '"Infinity"',
        "clipValueMin": '"-Infinity"',
    }


def test_long_attributes_are_cut(backend: str) -> None:
    shape = ", ".join(["1"] * 100)
    found = traced(
        backend, f"x => tf.reshape(x, [{shape}]).reshape([1])", [1], call="value", wrt=[]
    )
    texts = [call.attributes["shape"] for call in found.kernels]
    assert [len(text) for text in texts] == [81, 3]
    assert texts[0].endswith("…")


def test_the_registry_of_the_build_is_what_traces_speak_of(backend: str) -> None:
    names = json.loads(bundle.names_file().read_bytes())
    found = traced(backend, "x => tf.square(x).mean()", [1, 2])
    assert {call.kernel for call in found.kernels} <= set(names["kernels"][backend])
    assert set(found.rules) <= set(names["gradients"])
    assert {call.removeprefix("tf.") for call in found.calls if call[0] != "."} <= set(
        names["public"]
    )
