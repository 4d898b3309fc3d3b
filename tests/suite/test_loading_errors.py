"""Every mistake in a case file: its line and column, what it is, and how to mend it."""

import pytest
from suites import HEAD, marked, problems, suite

OF_FILES = {
    "unknown field": ("§sute: s\nsuite: s\n" + suite("name: n\nf: () => tf.scalar(1)")[9:],
                      "unknown field `sute` in a case file", "`suite`"),
    "no suite": ("§cases:\n  - {name: n, f: '() => tf.scalar(1)'}\n",
                 "the field `suite` is missing", None),
    "suite is no path": ("suite: §a b\ncases:\n  - {name: n, f: '() => tf.scalar(1)'}\n",
                         "`a b` is no path", "ops/reduction"),
    "no cases": ("§suite: s\n", "the field `cases` is missing", None),
    "cases are none": ("suite: s\ncases: §[]\n", "at least one case", None),
    "cases are a text": ("suite: s\ncases: §x => x\n", "at least one case", None),
    "a case is a text": ("suite: s\ncases:\n  - §x => x\n", "a case is a mapping", "function"),
    "a list": ("§- suite: s\n", "a case file is a mapping", "suite"),
    "empty": ("§", "the file is empty", "suite"),
    "a comment": ("§# nothing yet\n", "the file is empty", "suite"),
    "tab": ("suite: s\n§\tcases: []\n", "not YAML", "blanks"),
    "second document": (suite("name: n\nf: () => tf.scalar(1)") + "§---\nsuite: t\n",
                        "a second document", "---"),
    "tag": ("suite: §!!python/name:os.system s\n", "a tag", "remove it"),
    "anchor": ("suite: §&a s\n", "an anchor", "`for:`"),
    "alias": ("suite: §*a\n", "an alias", "`for:`"),
    "anchor cycle": ("§&a [*a]\n", "an anchor", "`for:`"),
    "merge key": ("suite: s\n<<: §*a\n", "an alias", "`for:`"),
    "duplicate key": ("suite: s\n§suite: t\ncases: [1]\n", "`suite` stands twice", "line 1"),
    "key that is a list": ("§[1, 2]: s\n", "a key that is no plain word", None),
    "unclosed": ("suite: s\ncases: [\n§", "not YAML", None),
    "control character": ("suite: s§\x07\n", "U+0007", "remove it"),
    "too deep": ("suite: s\ncases: " + "[" * 31 + "§[" + "]" * 32, "deeper than 32", None),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_FILES)
def test_a_file_that_is_wrong_says_where_and_what_to_do(name, tmp_path):
    text, message, hint = OF_FILES[name]
    text, place = marked(text)
    found = problems(tmp_path, text)
    here = [p for p in found if (p.line, p.column) == place and message in p.message]
    assert here, found
    assert hint is None or hint in here[0].hint


