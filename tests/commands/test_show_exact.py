"""What `show` says of the exact oracle: who is right, how far off, which op, and why so much."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from calling import asked, call, fake

CASES = Path(__file__).with_name("explained.yaml")
WRONG = fake("taps_a_wrong_exp")
ECHO = fake("echo")
TWO = '{"id":@,"returned":{"grads":[{"dtype":"float32","shape":[1],"data":"AAAAQA=="}]}}'
BLAMED = (
    "culprit: exp (call 1, value) at [2]: expected 54.5981500331443, got 54.65275,"
    " 1.431e+04 ulp, 3 allowed, certified by exact"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the answers of the oracle, so that a process is started only once."""
    return tmp_path_factory.mktemp("explained")


def show(folder, case, *words, code=None):
    words = ["show", f"e/{case}", "--cases", CASES, *words]
    return call(folder, *words, oracle=True, code=code).stdout


def explanation(folder, case, address):
    return json.loads(show(folder, case, *asked(address), "--json"))["explanation"]


def test_a_planted_error_is_explained_by_the_op_that_makes_it(folder):
    text = show(folder, "exp of a square", *asked(WRONG), code=1)
    lines = text.splitlines()
    (sentence,) = [line for line in lines if line.startswith(f"{WRONG} is wrong: ")]
    assert sentence.endswith("(1.431e+04 ulp, 3 allowed), and 2 more of 3; "
                             "to blame: exp (call 1, value)")  # fmt: skip
    at = text.index("culprit: exp (call 1, value)\n")
    reasons = [line.split() for line in text[at:].splitlines()]
    assert reasons[1:5] == [
        ["given", "float32[3]", "1.0,", "0.25,", "4.0"],
        ["expected", "54.5981500331443", "at", "[2]"],
        ["got", "54.65275", "(1.431e+04", "ulp,", "3", "allowed)"],
        ["steps:", "4", "steps", "checked"],
    ]
    # First who, then the numbers, then the reasons.
    grid, worst = text.index("\nindex "), text.index("\nworst number of")
    assert text.index(sentence) < grid < worst < at


def test_the_worst_number_stands_beside_the_real_one_and_its_budget(folder):
    lines = show(folder, "exp of a square", *asked(WRONG)).splitlines()
    (row,) = [line for line in lines if line.startswith(WRONG) and "4.77e+03 x" in line]
    assert row.removeprefix(WRONG).split() == [
        "[2]", "54.5981500331", "54.65275", "1.43e+04", "ulp", "3", "ulp", "4.77e+03", "x", "sharp",
    ]  # fmt: skip
    assert "exactly at [2]: 54.5981500331 ± 5e-11, nearest float32 54.59815 0x425a6481" in lines
    (budget,) = [line for line in lines if line.startswith("budget at [2]")]
    assert budget == "budget at [2] (contract ieee): 100% exp in exp (call 1, value)"


def test_programs_get_all_of_it(folder):
    told = json.loads(show(folder, "exp of a square", *asked(WRONG), "--json"))
    assert told["verdicts"][0]["certificate"]["culprit"]["op"] == "exp"
    assert told["sentences"][WRONG].startswith("is wrong: value differs at [2]")
    (place,) = told["explanation"]["places"]
    (standing,) = place["standings"]
    assert (standing["nearest"], standing["outside"], standing["of"]) == (0, 3, 3)
    assert (standing["widths"], standing["contract"]) == ({"sharp": 3}, "ieee")
    worst = place["elements"][standing["element"]]
    assert worst["index"] == [2]
    low, high = worst["enclosure"]
    assert low < 54.598150033144236 < high
    (held,) = worst["held"]
    assert (held["outside"], held["budget"]) == (True, 3.0)
    assert held["share"] == pytest.approx(held["ulp"] / held["budget"])
    (part,) = worst["contributions"]
    assert (part["op"], part["call"], part["function"]) == ("exp", 1, "exp")


def test_what_is_right_is_said_to_be_right(folder):
    (folder / "right.yaml").write_text(
        "suite: r\ncases:\n  - {name: same, call: value, f: x => x, inputs: {x: [1, 2]}}\n"
    )
    words = ["show", "r/same", "--cases", "right.yaml", "-i", "tfjs:cpu"]
    text = call(folder, *words, oracle=True, code=0).stdout
    assert "tfjs:cpu is right: every number is correctly rounded\n" in text
    assert "worst number of" not in text


def test_a_choice_outside_of_the_one_sided_derivatives_is_marked(folder):
    two = fake("says_what", 1, TWO)
    text = show(folder, "abs at zero", *asked(two), code=1)
    kink = f"kink at [0]: 1.0 from one side, -1.0 from the other; {two} 2.0 (no subgradient)"
    assert kink in text
    assert "the exact computation meets 1 kink (in abs)\n" in text
    ((element,),) = [one["elements"] for one in explanation(folder, "abs at zero", two)["places"]]
    assert element["sides"] == ["1.0", "-1.0"]
    assert element["held"][0]["subgradient"] is False


def test_a_choice_between_the_one_sided_derivatives_is_not(folder):
    text = show(folder, "abs at zero", "-i", "tfjs:cpu", code=1)
    assert "tfjs:cpu follows another convention: gradient of x differs at [0]" in text
    assert (
        "kink at [0]: 1.0 from one side, -1.0 from the other; tfjs:cpu -1.0 (its own choice)\n"
        in text
    )


