from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import API, functions

from conformance.language import tree
from conformance.language.javascript import to_javascript
from conformance.language.names import load
from conformance.language.parser import parse
from conformance.language.problems import LanguageErrors

X = tree.Name("x")


def body(source):
    return parse(f"x => {source}", API).body


def problems(source):
    with pytest.raises(LanguageErrors) as caught:
        parse(source, API)
    return [(p.line, p.column, p.message) for p in caught.value.problems]


@given(functions)
def test_a_printed_function_parses_to_the_same_tree(function):
    assert parse(to_javascript(function), API) == function


@given(functions)
def test_a_tree_survives_json(function):
    assert msgspec.json.decode(msgspec.json.encode(function), type=tree.Arrow) == function


def test_a_method_call_is_a_call_of_a_member():
    expected = tree.Arrow((X, tree.Name("y")), tree.Call(tree.Member(X, "div"), (tree.Name("y"),)))
    assert parse("(x, y) => x.div(y)", API) == expected


def test_parentheses_and_layout_leave_no_trace():
    assert parse(" ( ( x ) =>\n ((x) .abs( )) )\n", API) == parse("x => x.abs()", API)


def test_a_custom_gradient_with_save_is_accepted():
    source = (
        "x => tf.customGrad((a, save) => { const _ = save([a]);"
        " return {value: a.abs(), gradFunc: (dy, saved) => dy.mul(saved[0])}; })(x)"
    )
    function = parse(source, API)
    assert to_javascript(function) == source


def test_a_function_of_tf_may_be_a_value():
    assert body("tf.grad(tf.abs)(x)") == tree.Call(
        tree.Call(tree.Member(tree.Name("tf"), "grad"), (tree.Member(tree.Name("tf"), "abs"),)),
        (X,),
    )


def test_constants_may_stand_without_semicolons():
    with_semicolons = "x => { const a = x; const [b] = a; return b; }"
    without = "x => {\n  const a = x\n  const [b] = a\n  return b\n}"
    assert parse(without, API) == parse(with_semicolons, API)


def test_several_constants_of_one_declaration_become_several():
    block = body("{ const a = x, b = a; return b; }")
    assert [constant.pattern for constant in block.constants] == [tree.Name("a"), tree.Name("b")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0),
        ("1.5e-7", 1.5e-7),
        (".5", 0.5),
        ("1.", 1.0),
        ("0x1F", 31.0),
        ("9007199254740993", 2.0**53),
        ("1e-400", 0.0),
    ],
)
def test_a_number_is_the_nearest_double(text, value):
    assert body(text) == tree.Number(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"'a\n\t\'\"\\'", "a\n\t'\"\\"),
        (r'"\x41\u0042\u{43}\0"', "ABC\0"),
        (r"'\ud83d\ude00'", "\U0001f600"),
        ("'é 漢'", "é 漢"),
        ("'// /* ( '", "// /* ( "),
    ],
)
def test_a_string_has_the_value_that_javascript_gives_it(text, value):
    assert body(text) == tree.String(value)


