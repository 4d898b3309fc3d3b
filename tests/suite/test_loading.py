"""What a case file becomes, and that all of its mistakes are told at once."""

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from suites import problems, read, suite, write

from conformance import bundle
from conformance.language.names import shipped
from conformance.problems import InvalidFiles, UsageError
from conformance.suite import nodes
from conformance.suite.load import files, load
from conformance.suite.places import place

GOOD = "name: n\nf: x => x.sin()\ninputs: {x: [1, 2]}"


def test_a_case_has_what_the_file_says(tmp_path):
    text = """
        name: quotient
        why: a  reason
        tags: [b]
        call: grads
        f: (x, y) => x.div(y)
        inputs: {x: [1, null], y: {shape: [2], values: [3, -0.0], dtype: float32}}
        wrt: y
        dy: [1, 1]
        expect: {grads: {y: [1, Infinity]}, leaks: 2}
    """
    head = "suite: a/b\nspec: https://x\ntags: [a]\ncases:\n"
    (case,) = read(tmp_path, head + suite(text).partition("cases:\n")[2])
    assert case.id == "a/b/quotient"
    assert (case.line, case.call, case.names, case.wrt) == (5, "grads", ("x", "y"), ("y",))
    assert [arg.literal for arg in case.args] == [[1, None], [3, {"number": "-0"}]]
    assert case.dy.literal == [1, 1]
    assert (case.tags, case.why, case.spec) == (("a", "b"), "a reason", "https://x")
    assert case.expect.leaks == 2
    assert case.expect.grads["y"].items == ("1", "Infinity")


def test_the_request_has_nothing_of_what_is_expected(tmp_path):
    text = GOOD + "\nexpect: {value: [0.8414710, 0.9092974], printed: {value: secret}}"
    (case,) = read(tmp_path, suite(text))
    sent = repr(case.request(1))
    assert "0.84" not in sent
    assert "secret" not in sent
    assert case.request(1).print


def test_only_float_inputs_have_gradients_unless_the_case_says_so(tmp_path):
    text = "name: n\nf: (x, y) => x.gather(y)\ninputs: {x: [1], y: {values: [0], dtype: int32}}"
    (case,) = read(tmp_path, suite(text))
    assert case.wrt == ("x",)
    (case,) = read(tmp_path, suite(text + "\nwrt: [x, y]"))
    assert case.wrt == ("x", "y")


def test_a_comment_after_a_whole_function_is_a_comment(tmp_path):
    (case,) = read(tmp_path, suite("name: n\nf: x => x.sin() # the plainest\ninputs: {x: [1]}"))
    assert case.f.source == "x => x.sin()"


def test_everything_wrong_with_all_files_is_told_at_once_in_order(tmp_path):
    write(tmp_path, suite("name: n\nf: x => tf.ad(x)\ninputs: {x: [1, [2]]}"), "b.yaml")
    write(tmp_path, "suite: [1]\ncases: 3\n", "a.yaml")
    write(tmp_path, "\t", "sub/c.yml")
    write(tmp_path, suite(GOOD), "d.yaml")
    with pytest.raises(InvalidFiles) as caught:
        load([tmp_path], shipped())
    places = [(p.file.rpartition("/")[2], p.line, p.column) for p in caught.value.problems]
    expected = [("a.yaml", 1, 8), ("a.yaml", 2, 8), ("b.yaml", 4, 13), ("b.yaml", 5, 21),
                ("c.yml", 1, 1)]  # fmt: skip
    assert places == expected
    assert caught.value.message == "5 problems in the case files"


def test_the_same_mistake_in_two_cases_is_told_twice(tmp_path):
    wrong = "f: x => tf.ad(x)\ninputs: {x: [1]}"
    found = problems(tmp_path, suite(f"name: a\n{wrong}", f"name: b\n{wrong}"))
    assert [problem.line for problem in found] == [4, 7]


def test_a_mistake_in_an_axis_is_told_once_and_not_for_every_value(tmp_path):
    text = "name: n\nfor: {a: [1, 2, 3]}\nf: x => tf.ad(x, ${a})\ninputs: {x: [1]}"
    assert len(problems(tmp_path, suite(text))) == 1


def test_a_name_that_stands_twice_in_a_file_names_the_first(tmp_path):
    (found,) = problems(tmp_path, suite(GOOD, GOOD))
    assert (found.line, found.column) == (6, 11)
    assert "a second case named `n`" in found.message
    assert "line 3" in found.hint


def test_a_name_that_stands_in_two_files_names_the_first(tmp_path):
    write(tmp_path, suite(GOOD), "a.yaml")
    write(tmp_path, suite(GOOD), "b.yaml")
    with pytest.raises(InvalidFiles) as caught:
        load([tmp_path], shipped())
    (found,) = caught.value.problems
    assert found.file.endswith("b.yaml")
    assert found.message == "a second case named `s/n`"
    assert "a.yaml:3" in found.hint


def test_a_file_that_is_named_twice_is_read_once(tmp_path, monkeypatch):
    path = write(tmp_path, suite(GOOD))
    monkeypatch.chdir(tmp_path)
    assert len(load([path, tmp_path, path.relative_to(tmp_path)], shipped())) == 1


def test_a_folder_without_cases_and_a_path_that_is_none_are_errors(tmp_path):
    write(tmp_path, "[]", "expectations.yaml")
    with pytest.raises(UsageError, match="no case files below") as caught:
        files([tmp_path])
    assert ".yaml" in caught.value.hint
    with pytest.raises(UsageError, match="no such file or directory"):
        files([tmp_path / "nowhere.yaml"])