def test_what_rounding_decides_is_nobodys_fault(folder):
    text = show(folder, "rounded away", *asked(ECHO), code=0)
    assert f"{ECHO} is not to blame: rounding may change every number" in text
    (row,) = [line for line in text.splitlines() if line.startswith(f"{ECHO}  [0]")]
    assert row.split()[-2:] == ["0%", "vacuous"]


def test_decisions_that_rounding_may_turn_are_mentioned(folder):
    text = show(folder, "turned", *asked(ECHO), code=0)
    assert "meets 1 decision that rounding may turn: both outcomes are within the budgets" in text
    assert explanation(folder, "turned", ECHO)["straddled"] == 1


def test_an_oracle_that_does_not_know_says_so(folder):
    text = show(folder, "undecided", *asked(ECHO), code=0)
    assert f"{ECHO} answered: there was nothing to hold the answer against" in text
    assert "the exact oracle does not answer this case: unsure: 4096 bits" in text
    assert explanation(folder, "undecided", ECHO) is None


def test_of_a_large_tensor_the_worst_and_the_first_that_differ_are_told(folder):
    (place,) = explanation(folder, "long", ECHO)["places"]
    assert place["standings"][0]["of"] == 1000
    assert len(place["elements"]) < 50
    text = show(folder, "long", *asked(ECHO))
    assert "… 960 more elements are not shown" in text
    assert re.search(r"^budget at \[\d+\] \(contract ieee\): 100% \w+ in mul", text, re.MULTILINE)


def test_an_explanation_is_another_question_than_its_answer(tmp_path):
    run = ["run", CASES, "-k", "square", *asked(ECHO)]
    call(tmp_path, *run, oracle=True)

    def stored():
        return json.loads(call(tmp_path, "goldens", "--json", code=0).stdout)["answers"]

    before = stored()
    show(tmp_path, "exp of a square", *asked(ECHO))
    assert stored() > before
    after = stored()
    show(tmp_path, "exp of a square", *asked(ECHO))
    assert stored() == after
    assert "oracle: 1 answer, 1 from the store" in call(tmp_path, *run, oracle=True).stderr


def test_without_an_oracle_nothing_is_explained(folder):
    told = json.loads(show(folder, "exp of a square", *asked(WRONG), "--no-oracle", "--json"))
    assert told["explanation"] is None
    text = show(folder, "exp of a square", *asked(WRONG), "--no-oracle")
    assert "worst number of" not in text


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A run with a culprit, with all its reports."""
    place = tmp_path_factory.mktemp("ran")
    words = ["run", CASES, "-k", "square", *asked(WRONG), "--results", "r.ndjson",
             "--junit", "r.xml", "--markdown", "r.md"]  # fmt: skip
    (place / "out").write_text(call(place, *words, oracle=True, code=1).stdout)
    return place


def test_every_report_names_the_culprit_in_one_line(ran):
    assert f"    {BLAMED}\n" in (ran / "out").read_text()
    assert f"  {BLAMED}\n" in (ran / "r.md").read_text()
    (failure,) = ET.fromstring((ran / "r.xml").read_text()).iter("failure")  # noqa: S314  our own file
    assert BLAMED in failure.text.splitlines()


def test_the_list_of_divergences_names_the_culprit(ran):
    (ran / "expectations.yaml").write_text(
        "- {cases: e/exp*, implementation: 'cmd:*', verdict: differs, count: 1, cause: exp}\n"
    )
    (ran / "causes.yaml").write_text(
        "exp:\n  title: Exp is off\n  severity: silent\n  wrong: tfjs\n  kernels: [Exp]\n"
        "  minimal: e/exp of a square\n  right: The exponential.\n"
    )
    words = ["divergences", "r.ndjson", "--expectations", "expectations.yaml"]
    named = "culprit exp (call 1, value), 1.431e+04 ulp, 3 allowed"
    assert named in call(ran, *words, code=0).stdout
    assert named in call(ran, *words, "--cause", "exp", code=0).stdout


def test_what_is_ill_conditioned_is_counted_and_is_no_failure(tmp_path):
    words = ["run", CASES, "-k", "away", *asked(ECHO), "--results", "r.ndjson",
             "--junit", "r.xml", "--markdown", "r.md"]  # fmt: skip
    out = call(tmp_path, *words, oracle=True, code=0).stdout
    assert "1 verdicts: 0 pass, 0 explained, 1 ill-conditioned, 0 unexpected" in out
    head, row = [line.split() for line in out.splitlines() if "·" in line or "explained  " in line][
        -2:
    ]
    assert dict(zip(head[::-1], row[::-1], strict=False))["ill-conditioned"] == "1"
    markdown = (tmp_path / "r.md").read_text()
    assert "| pass | ill-conditioned | explained | unexpected |" in markdown
    assert "| 0 | 1 | 0 | 0 |" in markdown
    assert "## Explained" not in markdown
    root = ET.fromstring((tmp_path / "r.xml").read_text())  # noqa: S314  our own file
    assert [suite.attrib["failures"] for suite in root] == ["0"]
    (skipped,) = root.iter("skipped")
    assert skipped.attrib["message"].startswith("ill-conditioned: rounding may change")
    assert (
        "ill-conditioned  e/rounded away" in call(tmp_path, "report", "r.ndjson", "--known").stdout
    )
