from __future__ import annotations

import math

import pytest
import tensorflow as tf

from conformance.language.names import ApiNames
from conformance.language.parser import parse
from conformance.language.tree import Arrow, Name
from reference_impl.gradients import GradientError, UnconnectedError
from reference_impl.interpreter import function
from reference_impl.javascript import UNDEFINED
from reference_impl.namespace import UnsupportedOp, namespace


def arguments(*given):
    return list(given)


def whole(x):
    return {"value": x, "grads": [x, x]}


OPS = {
    "mul": lambda a, b: a * b,
    "add": lambda a, b: a + b,
    "sum": lambda x, *_: tf.reduce_sum(x),
    "losses.huberLoss": lambda a, b: (a - b) * 2,
    # Gives back what it was called with, which shows how arguments arrive.
    "stack": arguments,
    "moments": whole,
}
METHODS = {
    "mul": OPS["mul"],
    "square": lambda x: x * x,
    "concat": lambda x, *rest: [x, *rest],
}
NAMESPACE = namespace(OPS, METHODS)
NAMES = ApiNames(
    version="test",
    functions=frozenset({*NAMESPACE.functions, "tan"}),
    methods=frozenset({*METHODS, "tan"}),
)


def run(source, *given):
    return function(parse(source, NAMES), NAMESPACE)(*given)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("() => tf.stack(1, 2.5, 1e300, 'a', true, null)", [1, 2.5, 1e300, "a", True, None]),
        ("() => tf.stack(undefined)", [UNDEFINED]),
        ("() => tf.stack()", []),
        ("() => [1, [2], ...[3, 4], ...'ab']", [1, [2], 3, 4, "a", "b"]),
        ("() => tf.stack(0, ...[1, 2], 3)", [0, 1, 2, 3]),
        ("() => ({a: 1, b: -2, ...{b: 3, c: 4}})", {"a": 1, "b": 3, "c": 4}),
        ("() => ({...[5, 6]})", {"0": 5, "1": 6}),
        ("() => ({...null})", {}),
        ("() => [1, 2][1]", 2),
        ("() => [1, 2][2]", UNDEFINED),
        ("() => tf.moments(3).grads[1]", 3),
        ("() => tf.moments(3).variance", UNDEFINED),
        ("() => -(2)", -2),
        ("() => -Infinity", -math.inf),
    ],
)
def test_expressions_have_the_values_of_javascript(source, expected):
    assert run(source) == expected


@pytest.mark.parametrize("source", ["() => -0", "() => -(0)"])
def test_minus_zero_keeps_its_sign(source):
    assert math.copysign(1, run(source)) == -1


def test_minus_a_tensor_is_not_a_number():
    assert math.isnan(run("x => -x", tf.constant(1.0)))


def test_whole_numbers_are_ints_for_axes_and_sizes():
    assert [type(item) for item in run("() => [2, 2.5, -2]")] == [int, float, int]


def test_missing_arguments_are_undefined_and_further_ones_are_ignored():
    assert run("(a, b) => [a, b]", 1) == [1, UNDEFINED]
    assert run("a => a", 1, 2, 3) == 1


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("([a, b]) => [b, a]", [2, 1]),
        ("([a, b, c, d]) => [d, a]", [UNDEFINED, 1]),
        ("x => { const [a, b] = [x, 4]; return b; }", 4),
    ],
)
def test_arrays_are_taken_apart(source, expected):
    assert run(source, [1, 2, 3]) == expected


def test_objects_are_taken_apart():
    source = "x => { const {value, grads: g} = tf.moments(x); return [value, g[0]]; }"
    assert run(source, 7) == [7, 7]
    assert run("({value, variance}) => [value, variance]", {"value": 1}) == [1, UNDEFINED]


def test_constants_hide_outer_names_and_functions_keep_what_they_saw():
    source = """(x, y) => {
        const f = y => tf.stack(x, y);
        const z = f(5);
        const x2 = (x => x)(9);
        return [z, x2, x, y, f(6)];
    }"""
    assert run(source, 1, 2) == [[1, 5], 9, 1, 2, [1, 6]]


def test_calls_of_one_function_do_not_share_constants():
    make = "() => n => { const m = tf.stack(n); return k => [m, k]; }"
    outer = run(make)
    first, second = outer(1), outer(2)
    assert (first("a"), second("b")) == ([[1], "a"], [[2], "b"])