def test_a_folder_called_like_a_file_is_a_problem_with_a_place(tmp_path):
    (tmp_path / "x.yaml").mkdir()
    with pytest.raises(InvalidFiles) as caught:
        load([tmp_path], shipped())
    assert "cannot be read" in caught.value.problems[0].message


def test_the_shipped_suites_are_called_after_their_files():
    root = bundle.cases()
    for path in files([root]):
        root_node, _ = nodes.read(path, str(path))
        expected = path.relative_to(root).with_suffix("").as_posix()
        assert root_node.entries["suite"].text == expected


PIECES = [
    "suite: s\n", "cases:\n", "  - name: n\n", "    f: x => x\n", "    f: ", "inputs:", "{x: [1]}",
    "expect:", "for: {a: [1, 2]}", "${a}", "'", '"', "|\n", ">-\n", "[", "]", "{", "}", ",", ": ",
    "\n", "    ", "- ", "#", "&a", "*a", "!!int", "---\n", "...\n", "%YAML 9\n", "\t", "\r", "\x00",
    "\ufeff", "\u2028", "\x85", "é", "😀", "1e999", "0x1", "NaN", "null", "tf.sum(x)", "uniform:",
    "[0, 1]", "shape:", "seed: 1", "bits:", "wrt:", "dy:", "throws:", "either:", "grads:", "<<: ",
    "? ", "@", "`", "%", "\\", "$", "=>", "(", ")", "x",
]  # fmt: skip


def refuses_or_reads(folder, data):
    try:
        load([write(folder, data)], shipped())
    except InvalidFiles as invalid:
        found = invalid.problems
    else:
        return
    assert found
    assert all(problem.line >= 1 and problem.column >= 1 for problem in found)


settings.register_profile("files", suppress_health_check=[HealthCheck.function_scoped_fixture])


@settings(settings.get_profile("files"), deadline=5000)
@given(st.lists(st.sampled_from(PIECES)).map("".join) | st.text())
def test_no_text_does_anything_but_be_read_or_be_refused(tmp_path, text):
    refuses_or_reads(tmp_path, text.encode("utf-8", "surrogatepass"))


@settings(settings.get_profile("files"), deadline=5000)
@given(st.binary())
def test_no_bytes_do_anything_but_be_read_or_be_refused(tmp_path, data):
    refuses_or_reads(tmp_path, data)


NUMBERS = st.sampled_from(
    ["0", "-1", "1", "3", "2.5", "1e308", "-1e308", "1e39", "1e400", "4294967295", "1e18",
     "9007199254740993", "-0.0", "NaN", "Infinity", "null", "true", "'a'", "x", "1e-320", "${a}"]
)  # fmt: skip
VALUES = st.recursive(
    NUMBERS, lambda inner: st.lists(inner, max_size=3).map(lambda x: f"[{', '.join(x)}]")
)
FIELDS = st.sampled_from(
    ["uniform", "normal", "integers", "linspace", "permutation", "values", "bits", "real", "imag",
     "shape", "seed", "dtype", "fill"]
)  # fmt: skip
PAIRS = st.lists(NUMBERS, min_size=2, max_size=2).map(lambda x: f"[{', '.join(x)}]")
WORDS = st.sampled_from(["float32", "int32", "bool", "complex64", "string", "float64"])
MAPPINGS = st.dictionaries(FIELDS, VALUES | PAIRS | WORDS, max_size=5).map(
    lambda fields: "{" + ", ".join(f"{k}: {v}" for k, v in fields.items()) + "}"
)


@settings(settings.get_profile("files"), deadline=10_000)
@given(x=VALUES | MAPPINGS, dy=VALUES | MAPPINGS, value=VALUES | MAPPINGS)
def test_no_inputs_and_no_expectations_do_anything_but_be_read_or_be_refused(
    tmp_path, x, dy, value
):
    text = f"name: n\nf: x => x\ninputs:\n  x: {x}\ndy: {dy}\nexpect:\n  value: {value}"
    refuses_or_reads(tmp_path, suite(text).encode())


LINES = st.text(st.sampled_from("ab' \"\\\n#é😀"), min_size=1).filter(lambda t: t.strip())


@given(LINES, st.sampled_from(["'", '"', "|", ">", None]), st.data())
def test_a_character_of_a_scalar_is_found_where_it_is_written(text, style, data):
    file = "# first\n" + yaml.dump({"k": [text]}, default_style=style, allow_unicode=True, width=9)
    root, wrong = nodes.parse(file, "k")
    assert not wrong
    (scalar,) = root.entries["k"].items
    assert scalar.text == text
    offset = data.draw(st.integers(0, len(text) - 1))
    line, column = place(file, scalar, offset)
    written = nodes.LINE_BREAK.split(file)[line - 1]
    character = text[offset]
    if not character.isspace():
        there = written[column - 1 : column]
        assert there in {character, "\\"}


def test_a_case_may_have_its_own_time_and_is_then_dangerous(tmp_path):
    quick, slow = read(
        tmp_path, suite("name: a\nf: x => x\ninputs: {x: [1]}",
                        "name: b\nf: x => x\ninputs: {x: [1]}\ntimeout: 1.5")
    )  # fmt: skip
    assert (quick.timeout, quick.is_dangerous) == (None, False)
    assert (slow.timeout, slow.is_dangerous) == (1.5, True)
