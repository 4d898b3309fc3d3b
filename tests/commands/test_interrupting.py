"""Runs that end early: by a signal, by death, by a reader that leaves; and how they go on."""

import signal
import subprocess

import pytest
from calling import (
    COMMAND,
    DEADLINE,
    are_gone,
    asked,
    call,
    children_of,
    counted,
    environment,
    fake,
    footer,
    plain,
    started,
    suite,
    wait_for,
    without_oracle,
    wrong_at,
)


def words(folder, memory="memory"):
    hanging = fake("hangs_once", 4, folder / memory)
    return ["run", "s.yaml", *asked(fake("echo"), hanging), "--timeout", "50"]


def end(process, number, times=1):
    """Send a signal, and give what the process says until its end."""
    for _ in range(times):
        process.send_signal(number)
    out, err = process.communicate(timeout=DEADLINE)
    assert "Traceback" not in out + err
    return out, err


@pytest.mark.parametrize(("number", "times"), [(signal.SIGINT, 1), (signal.SIGTERM, 1),
                                               (signal.SIGINT, 3)])  # fmt: skip
def test_a_signal_ends_a_run_in_good_order_and_resume_completes_it(number, times, tmp_path):
    suite(tmp_path)
    file = tmp_path / "r.ndjson"
    with started(tmp_path, *words(tmp_path), "--results", "r.ndjson") as process:
        wait_for(process, file, 6)
        children = children_of(process)
        assert children
        out, err = end(process, number, times)
        assert process.returncode == 128 + number
    assert are_gone(children)
    assert footer(file)["interrupted"]
    assert counted(file) == {"pass": 6}
    assert "interrupted, 6 of 12 not reached" in out
    assert "continue with --resume r.ndjson" in err
    done = call(tmp_path, *words(tmp_path), "--resume", "r.ndjson", code=0)
    assert "12 verdicts: 12 pass" in done.stdout
    assert not footer(file)["interrupted"]
    call(tmp_path, *words(tmp_path), "--results", "whole.ndjson", code=0)
    assert plain(file) == plain(tmp_path / "whole.ndjson")


def test_a_run_that_was_killed_keeps_what_was_settled_and_resume_runs_only_the_rest(tmp_path):
    suite(tmp_path)
    file = tmp_path / "r.ndjson"
    with started(tmp_path, *words(tmp_path), "--results", "r.ndjson") as process:
        wait_for(process, file, 6)
        children = children_of(process)
        process.kill()
    assert are_gone(children)
    before = file.read_bytes()
    done = call(tmp_path, "report", "r.ndjson", code=2)
    assert "is truncated: it has no footer" in done.stderr
    assert "--resume" in done.stderr
    call(tmp_path, *words(tmp_path), "--resume", "r.ndjson", code=0)
    assert file.read_bytes().startswith(before)
    call(tmp_path, *words(tmp_path), "--results", "whole.ndjson", code=0)
    assert plain(file) == plain(tmp_path / "whole.ndjson")


@pytest.mark.parametrize("rest", [b"", b'{"header":{"form', b'{"heade'])
def test_a_run_that_was_killed_before_its_first_line_starts_anew(rest, tmp_path):
    suite(tmp_path)
    (tmp_path / "r.ndjson").write_bytes(rest)
    call(tmp_path, "run", "s.yaml", *asked(fake("echo")), "--resume", "r.ndjson", code=0)
    assert counted(tmp_path / "r.ndjson") == {"pass": 6}


def test_a_complete_run_has_nothing_left_to_resume_and_says_so(tmp_path):
    suite(tmp_path)
    run = ["run", "s.yaml", *asked(fake("echo"), wrong_at(2))]
    call(tmp_path, *run, "--results", "r.ndjson", code=1)
    before = plain(tmp_path / "r.ndjson")
    done = call(tmp_path, *run, "--resume", "r.ndjson", code=1)
    assert "nothing was left to run: r.ndjson has all 6 cases" in done.stderr
    assert plain(tmp_path / "r.ndjson") == before


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        (["--policy", "bitwise"], "policy"),
        (["--shard", "1/2"], "shard"),
        (["-k", "n=1"], "cases_hash"),
    ],
)
def test_another_run_cannot_be_continued(changed, field, tmp_path):
    suite(tmp_path)
    run = ["run", "s.yaml", *asked(fake("echo"))]
    call(tmp_path, *run, "--results", "r.ndjson", code=0)
    before = (tmp_path / "r.ndjson").read_bytes()
    done = call(tmp_path, *run, *changed, "--resume", "r.ndjson", code=2)
    assert f"the run to be continued differs in `{field}`" in done.stderr
    assert (tmp_path / "r.ndjson").read_bytes() == before