ERRORS = [
    ("", 1, 1, "there is no function"),
    ("  ", 1, 3, "there is no function"),
    ("x", 1, 1, "this is not a function"),
    ("x => ", 1, 5, "the function ends too early"),
    ("x => x;", 1, 7, "a function does not end with `;`"),
    ("x => x; y => y", 1, 7, "a function does not end with `;`"),
    ("(x => x", 1, 1, "`(` is never closed"),
    ("x => x)", 1, 7, "`)` closes nothing"),
    ("x => tf.add([x, 1)", 1, 18, "`)` closes nothing: `]` must come first"),
    ("x => x.cast('int32)", 1, 13, "the string is not closed by ' on its line"),
    ("x => tf.add(x x)", 1, 15, "`x` is not understood here"),
    ("x => { const a = 1 return a; }", 1, 19, "`;` is missing"),
    ("x =>\n  tf.add(x,\n    y)", 3, 5, "`y` is not defined"),
    ("x => tf.abs('é', '\U0001f600', y)", 1, 23, "`y` is not defined"),
    ("x => tf.aad(x)", 1, 6, "tf.aad is not a function of tf.js 4.22.0"),
    ("x => tf.losses", 1, 6, "tf.losses is not a function of tf.js 4.22.0"),
    ("x => tf.add.value", 1, 6, "tf.add.value is not a function of tf.js 4.22.0"),
    ("x => tf", 1, 6, "`tf` alone is not a value"),
    ("x => tf(x)", 1, 6, "`tf` alone is not a value"),
    ("x => ({tf})", 1, 8, "`tf` alone is not a value"),
    ("tf => 1", 1, 1, "`tf` is the library and cannot be bound"),
    ("x => x.foo()", 1, 8, "`.foo(…)` is not a method of tf.js 4.22.0"),
    ("x => x.abs", 1, 8, "`.abs` cannot be read in a case"),
    ("x => x.shape", 1, 8, "`.shape` cannot be read in a case"),
    ("x => x.value()", 1, 8, "`.value(…)` is not a method of tf.js 4.22.0"),
    ("(x, x) => x", 1, 5, "`x` is declared twice in one function"),
    ("([x, y], {value: y}) => x", 1, 18, "`y` is declared twice in one function"),
    ("x => { const x = 1; return x; }", 1, 14, "`x` is declared twice in one function"),
    ("x => { const a = a; return a; }", 1, 18, "`a` is used before its declaration"),
    ("a => x => { const b = a; const a = x; return b; }", 1, 23,
     "`a` is used before its declaration"),
    ("x => ({a: 1, a: 2})", 1, 14, "the key `a` is there twice"),
    ("x => { const a; return x; }", 1, 14, "a constant needs a value"),
    ("x => { let a = 1; return a; }", 1, 8, "`let` is not part of the case language"),
    ("x => { var a = 1; return x; }", 1, 8, "`var` is not part of the case language"),
    ("x => { return x; return x; }", 1, 18, "nothing stands after `return`"),
    ("x => { const a = x; }", 1, 21, "this block returns nothing"),
    ("x => { return; }", 1, 8, "`return` has no value on its line"),
    ("x => {value: x}", 1, 6, "`{` after `=>` starts a block"),
    ("x => {}", 1, 7, "this block returns nothing"),
    ("x\n=> x", 2, 1, "`=>` stands on the line of the parameters"),
    ("x => x + 1", 1, 6, "the operator `+` is not part of the case language"),
    ("x => !x", 1, 6, "the operator `!` is not part of the case language"),
    ("x => --x", 1, 6, "`++` or `--` is not part of the case language"),
    ("x => x ? 1 : 2", 1, 6, "the `? :` operator is not part of the case language"),
    ("x => [1, , 2]", 1, 10, "there is nothing before this comma"),
    ("x => tf.add(x,,x)", 1, 15, "there is nothing before this comma"),
    ("x => x[-1]", 1, 8, "`-1` cannot be an index"),
    ("x => x[1.5]", 1, 8, "`1.5` cannot be an index"),
    ("x => x[x]", 1, 8, "`x` cannot be an index"),
    ("x => 1e400", 1, 6, "this number is larger than every double"),
    ("x => 0x" + "f" * 300, 1, 6, "this number is larger than every double"),
    ("x => 010", 1, 6, "this form of number is not used here"),
    ("x => 1_000", 1, 6, "this form of number is not used here"),
    ("x => 1n", 1, 6, "this form of number is not used here"),
    (r"x => 'ab\q'", 1, 9, r"the escape `\q` has no meaning here"),
    (r"x => '\ud800'", 1, 6, "this string holds half a surrogate pair"),
    ("x => 'a\u202eb'", 1, 8, "the invisible character U+202E is not used in strings"),
    ("x => 1(2)", 1, 6, "`1` is not a function"),
    ("x => x => { return x; }(1)", 1, 6, "a function in this place needs parentheses"),
    ("x => ([a, [b]]) => a", 1, 11, "a pattern inside a pattern is not part of the case language"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "line", "column", "message"), ERRORS)
def test_an_error_says_what_is_wrong_and_where(source, line, column, message):
    assert (line, column, message) in problems(source)


def test_all_problems_of_a_source_are_reported_in_order():
    found = problems("x => tf.foo(y,\n x.shape,\n x.bar(), z + 1)")
    assert [(line, column) for line, column, _ in found] == [
        (1, 6),
        (1, 13),
        (2, 4),
        (3, 4),
        (3, 11),
    ]


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("x => tf.ad(x, x)", "did you mean tf.add?"),
        ("x => tf.huberLoss(x, x)", "did you mean tf.losses.huberLoss?"),
        ("x => tf.losses", "name one of its functions, such as tf.losses.huberLoss"),
        ("x => x.dib(x)", "did you mean .div?"),
        ("x => add(x, x)", "did you mean tf.add?"),
        ("input => tf.abs(inptu)", "did you mean input?"),
        ("x => x.abs", "it is a method, so call it: `.abs(…)`"),
        ("x => x.dataSync()", "return the tensor; the harness reads its values"),
        ("x => x.grad()", "`.grad` is a property, not a method"),
        ("x => x * 2", "write the number, or tf.mul(a, b)"),
        ("x => {value: x}", "an object stands in `({…})`"),
        ("x => tf.abs(\u2018a\u2019)", "write the plain quote '"),
    ],
)
def test_a_hint_says_what_to_write(source, hint):
    with pytest.raises(LanguageErrors) as caught:
        parse(source, API)
    assert hint in [problem.hint for problem in caught.value.problems]


