import asyncio
import json
import shlex
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.commands.check import grade
from conformance.grading.checks import CHECKS
from conformance.grading.talk import Limits
from conformance.implementations.address import parse

FAKES = Path(__file__).parents[1] / "fakes"
QUICK = Limits(start=5.0, answer=5.0, end=5.0)
IMPATIENT = Limits(start=0.5, answer=0.5, end=0.5)


def fake(name, *arguments):
    script = FAKES / f"{name}.py"
    assert script.is_file()
    return "cmd:" + shlex.join([sys.executable, "-S", str(script), *map(str, arguments)])


def grades(address, limits=QUICK):
    found = asyncio.run(grade(parse(address), limits, lambda _: None))
    assert [one.id for one in found] == [check.id for check in CHECKS]
    return {one.id: one for one in found}


def results(address, limits=QUICK):
    return {name: one.result for name, one in grades(address, limits).items()}


@pytest.mark.parametrize("address", ["tensorflow", "tfjs:cpu", "tfjs:wasm"])
def test_every_shipped_implementation_passes_every_check(address):
    limits = Limits()
    assert {n: g.remark for n, g in grades(address, limits).items() if g.result != "pass"} == {}


def test_an_implementation_that_supports_nothing_passes_no_check_on_numbers():
    found = results(fake("null"))
    passed = {name for name, result in found.items() if result == "pass"}
    polite = {"start", "stop", "eof", "version", "once", "stdout", "complex64", "minimize"}
    assert passed == polite


def test_a_faithful_echo_passes_the_checks_on_bits_and_fails_those_on_gradients():
    found = results(fake("echo"))
    kept = {"float32", "nan", "int32", "bool", "complex64", "string", "shapes", "large"}
    kept |= {"pipelined", "bytes", "stop", "eof", "once", "stdout"}
    assert {found[name] for name in kept} == {"pass"}
    wrong = {"literals", "gradient", "dy", "wrt", "calls", "unconnected", "threw", "unsupported"}
    wrong |= {"minimize"}
    assert {found[name] for name in wrong} == {"fail"}


@pytest.mark.parametrize(
    ("name", "arguments", "failed"),
    [
        ("answers_another_id", [1], {"float32", "once"}),
        ("answers_twice", [1], {"float32", "once"}),
        ("says_garbage", [1], {"float32", "stdout"}),
        ("says_what", [1, '{"id": @, "returned": {"value": 3}}'], {"float32", "stdout"}),
        ("cuts_a_line", [1], {"float32"}),
        ("exits_with_1", [1], {"float32"}),
        ("segfaults", [1], {"float32"}),
    ],
)  # fmt: skip
def test_a_fault_fails_the_check_that_is_about_it(name, arguments, failed):
    found = results(fake(name, *arguments))
    honest = results(fake("echo"))
    assert {one for one in found if found[one] == "fail" != honest[one]} == failed


@pytest.mark.parametrize("name", ["answers_in_single_bytes", "floods_stderr", "writes_blank_lines"])
def test_what_is_legal_costs_nothing(name):
    found = results(fake(name), Limits())
    assert {found[one] for one in ("float32", "shapes", "stop", "once", "stdout")} == {"pass"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dies_at_start", "no such backend"),
        ("prints_a_banner", "no JSON"),
        ("speaks_version_2", "version 2"),
        ("hangs_at_start", "did not answer"),
    ],
)
def test_what_does_not_start_is_graded_by_that_alone(name, said):
    found = grades(fake(name), QUICK if name != "hangs_at_start" else IMPATIENT)
    assert found["start"].result == "fail"
    assert said in found["start"].remark
    assert found["float32"].result == found["eof"].result == "skipped"
    assert found["stdout"].result == ("fail" if name == "prints_a_banner" else "pass")


def test_a_program_that_is_not_there_is_no_traceback():
    found = grades("cmd:./no-such-runner")
    assert "./no-such-runner" in found["start"].remark


def test_silence_fails_a_check_after_its_time():
    found = grades(fake("hangs", 1), IMPATIENT)
    assert "did not answer within 0.5 seconds" in found["float32"].remark


def test_who_does_not_end_fails_both_checks_on_its_end():
    found = results(fake("ignores_sigterm"), IMPATIENT)
    assert (found["stop"], found["eof"]) == ("fail", "fail")


def test_failures_are_printed_with_hints_and_exit_with_1():
    done = CliRunner().invoke(main, ["check", fake("echo")])
    assert done.exit_code == 1
    assert "fail     gradient" in done.output
    assert "hint: grads has one per name in wrt" in done.output
    assert f"of {len(CHECKS)} checks passed" in done.output


def test_grades_are_for_programs_too():
    done = CliRunner().invoke(main, ["check", fake("dies_at_start"), "--json"])
    found = json.loads(done.output)
    assert (done.exit_code, len(found["checks"])) == (1, len(CHECKS))
    assert found["checks"][0]["result"] == "fail"


def test_a_replay_is_not_graded():
    done = CliRunner().invoke(main, ["check", "replay:x.ndjson"])
    assert done.exit_code == 2
    assert "nothing to be graded" in done.output
