"""`run` as a user calls it: exit codes, sums, and what is printed."""

import json
import xml.etree.ElementTree as ET

import pytest
from calling import asked, call, counted, fake, footer, lines, plain, suite, wrong_at

FAULTS = {
    "echo": ((), 0, {"pass": 6}),
    "null": ((), 1, {"unsupported": 6}),
    "crashes_always": ((), 1, {"crashed": 6}),
    "dies_at_start": ((), 3, {"not run": 6}),
    "hangs": ((3,), 1, {"pass": 5, "timed out": 1}),
    "segfaults": ((3,), 1, {"pass": 5, "crashed": 1}),
    "says_garbage": ((3,), 1, {"pass": 5, "crashed": 1}),
    "exits_with_0": ((3,), 1, {"pass": 5, "crashed": 1}),
    "answers_twice": ((3,), None, None),
    "answers_another_id": ((3,), None, None),
    "prints_a_banner": ((), 3, {"not run": 6}),
    "speaks_version_2": ((), 3, {"not run": 6}),
    "dies_after_5": ((), None, None),
    "floods_stderr": ((), 0, {"pass": 6}),
    "writes_blank_lines": ((), 0, {"pass": 6}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_whatever_an_implementation_does_the_sums_are_the_plan(name, tmp_path):
    arguments, code, expected = FAULTS[name]
    suite(tmp_path)
    words = asked(fake("echo"), fake(name, *arguments, *([9] if name == "echo" else [])))
    done = call(tmp_path, "run", "s.yaml", *words, "--timeout", "0.5", "--results", "r.ndjson")
    found = footer(tmp_path / "r.ndjson")
    assert found["planned"] == 12
    counts = counted(tmp_path / "r.ndjson")
    if expected is not None:
        assert counts == {**expected, "pass": expected.get("pass", 0) + 6}
        assert done.returncode == code
    assert (done.returncode == 0) == (counts == {"pass": 12} and not found["faults"])
    assert "12 verdicts: " in done.stdout


def test_the_null_implementation_scores_no_pass(tmp_path):
    suite(tmp_path)
    call(tmp_path, "run", "s.yaml", *asked(fake("null")), "--results", "r.ndjson", code=1)
    assert counted(tmp_path / "r.ndjson") == {"unsupported": 6}


def test_without_tensorflow_the_first_of_several_is_the_reference(tmp_path):
    suite(tmp_path, stated=False)
    words = asked(fake("echo"), wrong_at(3))
    done = call(tmp_path, "run", "s.yaml", *words, "--results", "r.ndjson", code=1)
    assert "held against nothing" not in done.stdout
    verdicts = [v for kind, v in lines(tmp_path / "r.ndjson") if kind == "verdict"]
    (differs,) = [v for v in verdicts if v["verdict"] == "differs"]
    assert differs["against"] == fake("echo")
    assert differs["case"] == "s/case[n=3]"


NOTHING = "6 verdicts were held against nothing: the case states nothing"


def test_a_pass_that_was_held_against_nothing_is_no_check_and_the_summaries_say_so(tmp_path):
    suite(tmp_path, stated=False)
    words = ["run", "s.yaml", *asked(fake("echo")), "--results", "r.ndjson", "--markdown", "r.md"]
    done = call(tmp_path, *words, code=0)
    assert f"{NOTHING}, and no second implementation took part" in done.stdout
    assert NOTHING in (tmp_path / "r.md").read_text()
    found = json.loads(call(tmp_path, *words, "--json", code=0).stdout)
    assert found["held_against_nothing"] == 6


def test_a_reference_that_did_not_answer_leaves_passes_that_are_no_checks(tmp_path):
    suite(tmp_path, stated=False)
    words = asked(fake("dies_at_start"), fake("echo"))
    done = call(tmp_path, "run", "s.yaml", *words, code=3)
    assert f"{NOTHING}, and {fake('dies_at_start')} gave no answer" in done.stdout


def test_what_the_case_states_is_a_check_without_any_other_implementation(tmp_path):
    suite(tmp_path)
    done = call(tmp_path, "run", "s.yaml", *asked(fake("echo")), code=0)
    assert "held against nothing" not in done.stdout


def test_json_has_the_sums_the_place_of_the_results_and_the_findings(tmp_path):
    suite(tmp_path)
    words = asked(wrong_at(2), fake("null"))
    done = call(tmp_path, "run", "s.yaml", *words, "--results", "r.ndjson", "--json", code=1)
    found = json.loads(done.stdout)
    assert found["exit_code"] == 1
    assert found["results"] == "r.ndjson"
    assert found["summary"] == footer(tmp_path / "r.ndjson")
    assert len(found["findings"]) == 7
    assert {finding["verdict"] for finding in found["findings"]} == {"differs", "unsupported"}


def test_junit_is_xml_and_its_counts_are_right(tmp_path):
    suite(tmp_path)
    words = asked(wrong_at(2), fake("dies_at_start"))
    call(tmp_path, "run", "s.yaml", *words, "--junit", "out/j.xml", code=3)
    root = ET.fromstring((tmp_path / "out/j.xml").read_text())  # noqa: S314  our own file
    first, second = root.findall("testsuite")
    assert first.attrib["name"] == wrong_at(2)
    for one in (first, second):
        assert int(one.attrib["tests"]) == len(one.findall("testcase"))
        assert int(one.attrib["failures"]) == len(one.findall("testcase/failure"))
        assert int(one.attrib["errors"]) == len(one.findall("testcase/error"))
        assert int(one.attrib["skipped"]) == 0
    assert first.attrib["failures"] == "1"
    assert second.attrib["tests"] == second.attrib["errors"] == "6"
    around = [case for case in first.findall("testcase") if case.attrib["classname"] == "run"]
    assert len(around) == int(first.attrib["errors"]) >= 1


def test_markdown_has_a_table_and_the_findings(tmp_path):
    suite(tmp_path)
    call(tmp_path, "run", "s.yaml", *asked(wrong_at(2)), "--markdown", "r.md", code=1)
    text = (tmp_path / "r.md").read_text()
    assert "6 verdicts: 5 pass, 0 explained, 1 unexpected" in text
    assert "- **differs** (" in text
    assert "`tfjs-conformance show 's/case[n=2]' --cases s.yaml`" in text


def test_a_pipe_gets_no_escape_codes_and_no_line_is_cut(tmp_path):
    suite(tmp_path)
    long = fake("says_what", 3, '{"id":@,"unsupported":"\\u001b[31m' + "x" * 300 + '[bold] :cat:"}')
    done = call(tmp_path, "run", "s.yaml", *asked(long), code=1, TERM="xterm-256color")
    assert "\x1b" not in done.stdout + done.stderr
    assert "\ufffd[31m" + "x" * 300 + "[bold] :cat:" in done.stdout
    table = [line for line in done.stdout.splitlines() if line.endswith("1")]
    assert any(line.startswith(long) for line in table)
    assert "…" not in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.yaml"], "no such file or directory: nowhere.yaml"),
        (["s.yaml", "nothing/*"], "no case matches `nothing/*`"),
        (["s.yaml", "-k", "nothing"], "no case is left to run"),
        (["s.yaml", "-k", "a and"], "-k does not understand"),
        (["s.yaml", "--tag", "t"], "no case has the tag `t`"),
        (["s.yaml", "--shard", "3/2"], "`3/2` is no shard"),
        (["s.yaml", "--shard", "1/99999"], "shard 1/99999 has no cases"),
        (["s.yaml", "--policy", "kind"], "there is no policy 'kind'"),
        (["s.yaml", "-i", "tfjx"], "did you mean tfjs"),
        (["s.yaml", "-i", "null"], "no implementation is called 'null'"),
        (["s.yaml", "-i", "replay:r.ndjson"], "r.ndjson cannot be read"),
        (["s.yaml", "--expectations", "e.yaml"], "no such file: e.yaml"),
        (["s.yaml", "--resume", "r.ndjson"], "r.ndjson cannot be read"),
        (["s.yaml", "--resume", "s.yaml"], "no line of a results file"),
        (["s.yaml", "--resume", "a", "--results", "b"], "--resume continues in its own file"),
        (["s.yaml", "x" * 5000], "no case matches"),
        (["s.yaml", "--timeout", "0"], "0"),
        (["--no-such-option"], "--no-such-option"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_one_clear_sentence(words, said, tmp_path):
    suite(tmp_path)
    addresses = [] if "-i" in words else asked(fake("echo"))
    done = call(tmp_path, "run", *words, *addresses, code=2)
    assert said in done.stderr
    assert done.stdout == ""


def test_an_implementation_that_is_named_twice_is_refused(tmp_path):
    suite(tmp_path)
    done = call(tmp_path, "run", "s.yaml", *asked(fake("echo"), fake("echo")), code=2)
    assert "is named twice" in done.stderr


def test_wrong_case_files_run_nothing_and_name_every_problem(tmp_path):
    (tmp_path / "a.yaml").write_text("suite: a\ncases: [1, 2]\n")
    (tmp_path / "b.yaml").write_text("\t")
    done = call(tmp_path, "run", ".", *asked(fake("echo")), "--results", "r.ndjson", code=2)
    problems = done.stderr.splitlines()
    assert [line.split()[0] for line in problems if ".yaml" in line] == [
        "a.yaml:2:9:", "a.yaml:2:12:", "b.yaml:1:1:"
    ]  # fmt: skip
    assert problems[-1] == "3 problems in the case files; nothing was run"
    assert not (tmp_path / "r.ndjson").exists()


def test_a_full_disk_is_exit_code_3_and_one_clear_sentence(tmp_path):
    suite(tmp_path)
    words = ["run", "s.yaml", *asked(fake("echo"))]
    done = call(tmp_path, *words, "--results", "/dev/full", code=3)
    assert done.stderr.splitlines()[0] == (
        "error: results cannot be written to /dev/full: No space left on device"
    )
    assert len(done.stderr.splitlines()) == 2


def test_results_that_cannot_be_kept_are_exit_code_3(tmp_path):
    suite(tmp_path)
    (tmp_path / "file").touch()
    done = call(tmp_path, "run", "s.yaml", *asked(fake("echo")), "--results", "file/r", code=3)
    assert "results cannot be written to file/r" in done.stderr


def test_a_report_that_cannot_be_written_is_exit_code_3_and_the_results_are_named(tmp_path):
    suite(tmp_path)
    (tmp_path / "file").touch()
    done = call(tmp_path, "run", "s.yaml", *asked(fake("echo")), "--junit", "file/j", code=3)
    assert "error: file/j cannot be written" in done.stderr
    assert "results: " in done.stderr


def test_only_the_last_few_runs_that_nobody_asked_to_keep_are_kept(tmp_path):
    suite(tmp_path, 1)
    kept = tmp_path / "tfjs-conformance"
    kept.mkdir()
    for day in range(9):
        (kept / f"run-2020010{day}-000000-1.ndjson").touch()
    call(tmp_path, "run", "s.yaml", *asked(fake("echo")), code=0)
    left = sorted(kept.glob("run-*"))
    assert len(left) == 5
    assert footer(left[-1])["planned"] == 1


def test_patterns_words_and_shards_choose_among_the_given_files(tmp_path):
    suite(tmp_path)
    words = ["list", "s.yaml"]
    assert call(tmp_path, *words, code=0).stdout.splitlines() == [
        f"s/case[n={n}]" for n in range(1, 7)
    ]
    assert call(tmp_path, *words, "*n=3]", "*n=4]", "-k", "not n=4", code=0).stdout == (
        "s/case[n=3]\n"
    )
    shards = [call(tmp_path, *words, "--shard", f"{i}/2", code=0).stdout for i in (1, 2)]
    assert sorted("".join(shards).splitlines()) == call(tmp_path, *words).stdout.splitlines()


def test_two_runs_of_one_plan_have_the_same_results_but_for_the_time(tmp_path):
    suite(tmp_path)
    for name in "ab":
        words = ["run", "s.yaml", *asked(wrong_at(2), fake("echo")), "--results", name]
        call(tmp_path, *words, code=1)
    assert plain(tmp_path / "a") == plain(tmp_path / "b")
