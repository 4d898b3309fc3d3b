"""``laws:`` in a case file: the cases that come of it, and what is said where one does not fit."""

import json
from pathlib import Path

import pytest
from suites import marked, problems, read, suite

from conformance.laws import law
from conformance.laws.law import FORMULAS, NAMES, LawError
from conformance.suite.case import Expectation

SQUARE = "name: n\nf: x => x.square()\ninputs: {x: [1, 2, 3]}\n"
PAIR = "name: n\nf: (x, y) => x.mul(y)\ninputs: {x: [[1, 2], [3, 4]], y: [5, 6]}\n"


def test_each_law_is_a_case_of_its_own_beside_the_case(tmp_path):
    text = SQUARE + "expect: {value: [1, 4, 9], leaks: 1}\nlaws: [repeatable, permuting]"
    itself, *laws = read(tmp_path, suite(text))
    assert (itself.id, itself.law) == ("s/n", None)
    assert [one.id for one in laws] == ["s/n[law=repeatable]", "s/n[law=permuting]"]
    assert [one.law for one in laws] == ["repeatable", "permuting"]
    assert all(one.expect == Expectation(leaks=1) for one in laws)
    assert all(one.args == itself.args for one in laws)


def test_the_law_is_the_last_axis_of_an_id(tmp_path):
    axes = "name: ${op}\nfor: {op: [sin, cos]}\nf: x => tf.${op}(x)\n"
    text = axes + "inputs: {x: 1}\nlaws: [repeatable]"
    assert [one.id for one in read(tmp_path, suite(text))] == [
        "s/op[op=sin]", "s/op[op=sin,law=repeatable]",
        "s/op[op=cos]", "s/op[op=cos,law=repeatable]",
    ]  # fmt: skip


def test_an_axis_carries_its_laws(tmp_path):
    text = """
        name: ${op}
        for:
          op:
            - {name: sin, laws: [permuting, repeatable]}
            - {name: sum, laws: []}
        f: x => tf.${op.name}(x)
        inputs: {x: [1, 2]}
        laws: '${op.laws}'
    """
    assert [one.law for one in read(tmp_path, suite(text))] == [
        None, "permuting", "repeatable", None,
    ]  # fmt: skip


def test_a_law_may_be_written_with_a_template(tmp_path):
    text = PAIR + "for: {which: [x, y]}\nlaws: ['permuting of ${which} along 0']"
    assert [one.law for one in read(tmp_path, suite(text)) if one.law] == [
        "permuting of x along 0", "permuting of y along 0",
    ]  # fmt: skip


def test_the_law_chooses_the_call_and_the_dy_that_it_is_about(tmp_path):
    text = (
        SQUARE + "call: grad\ndy: [1, 2, 3]\nlaws: [value and gradients agree, gradients of a sum]"
    )
    itself, agree, sums = read(tmp_path, suite(text))
    assert (itself.call, agree.call, sums.call) == ("grad", "valueAndGrads", "grad")
    assert agree.dy == itself.dy
    assert sums.dy is None


@pytest.mark.parametrize(("text", "name", "of", "along"), [
    ("repeatable", "repeatable", (), 0),
    ("batching of x", "batching", ("x",), 0),
    ("permuting of x, y and z along 2", "permuting", ("x", "y", "z"), 2),
    ("permuting along 1", "permuting", (), 1),
    ("gradients of a sum", "gradients of a sum", (), 0),
])  # fmt: skip
def test_a_law_is_read_as_it_is_written(text, name, of, along):
    assert law.parse(text) == law.Law(name, of, along)