CROSS = "f: x => tf.sum(x, ${a}, ${b})\ninputs: {x: [1]}"
OF_CASES = {
    "time that is none": ("name: n\nf: x => x\ninputs: {x: [1]}\ntimeout: §soon",
                          "`timeout` is a number of seconds", None),
    "no time at all": ("name: n\nf: x => x\ninputs: {x: [1]}\ntimeout: §0.0",
                       "`timeout` is a number of seconds", None),
    "unknown field": ("name: n\nf: x => x\ninputs: {x: [1]}\n§expct: {value: [1]}",
                      "unknown field `expct` in a case", "did you mean `expect`?"),
    "no name": ("§f: () => tf.scalar(1)", "the field `name` is missing", None),
    "no function": ("§name: n", "the field `f` is missing", None),
    "name is a list": ("name: §[n]\nf: () => tf.scalar(1)", "`name` is a text", None),
    "name is empty": ("name:§\nf: () => tf.scalar(1)", "`name` is a text", None),
    "unknown call": ("name: n\ncall: §gradz\nf: x => x\ninputs: {x: [1]}",
                     "no call `gradz`", "did you mean `grad`?"),
    "tags": ("name: n\ntags: §slow\nf: x => x\ninputs: {x: [1]}", "list of words", "[slow]"),
    "duplicate key": ("name: n\nf: x => x\n§f: x => x\ninputs: {x: [1]}",
                      "`f` stands twice", "line 4"),
    "unknown op": ("name: n\nf: x => §tf.addd(x, x)\ninputs: {x: [1]}", "addd", "tf.add?"),
    "unknown method": ("name: n\nf: x => x.§sni()\ninputs: {x: [1]}", "sni", "sin"),
    "operator": ("name: n\nf: x => §x + x\ninputs: {x: [1]}", "+", None),
    "property": ("name: n\nf: x => x.§shape\ninputs: {x: [1]}", "shape", None),
    "escape by constructor": (
        "name: n\nf: x => x.§constructor\ninputs: {x: [1]}",
        "constructor", None),
    "escape by index": ("name: n\nf: x => x[§'constructor']\ninputs: {x: [1]}", "", None),
    "forbidden function": ("name: n\nf: x => §tf.setBackend('cpu')\ninputs: {x: [1]}",
                           "setBackend", None),
    "statement": (
        "name: n\nf: |\n  x => {\n    §while (true) {}\n    return x;\n  }\ninputs: {x: [1]}",
        "a loop is not part", None),
    "in a folded block": ("name: n\nf: >-\n  x =>\n  §tf.ad(x)\ninputs: {x: [1]}", "ad", None),
    "in single quotes": ("name: n\nf: 'x => §tf.ad(x, ''a'')'\ninputs: {x: [1]}", "", None),
    "in double quotes": ('name: n\nf: "x =>\\n\\x20 x.§sni()"\ninputs: {x: [1]}', "sni", None),
    "after a template": (
        "name: n\nfor: {a: [add, sub]}\nf: x => tf.${a}(x, x.§sni())\ninputs: {x: [1]}",
        "sni", None),
    "colon unquoted": ("name: n\nf: x => tf.foo({a§: 1})\ninputs: {x: [1]}",
                       "not YAML", "`f: |`"),
    "hash unquoted": ("name: n\nf: x => tf.concat(§[x, x # 1\ninputs: {x: [1]}",
                      "", "` #` starts a comment"),
    "starts with a bracket": ("name: n\nf: [x, y] §=> x\ninputs: {x: [1]}", "not YAML", "quoted"),
    "template in flow": ("name: n\nfor: {s: [1]}\nf: x => x\ninputs: {x: {shape: $§{s}}}",
                         "not YAML", "'${axis}'"),
    "no function at all": ("name: n\nf: §tf.add\ninputs: {x: [1]}", "not a function", "arrow"),
    "too few inputs": ("name: n\nf: §(x, y) => x\ninputs: {x: [1]}", "takes 2 inputs", "order"),
    "no inputs": ("name: n\nf: §x => x", "takes 1 input, the case has 0", None),
    "inputs are a list": ("name: n\nf: x => x\ninputs: §[1]", "mapping of names", "{x: [1, 2]}"),
    "wrt of an unknown input": ("name: n\nf: x => x\ninputs: {x: [1]}\nwrt: [§y]",
                                "no input `y`", "the inputs: x"),
    "wrt of nothing": ("name: n\nf: x => x\ninputs: {x: [1]}\nwrt: §[]", "names no input", "[x]"),
    "wrt twice": ("name: n\nf: x => x\ninputs: {x: [1]}\nwrt: §[x, x]", "twice", None),
    "wrt of a value": ("name: n\ncall: value\nf: x => x\ninputs: {x: [1]}\n§wrt: [x]",
                       "`wrt` does not go", None),
    "dy of a value": ("name: n\ncall: value\nf: x => x\ninputs: {x: [1]}\n§dy: [1]",
                      "`dy` does not go", None),
    "grad for two": ("name: §n\ncall: grad\nf: (x, y) => x\ninputs: {x: [1], y: [1]}",
                     "for one input", "wrt: [x]"),
    "axis without values": ("name: n\nfor: {a: §[]}\nf: x => tf.sum(x, ${a})\ninputs: {x: [1]}",
                            "expands to nothing", "remove the case"),
    "axis that is no list": ("name: n\nfor: {a: §1}\nf: x => tf.sum(x, ${a})\ninputs: {x: [1]}",
                             "is no list", "[a, b, …]"),
    "axis with no name": ("name: n\nfor: {§a-b: [1]}\nf: x => x\ninputs: {x: [1]}",
                          "`a-b` is no name", None),
    "for is a list": ("name: n\nfor: §[1]\nf: x => x\ninputs: {x: [1]}",
                      "mapping of axes", "{axis"),
    "unused axis": ("name: n\nfor: {§a: [0]}\nf: x => x\ninputs: {x: [1]}",
                    "the axis `a` is not used", "${a}"),
    "unknown template": (
        "name: n\nfor: {a: [0]}\nf: §x => tf.sum(x, ${b}).mul(${a})\ninputs: {x: [1]}",
        "no axis gives `${b}`", "a"),
    "unknown part": ("name: n\nfor: {a: [{b: 1}]}\nf: x => x\ninputs: {x: [§'${a.c}']}",
                     "no axis gives `${a.c}`", "a"),
    "too many combinations": (
        f"name: n\nfor: §{{a: {list(range(101))}, b: {list(range(100))}}}\n{CROSS}",
        "10100 combinations", None),
    "values that look the same": (
        "§name: n\nfor: {a: [1, '1']}\nf: x => x.mul(${a})\ninputs: {x: [1]}",
        "a second case named", "look the same"),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_CASES)
