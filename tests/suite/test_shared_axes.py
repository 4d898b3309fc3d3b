"""``axes:`` of a case file: lists that files share, and templates inside the values of axes."""

import pytest
from suites import marked, write

from conformance.language.names import shipped
from conformance.problems import InvalidFiles
from conformance.suite.load import load

SHARED = """
shapes: [{name: vector, shape: [2]}, {name: scalar, shape: []}]
ways:
  - {name: alone, f: 'x => ${op.call}'}
  - {name: twice, f: 'x => { const y = ${op.call}; return y.mul(y); }'}
"""
FILE = """suite: s
axes: axes.yaml
cases:
  - name: ${op}, ${way}
    for: {op: [{name: sin, call: tf.sin(x)}], way: {shared: ways}}
    f: ${way.f}
    inputs: {x: [1, 2]}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write(tmp_path, SHARED, "axes.yaml")
    return tmp_path


def read(folder, text, name="s.yaml"):
    return load([write(folder, text, name)], shipped())


def problems(folder, text):
    with pytest.raises(InvalidFiles) as caught:
        read(folder, text)
    return caught.value.problems


def test_a_shared_list_stands_for_its_values_and_its_templates_for_the_axes_before(folder):
    found = read(folder, FILE)
    assert [case.id for case in found] == [
        "s/op, way[op=sin,way=alone]",
        "s/op, way[op=sin,way=twice]",
    ]
    assert [case.f.source for case in found] == [
        "x => tf.sin(x)", "x => { const y = tf.sin(x); return y.mul(y); }",
    ]  # fmt: skip


def test_a_file_is_seen_from_the_file_that_names_it(folder):
    text = FILE.replace("axes.yaml", "../axes.yaml")
    assert len(read(folder, text, "below/s.yaml")) == 2


def test_a_list_may_be_used_for_shapes(folder):
    text = """suite: s
axes: axes.yaml
cases:
  - name: ${shape}
    for: {shape: {shared: shapes}}
    f: x => x.neg()
    inputs: {x: {shape: '${shape.shape}', linspace: [1, 2]}}
"""
    assert [case.args[0].shape for case in read(folder, text)] == [(2,), ()]


def test_an_axis_that_only_another_axis_uses_is_used(folder):
    text = FILE.replace("${op}, ${way}", "n")
    assert len(read(folder, text)) == 2


def test_a_value_has_templates_of_the_axes_before_it_only(folder):
    first = "op: [{name: sin, call: tf.sin(x)}]"
    text = FILE.replace(f"{first}, way: {{shared: ways}}", f"way: {{shared: ways}}, {first}")
    assert any(
        "no axis gives `${op.call}`" in problem.message for problem in problems(folder, text)
    )


def test_files_with_axes_are_no_case_files(folder):
    write(folder, FILE)
    assert len(load([folder], shipped())) == 2


def test_a_changed_axes_file_is_noticed_though_the_case_file_is_the_same(folder):
    assert len(read(folder, FILE)) == 2
    write(
        folder, SHARED + "  - {name: thrice, f: 'x => tf.sin(tf.sin(${op.call}))'}\n", "axes.yaml"
    )
    assert len(read(folder, FILE)) == 3


def test_a_quoted_name_of_the_axes_file_is_noticed_as_well(folder):
    text = FILE.replace("axes: axes.yaml", "axes: 'axes.yaml'  # of all")
    assert len(read(folder, text)) == 2
    write(folder, SHARED.replace("  - {name: alone, f: 'x => ${op.call}'}\n", ""), "axes.yaml")
    assert len(read(folder, text)) == 1


WRONG = {
    "an unknown list": (
        "{shared: ways}", "{shared: §wayz}", "no shared axis `wayz`", "shapes, ways"),
    "no list named": ("{shared: ways}", "§{of: ways}", "a list of values, or {shared: NAME}", None),
    "more than a name": (
        "{shared: ways}", "§{shared: ways, and: 1}", "a list of values, or {shared: NAME}", None),
    "no file named": ("axes: axes.yaml\n", "", "no shared axis `ways`", "`axes: ../axes.yaml`"),
    "an absolute path": ("axes: axes.yaml", "axes: §/axes.yaml", "seen from this one", None),
    "no YAML": ("axes: axes.yaml", "axes: §axes.json", "path of a .yaml file", None),
    "a list": ("axes: axes.yaml", "axes: §[axes.yaml]", "`axes` is a text", None),
    "no such file": ("axes: axes.yaml", "axes: nowhere.yaml", "nowhere.yaml", None),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_axes_say_where_and_what_to_do(name, folder):
    before, after, message, hint = WRONG[name]
    assert before in FILE
    text, place = FILE.replace(before, after), None
    if "§" in text:
        text, place = marked(text)
    here = [
        problem for problem in problems(folder, text)
        if message in f"{problem.file} {problem.message}"
        and place in {None, (problem.line, problem.column)}
    ]  # fmt: skip
    assert here, problems(folder, text)
    assert hint is None or hint in here[0].hint


@pytest.mark.parametrize(("content", "message"), [
    ("- a\n", "no mapping of names to lists"),
    ("ways: 3\n", "is no list"),
    ("ways: []\n", "expands to nothing"),
    ("ways: [\n", "not YAML"),
])  # fmt: skip
def test_a_wrong_axes_file_is_a_problem(content, message, folder):
    write(folder, content, "axes.yaml")
    assert any(message in problem.message for problem in problems(folder, FILE))