def test_ops_are_found_by_path_and_methods_by_name():
    x, y = tf.constant(3.0), tf.constant(1.0)
    assert run("(x, y) => tf.losses.huberLoss(x, y)", x, y).numpy() == 4
    assert run("(x, y) => x.mul(y).square()", x, y).numpy() == 9
    assert run("(x, y) => x.concat(y, 2)[2]", x, y) == 2
    assert run("(x, y) => { const f = tf.mul; return f(x, y); }", x, y).numpy() == 3


def test_an_op_that_is_not_there_is_unsupported_before_anything_runs():
    with pytest.raises(UnsupportedOp, match=r"^no op tf\.tan$"):
        function(parse("x => tf.tan(x)", NAMES), NAMESPACE)
    with pytest.raises(UnsupportedOp, match=r"^no method tan of tensors$"):
        function(parse("x => x.tan()", NAMES), NAMESPACE)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("x => x.value", r"Cannot read properties of null \(reading 'value'\)"),
        ("x => x[0]", r"Cannot read properties of null \(reading '0'\)"),
        ("({value}) => value", r"Cannot read properties of null \(reading 'value'\)"),
        ("x => x.mul(2)", "a value of type null has no method mul"),
        ("x => x(2)", "a value of type null is not a function"),
        ("x => [...x]", "null is not iterable"),
        ("([x]) => x", "null is not iterable"),
    ],
)
def test_what_javascript_calls_a_type_error_is_one(source, text):
    with pytest.raises(TypeError, match=text):
        run(source, None)


def test_an_unbound_name_is_an_error():
    with pytest.raises(NameError, match="y is not defined"):
        function(Arrow((Name("x"),), Name("y")), NAMESPACE)


def test_a_tree_is_compiled_once():
    first = function(parse("x => tf.mul(x, 2)", NAMES), NAMESPACE)
    assert function(parse("x => tf.mul(x, 2)", NAMES), NAMESPACE) is first


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x => tf.grad(x => tf.mul(x, x))(x)", 6),
        ("x => tf.mul(x, tf.grad(x => x.square())(x))", 18),
        ("x => tf.grad(tf.grad(x => x.square().mul(x)))(x)", 18),
        ("x => tf.valueAndGrad(y => y.square())(x).grad", 6),
        ("x => { const {value} = tf.valueAndGrad(y => y.square())(x); return value; }", 9),
        ("x => tf.valueAndGrads((a, b) => a.mul(b))([x, x]).grads[1]", 6),
        ("x => tf.grads((a, b) => a.mul(b))([x, tf.scalar(5)], 2)[0]", 10),
        ("x => tf.grad(y => y.square())(x, null)", 6),
        ("x => tf.grad(y => y.square())(x, undefined)", 6),
        ("x => tf.tidy(() => x.square())", 9),
        ("x => tf.tidy('name', () => tf.keep(x))", 3),
        ("x => tf.sum(tf.tensor1d([1, 2]).mul(x))", 9),
        ("x => tf.sum(tf.tensor2d([1, 2, 3, 4], [2, 2]))", 10),
        ("x => tf.sum(tf.tensor([1, null], [2, 1], 'int32'))", 1),
        (
            (
                "x => { const w = tf.variable(x);"
                " return tf.variableGrads(() => w.square(), [w]).value; }"
            ),
            9,
        ),
        (
            """x => {
                const f = tf.customGrad((a, save) => {
                    const kept = save([a]);
                    return {value: a.square(), gradFunc: (dy, [b]) => [dy.mul(b).mul(10)]};
                });
                return tf.grad(f)(x);
            }""",
            30,
        ),
        ("x => tf.grad(tf.customGrad(a => ({value: a, gradFunc: dy => dy.mul(7)})))(x)", 7),
    ],
)
def test_the_functions_of_tf_are_called_as_in_javascript(source, expected):
    assert run(source, tf.constant(3.0)).numpy() == expected


def test_errors_of_inner_gradients_are_those_of_tfjs():
    with pytest.raises(UnconnectedError):
        run("x => tf.grad(y => x)(tf.scalar(1))", tf.constant(3.0))
    with pytest.raises(GradientError, match=r"The f passed in grad\(f\) must be a function"):
        run("x => tf.grad(x)", tf.constant(3.0))