WRONG = {
    "no list": (SQUARE + "laws: §repeatable", "`laws` is a list of laws", "[repeatable]"),
    "no law": (SQUARE + "laws: §[]", "`laws` is a list of laws", "[repeatable]"),
    "unknown": (SQUARE + "laws: [§repeatabel]", "no law `repeatabel`", "did you mean `repeatable`"),
    "unheard of": (SQUARE + "laws: [§commutes]", "no law `commutes`", "the laws: repeatable"),
    "a number": (SQUARE + "laws: [§[1]]", "no law ``", "the laws:"),
    "twice": (SQUARE + "laws: [repeatable, §repeatable]", "`repeatable` stands twice", None),
    "inputs of no use": (SQUARE + "laws: [§repeatable of x]", "takes no inputs", "`repeatable`"),
    "an axis called law": (
        "name: n ${law}\nf: x => x\ninputs: {x: 1}\n§for: {law: [1]}\nlaws: [repeatable]",
        "is not called `law`", None),
    "throws": (SQUARE + "expect: {throws: true}\nlaws: [§repeatable]", "throws has no laws", None),
    "no dy": (SQUARE + "laws: [§linear in dy]", "needs a dy", "dy:"),
    "dy of int32": (
        SQUARE + "dy: {values: [1, 2, 3], dtype: int32}\nlaws: [§linear in dy]", "dtype int32",
        None),
    "agree without gradients": (
        SQUARE + "call: value\nlaws: [§value and gradients agree]", "`call: value`", "`call` away"),
    "a sum without gradients": (
        SQUARE + "call: value\nlaws: [§gradients of a sum]", "`call: value`", "`call` away"),
    "a sum of integers": (
        "name: n\nf: x => x\ninputs: {x: {values: [1], dtype: int32}}\nlaws: [§gradients of a sum]",
        "x has the dtype int32", None),
    "batching a scalar": (
        "name: n\nf: x => x\ninputs: {x: 1}\nlaws: [§batching]", "x has the shape []", "`of x`"),
    "a batch of one": (
        "name: n\nf: x => x\ninputs: {x: [[1, 2]]}\nlaws: [§batching]", "at least 2 slices",
        "longer"),
    "an axis too far": (SQUARE + "laws: [§permuting along 1]", "x has the shape [3]", None),
    "other lengths": (
        PAIR.replace("[5, 6]", "[5, 6, 7]") + "laws: [§permuting]", "x has 2, y has 3", "`of x`"),
    "an unknown input": (SQUARE + "laws: [§batching of z]", "no input `z`", "the inputs: x"),
    "strings": (
        "name: n\ncall: value\nf: x => x\ninputs: {x: ['a', 'b']}\nlaws: [§permuting]",
        "dtype string", None),
    "nothing to broadcast": (
        SQUARE + "laws: [§broadcasting is tiling]", "no input is broadcast", "different shapes"),
    "shapes that do not broadcast": (
        PAIR.replace("[5, 6]", "[5, 6, 7]") + "laws: [§broadcasting is tiling]",
        "[2, 2] and [3] do not broadcast", None),
    "no inputs": (
        "name: n\ncall: value\nf: () => tf.scalar(1)\nlaws: [§inputs unchanged]", "needs an input",
        None),
    "training": (
        SQUARE + "call: minimize\noptimizer: {name: sgd, learningRate: 1}\nlaws: [§permuting]",
        "`call: minimize`", "`repeatable` does"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_law_that_does_not_fit_says_where_and_what_to_do(name, tmp_path):
    text, message, hint = WRONG[name]
    text, place = marked(suite(text))
    found = problems(tmp_path, text)
    here = [p for p in found if (p.line, p.column) == place and message in p.message]
    assert here, found
    assert hint is None or hint in here[0].hint


@pytest.mark.parametrize("shapes", [[(2, 3), (3,)], [(2, 1), (1, 3)], [(), (2, 3)], [(0, 3), (3,)]])
def test_shapes_broadcast_as_in_numpy(shapes):
    assert law.broadcast(shapes) in {(2, 3), (0, 3)}


def test_every_law_has_a_formula_and_stands_in_the_schema():
    assert tuple(FORMULAS) == NAMES
    schema = json.loads(
        Path(law.__file__).parents[1].joinpath("suite/case.schema.json").read_text()
    )
    assert schema["$defs"]["law"]["anyOf"][0]["enum"] == list(NAMES)
    with pytest.raises(LawError):
        law.parse("")
