import json
import shlex
import struct
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance import bundle
from conformance.cli import main
from conformance.commands.show import the_case
from conformance.language.names import shipped
from conformance.problems import UsageError
from conformance.protocol import Returned
from conformance.report.elements import ALL_SHOWN, FIRST_SHOWN, places
from conformance.suite.load import load
from conformance.tensors import Tensor

REPROS = Path(__file__).with_name("repros.yaml")
FAKES = Path(__file__).parents[1] / "fakes"
DIVERGING = """\
suite: mine
cases:
  - name: odd
    why: It shows much.
    f: x => x
    inputs: {x: {bits: [0x3f800000, 0x7fc00001, 0x00000001]}}
    expect: {value: {bits: [0x3f800001, 0x7fc00000, 0x00000001]}}
"""


def fake(name, *arguments):
    script = FAKES / f"{name}.py"
    return "cmd:" + shlex.join([sys.executable, "-S", str(script), *map(str, arguments)])


def show(*words):
    return CliRunner().invoke(main, ["show", *map(str, words)])


def numbers(*values):
    return Tensor("float32", (len(values),), struct.pack(f"<{len(values)}f", *values))


@pytest.fixture(scope="module")
def cases():
    return load([REPROS], shipped())


@pytest.fixture
def diverging(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(DIVERGING, "utf-8")
    (tmp_path / "expectations.yaml").write_text("[]\n", "utf-8")
    return path


def test_one_case_on_all_sides_element_by_element():
    case = "documents/value_and_grads/quotient with a null element"
    done = show(case, "--cases", bundle.cases() / "documents" / "value_and_grads.yaml")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == case
    assert lines[1].endswith("cases/documents/value_and_grads.yaml:28")
    assert "    (x, y) => x.div(y)" in lines
    assert "y = [9.5, -20.5, null]" in lines
    assert "expected value: [3]: 0.4947368, -0.2829268, Infinity" in lines
    heads = [line for line in lines if line.startswith("index")]
    assert [line.split() for line in heads] == [
        ["index", "expected", "exact", "tensorflow", "tfjs:cpu", "tfjs:wasm"]
    ] * 3
    (differing,) = [line.split() for line in lines if line.startswith("[1]") and "ulp" in line]
    assert differing[:4] == ["[1]", "-0.0138013", "-0.013801309", "-0.013801308"]
    assert differing[4:] == ["1", "ulp", "-0.013801309", "-0.013801309"]
    assert any(line.startswith("    kernels: RealDiv") for line in lines)


def test_bits_show_where_decimals_tell_nothing(diverging):
    done = show("mine/odd", "--cases", diverging, "-i", fake("echo"))
    assert done.exit_code == 1
    assert "It shows much." in done.output
    assert "x = float32 [3]: 1.0, NaN (0x7fc00001), 1e-45 (0x00000001)" in done.output
    assert "1.0000001 0x3f800001" in done.output
    assert "differs" in done.output


def test_the_whole_case_is_there_for_programs(diverging):
    address = fake("echo")
    done = show("mine/odd", "--cases", diverging, "-i", address, "--json")
    found = json.loads(done.output)
    assert found["exit_code"] == done.exit_code == 1
    assert found["case"]["id"] == "mine/odd"
    assert [one["implementation"] for one in found["outcomes"]] == [address]
    assert found["verdicts"][0]["verdict"] == "differs"
    assert found["implementations"][address]["name"] == "fake"


def test_the_policy_is_kept(diverging):
    lax = ["--policy", "allclose:0,1e9"]
    strict = show("mine/odd", "--cases", diverging, "-i", fake("echo"), "--json", *lax)
    assert json.loads(strict.output)["verdicts"][0]["verdict"] == "differs"  # stated bits are bits
    assert show("mine/odd", "--cases", diverging, "--policy", "none").exit_code == 2


def test_known_divergences_are_explained(diverging):
    (diverging.parent / "expectations.yaml").write_text(
        "- cases: mine/*\n  implementation: cmd:*\n  verdict: differs\n  count: 1\n"
        "  because: it is an echo\n"
        "- cases: others/*\n  implementation: '*'\n  verdict: threw\n  count: 9\n  because: no\n",
        "utf-8",
    )
    done = show("mine/odd", "--cases", diverging, "-i", fake("echo"))
    assert done.exit_code == 0, done.output
    assert "because: it is an echo" in done.output


def test_errors_show_their_phase_and_text():
    done = show("repros/an error", "--cases", REPROS, "-i", "tfjs:cpu")
    assert done.exit_code == 0, done.output
    assert "expected: an error in phase forward" in done.output
    assert "threw Error in phase forward: Operands could not be broadcast" in done.output


def test_what_does_not_start_is_code_3():
    done = show("repros/bits", "--cases", REPROS, "-i", fake("dies_at_start"))
    assert done.exit_code == 3
    assert "did not start" in done.output
    assert "no such backend" in done.output


def test_a_crash_shows_its_last_words():
    done = show("repros/grad with dy", "--cases", REPROS, "-i", fake("exits_with_1"))
    assert done.exit_code == 1
    assert "cannot go on" in done.output


def test_an_exact_id_wins_over_a_pattern(cases):
    assert the_case(cases, "repros/grad with dy").id == "repros/grad with dy"
    assert the_case(cases, "*/grad with*").id == "repros/grad with dy"


def test_several_matches_are_named(cases):
    with pytest.raises(UsageError, match=f"{len(cases)} cases match") as error:
        the_case(cases, "repros")
    assert error.value.hint.count("\n  repros/") == 10
    assert f"and {len(cases) - 10} more" in error.value.hint


def test_a_typo_has_a_suggestion(cases):
    with pytest.raises(UsageError, match="no case matches") as error:
        the_case(cases, "repros/grad with dz")
    assert "repros/grad with dy" in error.value.hint
    with pytest.raises(UsageError) as error:
        the_case(cases, "TRUTHS")
    assert "repros/truths" in error.value.hint


@pytest.mark.parametrize(("form", "start"), [("js", "// "), ("python", "# "), ("html", "<!DOC")])
def test_a_repro_is_printed_and_nothing_runs(form, start):
    done = show("repros/bits", "--cases", REPROS, "--as", form, "-i", "cmd:./none")
    assert done.exit_code == 0
    assert done.output.startswith(start)


def test_a_repro_is_for_the_backend_that_is_asked_for():
    words = ["repros/bits", "--cases", REPROS, "--as", "js"]
    assert "setBackend('cpu')" in show(*words).output
    assert "setBackend('wasm')" in show(*words, "-i", "tfjs:wasm").output


def test_long_tensors_are_cut_to_what_differs(cases):
    count = 1000
    one = numbers(*range(count))
    other = numbers(*range(700), 700.5, *range(701, count))
    grads = (None, None)
    answers = {"a": Returned(one, grads), "b": Returned(other, grads)}
    place, *rest = places(cases[0], answers, "a")
    (grid,) = place.grids
    assert [row.index for row in grid.rows] == [*((i,) for i in range(FIRST_SHOWN)), (700,)]
    assert (grid.differing, grid.omitted) == (1, count - FIRST_SHOWN - 1)
    mine, theirs = grid.rows[-1].cells
    assert (mine.differs, mine.bits, mine.ulp) == (False, "0x442f0000", None)
    assert (theirs.differs, theirs.bits, theirs.ulp) == (True, "0x442f2000", 2.0**13)
    assert [one.absent for one in rest] == [("a", "b")] * 2


def test_short_tensors_are_shown_whole(cases):
    same = Returned(numbers(*range(ALL_SHOWN)), (None, None))
    grid = places(cases[0], {"a": same, "b": same}, None)[0].grids[0]
    assert (len(grid.rows), grid.omitted, grid.differing) == (ALL_SHOWN, 0, 0)
    assert all(cell.bits is None for row in grid.rows for cell in row.cells)


def test_zeros_of_two_signs_differ_and_two_nans_do_not(cases):
    nan = Tensor("float32", (2,), struct.pack("<2I", 0x80000000, 0xFFC00001))
    other = Tensor("float32", (2,), struct.pack("<2I", 0x00000000, 0x7FC00000))
    answers = {"a": Returned(nan, ()), "b": Returned(other, ())}
    rows = places(cases[0], answers, "a")[0].grids[0].rows
    assert [row.cells[1].differs for row in rows] == [True, False]
    assert [row.cells[1].ulp for row in rows] == [0.0, None]


def test_other_shapes_have_grids_of_their_own(cases):
    answers = {"a": Returned(numbers(1), ()), "b": Returned(numbers(1, 2), ())}
    grids = places(cases[0], answers, "a")[0].grids
    assert [(grid.implementations, grid.shape) for grid in grids] == [
        (("a",), (1,)),
        (("b",), (2,)),
    ]
    assert [grid.differing for grid in grids] == [0, 0]


def test_a_training_case_shows_its_optimizer_and_its_variables(tmp_path):
    (tmp_path / "training.yaml").write_text(
        "suite: mine\ncases:\n  - name: steps\n    call: minimize\n    f: w => w.square()\n"
        "    inputs: {w: 2}\n    optimizer: {name: sgd, learningRate: 0.25}\n    steps: 2\n"
        "    expect: {value: 1, variables: {w: 0.5}}\n"
    )
    done = show("mine/steps", "--cases", tmp_path / "training.yaml", "-i", "tfjs:cpu")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert "optimizer = sgd(learningRate=0.25), 2 steps" in lines
    assert "expected variable w: []: 0.5" in lines
    assert any(line.startswith("variable w  float32 []") for line in lines)