def test_a_case_that_is_wrong_says_where_and_what_to_do(name, tmp_path):
    case, message, hint = OF_CASES[name]
    text, place = marked(suite(case.replace("§", "\x00")).replace("\x00", "§"))
    if name == "values that look the same":
        place = (place[0], 1)
    found = problems(tmp_path, text)
    here = [p for p in found if (p.line, p.column) == place and message in p.message]
    assert here, [str(problem) for problem in found]
    assert hint is None or hint in (here[0].hint or "")
    assert len(found) == 1, [str(problem) for problem in found]


INPUTS = {
    "[[1, 2], §[3]]": ("ragged", "same length"),
    "[1, §[2]]": ("ragged", "same length"),
    "[[], §[1]]": ("ragged", "same length"),
    "[1, §{a: 2}]": ("a mapping inside a list", "number or a list"),
    "[§1e400]": ("beyond every double", "Infinity"),
    "[§0x" + "f" * 300 + "]": ("beyond every double", "Infinity"),
    "[§one]": ("`one` is no number", "in quotes"),
    "[§1_000]": ("`1_000` is no number", "as in JavaScript"),
    "[§٣]": ("is no number", "as in JavaScript"),
    "{§shap: [1]}": ("unknown field `shap`", "`shape`"),
    "§{shape: [1]}": ("this one has none", None),
    "§{values: [1], bits: [1]}": ("values and bits", None),
    "{values: [1], shape: §[2]}": ("takes 2 values, 1 are given", None),
    "{values: [1], dtype: §float64}": ("`float64` is no dtype", "float32, int32, bool"),
    "{values: §[1], dtype: complex64}": ("two lists", "imag"),
    "{values: [1], §seed: 1}": ("`seed` does not go with `values`", None),
    "{values: [1], shape: §3}": ("a shape is a list", "[]"),
    "{values: [1], shape: [§-1]}": ("a size is a whole number", None),
    "{values: [1], shape: [§1.5]}": ("a size is a whole number", None),
    "{values: [1], shape: §[1, 1, 1, 1, 1, 1, 1]}": ("7 dimensions", None),
    "{bits: [§4294967296]}": ("from 0 to 4294967295", None),
    "{bits: [§-1]}": ("from 0 to 4294967295", None),
    "{bits: [§0.5]}": ("from 0 to 4294967295", None),
    "{bits: [1], dtype: §bool}": ("float32 or int32", None),
    "{bits: §{a: 1}}": ("a list is expected", None),
    "§{real: [1]}": ("without imag", None),
    "{real: [1], imag: §[1, 2]}": ("different shapes", None),
    "§{real: [1e39], imag: [1]}": ("beyond every float32", "Infinity"),
    "{real: [1], imag: [1], dtype: §float32}": ("make a complex64", None),
    "§{uniform: [0, 1], seed: 1}": ("needs a shape", "[2, 3]"),
    "§{uniform: [0, 1], shape: [2]}": ("needs a seed", "seed: 1"),
    "{uniform: [0, 1], shape: [2], seed: §-1}": ("a seed is a whole number", None),
    "{uniform: §[0], shape: [2], seed: 1}": ("two numbers", None),
    "{uniform: §[0, Infinity], shape: [2], seed: 1}": ("two finite numbers", None),
    "{uniform: §[1, 0], shape: [2], seed: 1}": ("low below high", None),
    "{uniform: §[-1e308, 1e308], shape: [2], seed: 1}": ("beyond every double", None),
    "{uniform: §[0, 1e40], shape: [9], seed: 1}": ("beyond every float32", "Infinity"),
    "{uniform: §[0, 1], shape: [2], seed: 1, dtype: int32}": ("no int32", None),
    "{uniform: [0, 1], shape: [2], seed: 1, dtype: §string}": ("cannot make string", None),
    "{uniform: [0, 1], shape: §[4096, 4096], seed: 1}": ("more than 4194304 elements", None),
    "{integers: §[0, 2.5], shape: [2], seed: 1}": ("whole numbers", None),
    "{integers: §[3, 3], shape: [2], seed: 1}": ("low below high", None),
    "{integers: §[0, 1e300], shape: [2], seed: 1}": ("up to 2**53", None),
    "{integers: §[3000000000, 3000000001], shape: [2], seed: 1, dtype: int32}": ("no int32", None),
    "{integers: §[0, 3], shape: [9], seed: 1, dtype: bool}": ("no bool", "[0, 2]"),
    "{normal: §[0, -1], shape: [2], seed: 1}": ("no deviation is negative", None),
    "{permutation: §[1, 0], shape: [2], seed: 1}": ("step of 0", None),
    "{permutation: §[1e9, 1], shape: [9], seed: 1}": ("are equal", "larger step"),
    "{linspace: [0, 1], shape: [2], §seed: 1}": ("`seed` does not go with `linspace`", None),
}  # fmt: skip


