from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import API, functions

from conformance.language.javascript import shortest, to_javascript
from conformance.language.parser import parse
from conformance.language.python import to_python


class RecordingTf:
    """A namespace whose functions return what they were called with."""

    def __init__(self, path=""):
        self._path = path

    def __getattr__(self, name):
        return RecordingTf(f"{self._path}.{name}".lstrip("."))

    def __call__(self, *arguments):
        return (self._path, *arguments)

    def grad(self, function):
        return lambda *arguments: ("gradient of", function(*arguments))

    def split(self, *parts):
        return list(parts)


def run(source, *arguments, tf=None):
    printed = to_python(parse(source, API), name="case")
    scope = {"tf": tf or RecordingTf()}
    exec(printed, scope)  # noqa: S102 - what is printed is meant to run
    return scope["case"](*arguments)


@pytest.mark.parametrize(
    "source",
    [
        "x => ({})",
        "x => ({value: x}.value)",
        "x => ({value: x}.value.add(1))",
        "() => (-1).add((1).add(-(-1)))",
        "x => -x.abs()",
        "x => (-x).abs()",
        "x => (y => y)(x)",
        "x => (y => ({value: y}))(x).value",
        "x => [...x, ...[x]]",
        "([a, b], {value, grads: g}) => ({a, b: g, ...value})",
        '(x, save) => { const _ = save(x); const [a] = x; return a.cast("int32"); }',
        "() => [NaN, Infinity, -Infinity, null, undefined, true, false, -0]",
        r'() => "a\n\"\\\u2028\ud83d\ude00"',
    ],
)
def test_javascript_is_printed_with_the_fewest_parentheses(source):
    assert to_javascript(parse(source, API)) == source


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (100.0, "100"),
        (0.1, "0.1"),
        (12.5, "12.5"),
        (1e-6, "0.000001"),
        (1.5e-6, "0.0000015"),
        (1e-7, "1e-7"),
        (1.25e-7, "1.25e-7"),
        (5e-324, "5e-324"),
        (1e16, "10000000000000000"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e21, "1e+21"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
    ],
)
def test_a_number_is_printed_as_javascript_prints_it(value, text):
    assert shortest(value) == text


@given(st.floats(min_value=0, allow_infinity=False))
def test_a_printed_number_is_the_same_double(value):
    assert float(shortest(value)) == value


def test_python_is_printed_for_reading():
    source = "(x, lambda) => { const {value, grads: [g]} = x; return value; }".replace("[g]", "g")
    assert to_python(parse(source, API)) == (
        'def f(x, lambda_):\n    value = x["value"]\n    g = x["grads"]\n    return value\n'
    )


@pytest.mark.parametrize(
    ("source", "arguments", "expected"),
    [
        ("(x, y) => x.div(y)", (1, 2), ("div", 1, 2)),
        ("(x, y) => tf.losses.huberLoss(x, y)", (1, 2), ("losses.huberLoss", 1, 2)),
        ("x => tf.sum(x.abs(), [0, -1], true)", (1,), ("sum", ("abs", 1), [0, -1], True)),
        ("x => tf.grad(y => y.abs())(x)", (3,), ("gradient of", ("abs", 3))),
        ("x => tf.grad(tf.abs)(x)", (3,), ("gradient of", ("abs", 3))),
        ("x => tf.grad(y => { const z = y.abs(); return z.neg(); })(x)", (3,),
         ("gradient of", ("neg", ("abs", 3)))),
        ("x => y => { const z = y; return [x, z]; }", (1,), None),
        ("x => x.value", ({"value": 7},), 7),
        ("x => x.grads[1]", ({"grads": [7, 8]},), 8),
        ("x => [...x, 1]", ([5],), [5, 1]),
        ("x => tf.add(...x)", ([5, 6],), ("add", 5, 6)),
        ("x => ({...x, a: 1})", ({"a": 0, "b": 2},), {"a": 1, "b": 2}),
        ("() => [null, undefined, true, false, Infinity]", (), [None, None, True, False, math.inf]),
        ("() => [1, 1.5, -2e-7, 1e21, 12345678901234567890]", (),
         [1, 1.5, -2e-7, 1e21, 12345678901234567168.0]),
        (r"""() => 'a"\'\n\\é'""", (), "a\"'\n\\é"),
        (r"""() => "it's" """, (), "it's"),
        ("(lambda, float, $x, _x) => [lambda, float, $x, _x]", (1, 2, 3, 4), [1, 2, 3, 4]),
        ("([a, b], {value: c}) => [a, b, c]", ([1, 2, 9], {"value": 3}), [1, 2, 3]),
        ("x => { const [a] = tf.split(x, 2); return a; }", (5,), 5),
        ("x => { const {value, grads} = x; return [grads, value]; }", ({"value": 1, "grads": 2},),
         [2, 1]),
        ("x => { const [] = x; const [argument, rest, result, inner] = x; return rest; }",
         ([1, 2, 3, 4],), 2),
        ("x => (([y]) => y)(x)", ([4],), 4),
        ("x => { const f = y => [x, y]; return f(2); }", (1,), [1, 2]),
        ("x => (x => x)(2)", (1,), 2),
    ],
)  # fmt: skip
def test_printed_python_computes_what_the_javascript_says(source, arguments, expected):
    result = run(source, *arguments)
    if expected is None:
        assert result(2) == [1, 2]
    else:
        assert result == expected


def test_nan_is_printed_as_nan():
    assert math.isnan(run("() => NaN"))


def test_whole_numbers_are_python_integers_and_others_floats():
    assert [type(value) for value in run("() => [2, 2.5, 1e21, 1e300]")] == [
        int,
        float,
        float,
        float,
    ]


def test_a_custom_gradient_is_printed_with_its_parts():
    class Tf(RecordingTf):
        def customGrad(self, function):  # noqa: N802 - the name of tf.js
            saved = []
            return lambda x: (function(x, saved.append), saved)

    source = (
        "x => tf.customGrad((x, save) => { const _ = save([x]);"
        " return {value: x.abs(), gradFunc: (dy, saved) => dy.mul(saved[0])}; })(x)"
    )
    result, saved = run(source, 5, tf=Tf())
    assert saved == [[5]]
    assert result["value"] == ("abs", 5)
    assert result["gradFunc"](2, [5]) == ("mul", 2, 5)


def test_a_nested_block_sees_the_parameters_around_it():
    source = "x => y => tf.grad(z => { const w = z; return [x, y, w]; })(3)"
    assert run(source, 1)(2) == ("gradient of", [1, 2, 3])


@given(functions)
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_every_printed_python_function_compiles_and_defines_its_name(function):
    scope = {}
    exec(to_python(function, name="case"), scope)  # noqa: S102 - what is printed is meant to run
    assert callable(scope["case"])
