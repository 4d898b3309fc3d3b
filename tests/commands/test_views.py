"""Views of results, and the smaller commands, as a user calls them."""

import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
from calling import (
    COMMAND,
    DEADLINE,
    ROOT,
    asked,
    call,
    counted,
    environment,
    fake,
    footer,
    suite,
    wrong_at,
)

RUN = ["run", "s.yaml", *asked(fake("echo"), wrong_at(2)), "--results", "r.ndjson"]
HEAVY = ("tensorflow", "numpy", "rich.progress", "asyncio", "tree_sitter")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A folder with cases and the results of a run with one divergence."""
    folder = tmp_path_factory.mktemp("recorded")
    suite(folder)
    call(folder, *RUN, code=1)
    return folder


@pytest.fixture
def ran(recorded, tmp_path):
    """The same, for one test to change."""
    return shutil.copytree(recorded, tmp_path / "ran")


def test_a_report_is_what_the_run_printed(ran):
    printed = call(ran, *RUN, "--markdown", "r.md", "--junit", "r.xml", code=1).stdout
    assert call(ran, "report", "r.ndjson", code=0).stdout == printed
    markdown = call(ran, "report", "r.ndjson", "--format", "markdown", code=0).stdout
    assert markdown == (ran / "r.md").read_text()
    junit = call(ran, "report", "r.ndjson", "--format", "junit", code=0).stdout
    assert junit == (ran / "r.xml").read_text()


@pytest.mark.parametrize("form", ["terminal", "markdown", "junit"])
def test_a_report_can_be_written(form, ran):
    printed = call(ran, "report", "r.ndjson", "--format", form).stdout
    call(ran, "report", "r.ndjson", "--format", form, "-o", "deep/out", code=0)
    assert (ran / "deep/out").read_text() == printed


@pytest.mark.parametrize(
    "command",
    [["report"], ["judge", "--policy", "tfjs"], ["diff", "r.ndjson"], ["merge", "-o", "m.ndjson"]],
)
def test_a_results_file_that_cannot_be_trusted_is_exit_code_2(command, ran):
    data = (ran / "r.ndjson").read_bytes()
    (ran / "bad.ndjson").write_bytes(data.replace(b'"differs"', b'"pass"', 1))
    done = call(ran, *command, "bad.ndjson", code=2)
    assert "bad.ndjson was edited" in done.stderr
    assert done.stdout == ""
    (ran / "bad.ndjson").write_bytes(data[:-5])
    assert "truncated" in call(ran, *command, "bad.ndjson", code=2).stderr


def test_shards_merge_into_the_whole_run(ran):
    for shard in ("1/2", "2/2"):
        call(ran, "run", "s.yaml", *asked(fake("echo")), "--shard", shard,
             "--results", f"{shard[0]}.ndjson", code=0)  # fmt: skip
    done = call(ran, "merge", "1.ndjson", "2.ndjson", "-o", "m.ndjson", code=0)
    assert "6 verdicts: 6 pass" in done.stdout
    assert counted(ran / "m.ndjson") == {"pass": 6}
    assert "not the whole run" in call(ran, "merge", "1.ndjson", "-o", "n.ndjson", code=2).stderr


def test_judging_again_prints_what_flips(ran):
    suite(ran, stated=False)
    call(ran, *RUN, code=1)
    done = call(ran, "judge", "r.ndjson", "--policy", "allclose:0,99", code=0)
    assert "differs (numeric) → pass" in done.stdout
    assert "1 of 12 verdicts flip under allclose:0,99 (the run used default)" in done.stdout
    done = call(ran, "judge", "r.ndjson", "--policy", "default", code=1)
    assert "0 of 12 verdicts flip" in done.stdout
    done = call(ran, "judge", "r.ndjson", "--policy", "allclose:0,99", "--json", code=0)
    (judged,) = json.loads(done.stdout)["policies"]
    (flip,) = judged["changes"]
    assert (flip["case"], flip["after"]) == ("s/case[n=2]", "pass")
    assert "no policy" in call(ran, "judge", "r.ndjson", "--policy", "x", code=2).stderr


def test_a_difference_of_two_runs_is_what_changed_for_better_or_worse(ran):
    assert "0 verdicts changed" in call(ran, "diff", "r.ndjson", "r.ndjson", code=0).stdout
    once = fake("crashes_once", 3, ran / "memory")
    for name, code in (("a", 0), ("b", 0)):
        words = ["run", "s.yaml", *asked(once), "--results", name]
        call(ran, *words, code=code)
    call(ran, "run", "s.yaml", "-k", "not n=6", *asked(once), "--results", "c", code=0)
    done = call(ran, "diff", "a", "c", code=1)
    assert f"gone: s/case[n=6] on {once}" in done.stdout
    assert "0 verdicts changed, 0 for the worse; 0 new, 1 gone" in done.stdout
    assert "1 new, 0 gone" in call(ran, "diff", "c", "a", code=0).stdout


def test_a_recorded_implementation_can_be_held_against_another(ran):
    recorded = f"replay:r.ndjson#{fake('echo')}"
    call(ran, "run", "s.yaml", *asked(recorded, wrong_at(2)), "--results", "n.ndjson", code=1)
    assert counted(ran / "n.ndjson") == {"pass": 11, "differs": 1}
    done = call(ran, "run", "s.yaml", *asked("replay:r.ndjson"), code=2)
    assert "has the implementations" in done.stderr
    suite(ran, 8)
    call(ran, "run", "s.yaml", *asked(recorded), "--results", "n.ndjson", code=3)
    assert counted(ran / "n.ndjson") == {"pass": 6, "not run": 2}


ENTRY = "- cases: s/case\n  implementation: 'cmd:*says_what*'\n  verdict: differs\n"
REST = "  because: it is a fake\n"


@pytest.mark.parametrize(
    ("count", "code", "said"),
    [(1, 0, None), (3, 1, "fewer than stated: write `count: 1`")],
)
def test_expectations_beside_the_cases_explain_a_run_and_are_held_to_it(count, code, said, ran):
    (ran / "expectations.yaml").write_text(f"{ENTRY}  count: {count}\n{REST}")
    done = call(ran, *RUN, "--junit", "r.xml", code=code)
    assert "1 explained, 0 unexpected" in done.stdout
    stale = "expectations.yaml:1: 1 case of `s/case` is `differs`"
    assert (stale in done.stdout) == (said is not None)
    assert (said or "") in done.stdout
    root = ET.fromstring((ran / "r.xml").read_text())  # noqa: S314  our own file
    assert [suite.attrib["skipped"] for suite in root] == ["0", "1"]
    assert "because: it is a fake" in call(ran, *RUN, "--known").stdout


STALE = "- {cases: t/case, implementation: '*says*', verdict: threw, count: 1, because: never}\n"


def test_a_part_of_the_cases_does_not_make_an_entry_stale(ran):
    suite(ran, name="t")
    (ran / "expectations.yaml").write_text(f"{ENTRY}  count: 1\n{REST}{STALE}")
    run = asked(fake("echo"), wrong_at(2))
    call(ran, "run", "s.yaml", *run, code=0)
    call(ran, "run", "s.yaml", "-k", "n=1", *run, code=0)
    done = call(ran, "run", ".", *run, code=1)
    assert "none of `t/case` is `threw`" in done.stdout


def test_expectations_are_updated_in_their_file_and_comments_stay(ran):
    file = ran / "expectations.yaml"
    gone = (
        "# about nothing\n- {cases: z, implementation: x, verdict: threw, count: 1, because: y}\n"
    )
    file.write_text(f"# mine\n{ENTRY}  count: 7 # many\n{REST}\n{gone}")
    words = ["expectations", "r.ndjson", "--file", "expectations.yaml"]
    done = call(ran, *words, code=1)
    assert "-  count: 7 # many\n+  count: 1 # many\n" in done.stdout
    assert "count: 7" in file.read_text()
    call(ran, *words, "--update", code=0)
    assert file.read_text() == f"# mine\n{ENTRY}  count: 1 # many\n{REST}\n# about nothing\n"
    assert "0 verdicts without an explanation" in call(ran, *words, code=0).stdout
    call(ran, "run", "s.yaml", *asked(fake("echo"), wrong_at(2)), code=0)


def test_an_update_from_a_part_of_the_cases_removes_nothing(ran):
    (ran / "expectations.yaml").write_text(f"{ENTRY}  count: 1\n{REST}")
    call(ran, "run", "s.yaml", "-k", "n=1", *asked(wrong_at(9)), "--results", "p", code=0)
    words = ["expectations", "p", "--file", "expectations.yaml", "--update"]
    assert "0 edits" in call(ran, *words, code=0).stdout
    assert "s/case" in (ran / "expectations.yaml").read_text()


def test_what_is_not_explained_is_suggested_as_an_entry_that_works(ran):
    (ran / "expectations.yaml").write_text("# nothing yet\n")
    done = call(ran, "expectations", "r.ndjson", "--file", "expectations.yaml", code=1)
    suggested = done.stdout.partition("\n")[2].rpartition("\n0 edits")[0]
    (ran / "expectations.yaml").write_text(suggested.replace("…", "it is a fake"))
    call(ran, "run", "s.yaml", *asked(fake("echo"), wrong_at(2)), code=0)


def test_wrong_expectations_are_exit_code_2_with_their_place(ran):
    (ran / "expectations.yaml").write_text("- {cases: a}\n")
    done = call(ran, "run", "s.yaml", *asked(fake("echo")), code=2)
    assert "expectations.yaml:1:3: the field `count` is missing" in done.stderr


def test_validate_counts_files_and_cases_or_names_every_problem(ran):
    assert call(ran, "validate", ".", code=0).stdout == "1 file, 6 cases: all valid\n"
    (ran / "t.yaml").write_text("suite: [1]\n")
    done = call(ran, "validate", ".", code=2)
    assert "t.yaml:1:8: `suite` is a text" in done.stderr


def test_list_prints_ids_or_cases_as_json(ran):
    assert call(ran, "list", "s.yaml", code=0).stdout.count("\n") == 6
    found = [json.loads(line) for line in call(ran, "list", "s.yaml", "--json").stdout.splitlines()]
    assert [case["id"] for case in found] == [f"s/case[n={n}]" for n in range(1, 7)]
    assert found[0]["f"]["source"] == "x => x"


def test_implementations_say_who_they_are_or_why_not(ran):
    done = call(ran, "implementations", fake("echo"), code=0)
    assert f"{fake('echo')}  fake 1 none · python" in done.stdout
    done = call(ran, "implementations", fake("dies_at_start"), fake("echo"), code=3)
    assert "did not start" in done.stdout
    assert "no such backend" in done.stdout
    found = json.loads(call(ran, "implementations", fake("echo"), "--json", code=0).stdout)
    assert found[fake("echo")]["name"] == "fake"


def imported(folder, *words):
    """The modules that a command imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *COMMAND[1:], *words], cwd=folder,
        env=environment(folder), capture_output=True, text=True, timeout=DEADLINE, check=True,
    )  # fmt: skip
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        (["--help"], HEAVY),
        (["--version"], HEAVY),
        (["run", "--help"], HEAVY),
        (["list", "s.yaml"], ("tensorflow", "numpy", "asyncio")),
        (["validate", "s.yaml"], ("tensorflow", "numpy", "asyncio")),
        (["report", "r.ndjson"], ("tensorflow", "numpy")),
        (["run", "s.yaml", *asked(fake("echo"))], ("tensorflow",)),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(words, heavy, ran):
    modules = imported(ran, *words)
    assert "click" in modules
    assert not modules & set(heavy)


def test_every_command_has_help_and_the_exit_codes_are_explained(ran):
    text = call(ran, "--help", code=0).stdout
    assert "128 + N  ended by signal N" in text
    for command in ("run", "show", "list", "validate", "judge", "report", "merge", "diff",
                    "implementations", "check", "expectations"):  # fmt: skip
        assert command in text
        assert "Usage" in call(ran, command, "--help", code=0).stdout


def test_tfjs_and_tensorflow_answer_the_documents_examples(tmp_path):
    words = asked("tensorflow", "tfjs:cpu")
    call(tmp_path, "run", ROOT / "cases" / "documents", *words, "--results", "r", code=0)
    assert counted(tmp_path / "r") == {"pass": footer(tmp_path / "r")["planned"]}