@pytest.mark.parametrize("written", INPUTS)
def test_an_input_that_cannot_be_is_refused_where_it_stands(written, tmp_path):
    message, hint = INPUTS[written]
    text, place = marked(suite(f"name: n\nf: x => x\ninputs:\n  x: {written}"))
    (found,) = problems(tmp_path, text)
    assert (found.line, found.column) == place
    assert message in found.message
    assert hint is None or hint in found.hint


EXPECTATIONS = {
    "§[1]": ("an expectation is a mapping", "value"),
    "{§vale: [1]}": ("unknown field `vale`", "`value`"),
    "{value: [§one]}": ("no number", "as in JavaScript"),
    "{value: [[1], §[1, 2]]}": ("ragged", "same length"),
    "{value: §{shape: [2]}}": ("either `values` or `fill`", None),
    "{value: §{fill: 1}}": ("`fill` needs a `shape`", None),
    "{value: {shape: [2], values: §[1]}}": ("1 values for shape [2]", None),
    "{value: {bits: [§0x100000000]}}": ("a bit pattern", None),
    "{grads: {§y: [1]}}": ("no gradient is taken for `y`", "for: x"),
    "{grads: §[1]}": ("`grads` names the inputs", "{x: [1, 1]}"),
    "{printed: {grads: {§y: a}}}": ("unknown field `y`", "x"),
    "{throws: §false}": ("`throws` is a mapping", "phase"),
    "{throws: {phase: §forwards}}": ("no phase", "forward"),
    "{throws: {§mesage: a}}": ("unknown field `mesage`", "`message`"),
    "§{throws: true, value: [1]}": ("returns nothing", "`either`"),
    "{either: §[]}": ("list of expectations", None),
    "{either: §{value: [1]}}": ("list of expectations", None),
    "{either: [{§either: [{value: [1]}]}]}": ("unknown field `either`", None),
    "{leaks: §-1}": ("from 0 to 1000", None),
}  # fmt: skip


@pytest.mark.parametrize("written", EXPECTATIONS)
def test_an_expectation_that_cannot_be_is_refused_where_it_stands(written, tmp_path):
    message, hint = EXPECTATIONS[written]
    text, place = marked(suite(f"name: n\nf: x => x\ninputs: {{x: [1]}}\nexpect: {written}"))
    (found,) = problems(tmp_path, text)
    assert (found.line, found.column) == place
    assert message in found.message
    assert hint is None or hint in found.hint


def test_bytes_that_are_no_utf8_are_named_by_line_and_column(tmp_path):
    (found,) = problems(tmp_path, b"suite: s\nwhy: \xff\n")
    assert (found.line, found.column, found.message) == (2, 6, "not UTF-8")
    assert "UTF-8" in found.hint


def test_a_yaml_bomb_does_not_go_off(tmp_path):
    levels = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 99))
    (found,) = problems(tmp_path, "a0: &a0 [lol]\n" + levels)
    assert (found.line, found.column) == (1, 5)


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    (found,) = problems(tmp_path, b"#" * ((16 << 20) + 1))
    assert "larger than 16 MiB" in found.message


def test_a_file_may_not_ask_for_more_data_than_a_machine_has(tmp_path, monkeypatch):
    monkeypatch.setattr("conformance.suite.case_file.MAX_DATA", 4 << 20)
    case = """
        name: n
        for: {a: [1, 2, 3, 4, 5, 6, 7, 8, 9]}
        f: x => x.mul(${a})
        inputs: {x: {shape: [400, 400], linspace: [0, 1]}}
    """
    (found,) = problems(tmp_path, suite(case))
    assert "4 MiB" in found.message


def test_an_axis_that_does_not_stand_in_the_way_is_not_reported_beside_another_mistake(tmp_path):
    text = HEAD + "  - {name: n, for: {a: [1], b: [2]}, f: 'x => tf.ad(x)', inputs: {x: [1]}}\n"
    (found,) = problems(tmp_path, text)
    assert "ad" in found.message