def test_a_rendered_problem_has_a_caret_below_its_character():
    with pytest.raises(LanguageErrors) as caught:
        parse("x =>\n\ttf.add(x, y)", API)
    assert caught.value.render() == (
        "2:12: `y` is not defined\n"
        "  \ttf.add(x, y)\n"
        "  \t          ^\n"
        "  hint: names are parameters, constants and `tf`"
    )
    assert str(caught.value) == "2:12: `y` is not defined"


def test_a_rendered_long_line_is_cut_around_its_caret():
    with pytest.raises(LanguageErrors) as caught:
        parse(f"x => tf.concat([{'x, ' * 200}oops, {'x, ' * 200}x])", API)
    _, line, caret, _ = caught.value.render().split("\n")
    assert len(line) < 100
    assert line[caret.index("^") :].startswith("oops")


@pytest.mark.parametrize(
    "source",
    [
        "(" * 10_000,
        "x => " + "(" * 10_000 + "x" + ")" * 10_000,
        "(" * 10_000 + "x => x" + ")" * 10_000,
        "x => " + "[" * 10_000 + "]" * 10_000,
        "x => " + "{a: [" * 5_000,
        "x => " + "- " * 10_000 + "x",
        "x => " * 5_000 + "1",
        "x => x" + ".abs()" * 5_000,
        "x => x" + ".value" * 5_000,
        "x => tf" + ".abs" * 5_000,
        "x => x" + "[0]" * 5_000,
        "x => x" + "(1)" * 5_000,
        "x => " + "1 + " * 5_000 + "x",
        "x => '" + "a" * 100_000 + "'",
    ],
)
def test_deep_or_long_sources_are_errors(source):
    assert problems(source)


def test_a_chain_of_forty_calls_is_no_deep_nesting():
    source = "x => x" + ".abs()" * 40
    assert to_javascript(parse(source, API)) == source


_FRAGMENTS = st.lists(
    st.sampled_from(
        ["x", "tf", ".", "abs", "(", ")", "[", "]", "{", "}", "=>", ",", ";", "const ", "return ",
         "=", "'", '"', "`", "\\", "\n", "\r", " ", "0", "1e9", "-", "...", "/", "*", "//", "<!--",
         "?.", "#", "@", "\0", "é", "\u2028", "\ud800", "async ", "__proto__", ":", "value",
         "function"]
    )
).map("".join)  # fmt: skip


@given(st.one_of(st.text(), _FRAGMENTS, _FRAGMENTS.map("x => ".__add__)))
@example("\ud800")
@example("x => '\ud800'")
@example("\ufeffx => x")
def test_arbitrary_text_is_a_function_or_raises_language_errors(source):
    try:
        function = parse(source, API)
    except LanguageErrors as error:
        found = error
    else:
        assert parse(to_javascript(function), API) == function
        return
    assert found.problems
    assert found.render().count("^") >= len(found.problems)
    assert all(0 <= problem.offset <= len(source) for problem in found.problems)


@pytest.mark.parametrize(
    ("functions", "methods"), [([], ["constructor"]), (["io.http"], []), (["abs.call"], [])]
)
def test_a_list_of_names_that_opens_the_language_is_refused(tmp_path, functions, methods):
    file = tmp_path / "names.json"
    file.write_text(json.dumps({"version": "1", "functions": functions, "methods": methods}))
    with pytest.raises(msgspec.ValidationError, match="must stay out of reach"):
        load(file)


def test_names_are_read_from_the_file_of_the_build(tmp_path):
    file = tmp_path / "names.json"
    content = {"version": "1", "functions": ["add"], "methods": [], "kernels": {"Add": []}}
    file.write_text(json.dumps(content))
    names = load(file)
    assert (names.version, names.functions, names.methods) == ("1", {"add"}, frozenset())