def test_a_run_of_others_cannot_be_continued(tmp_path):
    suite(tmp_path)
    call(tmp_path, "run", "s.yaml", *asked(fake("echo")), "--results", "r.ndjson", code=0)
    done = call(tmp_path, "run", "s.yaml", *asked(fake("null")), "--resume", "r.ndjson", code=2)
    assert f"had the implementations {fake('echo')}" in done.stderr


def test_a_changed_case_cannot_be_continued(tmp_path):
    path = suite(tmp_path)
    run = ["run", "s.yaml", *asked(fake("echo"))]
    call(tmp_path, *run, "--results", "r.ndjson", code=0)
    path.write_text(path.read_text().replace("x => x", "x => x.abs()"))
    done = call(tmp_path, *run, "--resume", "r.ndjson", code=2)
    assert "`cases_hash`" in done.stderr


def test_an_implementation_that_is_another_now_cannot_be_continued(tmp_path):
    suite(tmp_path)
    run = ["run", "s.yaml", *asked(fake("changes_identity", 99, tmp_path / "starts"))]
    call(tmp_path, *run, "--results", "r.ndjson", code=0)
    whole = (tmp_path / "r.ndjson").read_bytes().splitlines(keepends=True)
    (tmp_path / "r.ndjson").write_bytes(b"".join(whole[:4]))
    done = call(tmp_path, *run, "--resume", "r.ndjson", code=2)
    assert "is not what it was in the run to be continued" in done.stderr


def test_expectations_that_changed_since_count_for_what_was_settled_before(tmp_path):
    suite(tmp_path)
    run = ["run", "s.yaml", *asked(wrong_at(2))]
    (tmp_path / "expectations.yaml").write_text(
        "- {cases: s/case, implementation: 'cmd:*', verdict: differs, count: 1, because: known}\n"
    )
    call(tmp_path, *run, "--results", "r.ndjson", code=0)
    (tmp_path / "expectations.yaml").unlink()
    done = call(tmp_path, *run, "--resume", "r.ndjson", code=1)
    assert "1 unexpected" in done.stdout


def test_a_run_that_is_interrupted_before_anything_started_leaves_no_process(tmp_path):
    suite(tmp_path)
    run = ["run", "s.yaml", *asked(fake("hangs_at_start")), "--results", "r.ndjson"]
    with started(tmp_path, *run) as process:
        children = []
        while not children:
            children = children_of(process)
        end(process, signal.SIGTERM)
    assert process.returncode in {-signal.SIGTERM, 128 + signal.SIGTERM}
    assert are_gone(children)


@pytest.mark.parametrize("command", [["list", "s.yaml"], ["list", "s.yaml", "--json"],
                                     ["run", "s.yaml"], ["report", "r.ndjson"],
                                     ["report", "r.ndjson", "--format", "junit"]])  # fmt: skip
def test_a_reader_that_leaves_ends_the_output_quietly(command, tmp_path):
    suite(tmp_path, 3000 if command[0] == "list" else 300, stated=False)
    null = asked(fake("null"))
    call(tmp_path, "run", "s.yaml", *null, "--results", "r.ndjson", code=1)
    process = subprocess.Popen(
        [*COMMAND, *without_oracle(*command), *(null if command[0] == "run" else [])], cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        process.stdout.close()
        err = process.stderr.read()
        process.wait(DEADLINE)
    assert [
        line for line in err.splitlines() if not line.startswith(("results: ", "oracle: "))
    ] == []
    assert process.returncode == 128 + signal.SIGPIPE


def test_output_to_a_full_disk_is_one_sentence(tmp_path):
    suite(tmp_path)
    with open("/dev/full", "w") as full:  # noqa: PTH123  a device
        done = subprocess.run(
            [*COMMAND, "list", "s.yaml"], cwd=tmp_path, env=environment(tmp_path), stdout=full,
            stderr=subprocess.PIPE, text=True, check=False, timeout=DEADLINE,
        )  # fmt: skip
    assert done.stderr == "error: No space left on device\n"
    assert done.returncode == 3
