"""The start of an implementation, and its start again."""

from pathlib import Path

import pytest
from playing import cases, fake, options, play, words

from conformance.implementations.address import Implementation, parse
from conformance.outcomes import Outcome
from conformance.problems import UsageError


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("dies_at_start", "did not start: ended with exit code 1 before answering"),
        ("hangs_at_start", "did not start: did not answer `start` within 0.5 seconds"),
        (
            "prints_a_banner",
            "did not start: wrote a line that is no JSON: 'Hello! I am an implementation.'",
        ),
        (
            "speaks_version_2",
            "did not start: speaks version 2 of the protocol, this harness version 1",
        ),
    ],
)
def test_who_does_not_start_runs_nothing_and_holds_nobody_up(name, reason):
    dead, echo = fake(name), fake("echo")
    patience = 0.5 if name == "hangs_at_start" else 20.0
    score = play(cases(50), dead, echo, limits=options(start_timeout=patience, ahead=10))
    outcomes = score.of(dead)
    assert words(outcomes) == {"not_run": 50}
    assert outcomes[50].not_run == reason
    assert words(score.of(echo)) == {"returned": 50}
    (fault,) = score.faults
    assert (fault.implementation, fault.message) == (dead.address, reason)
    assert fault.hint
    assert list(score.started) == [echo.address]


def test_the_last_words_of_who_does_not_start_are_kept():
    (fault,) = play(cases(1), fake("dies_at_start")).faults
    assert fault.stderr == "no such backend"


def test_a_program_that_is_not_there_is_said_so():
    missing = parse("cmd:./no-such-program --flag")
    score = play(cases(3), missing)
    assert words(score.of(missing)) == {"not_run": 3}
    (fault,) = score.faults
    assert fault.message == "cannot be started: No such file or directory: ./no-such-program"


def test_who_comes_back_as_somebody_else_is_given_up(tmp_path):
    changing = fake("changes_identity", 7, tmp_path / "count")
    score = play(cases(20), changing)
    assert words(score.of(changing)) == {"returned": 6, "not_run": 14}
    (fault,) = score.faults
    assert fault.message == "is fake 2 on none after a restart, and was fake 1 on none"


def test_no_restart_is_allowed_where_none_is_asked_for():
    fatal = fake("exits_with_1", 7)
    score = play(cases(20), fatal, limits=options(restarts=0))
    assert words(score.of(fatal)) == {"returned": 6, "not_run": 14}


def test_an_address_cannot_be_named_twice():
    with pytest.raises(UsageError, match="named twice"):
        play(cases(1), fake("echo"), fake("echo"))


def test_a_run_of_nobody_is_refused():
    with pytest.raises(UsageError, match="no implementation"):
        play(cases(1))


def test_a_replay_gives_the_outcomes_of_its_file_and_no_others():
    old = Implementation("replay:old.ndjson", replay=Path("old.ndjson"))
    echo = fake("echo")

    def replay(implementation, case):
        assert implementation is old
        if case.line == 3:
            return None
        return Outcome(case.id, "tfjs:cpu", unsupported="no op")

    score = play(cases(200), old, echo, replay=replay, limits=options(ahead=50))
    outcomes = score.of(old)
    assert words(outcomes) == {"unsupported": 199, "not_run": 1}
    assert outcomes[3].not_run == "old.ndjson has no outcome of it"
    assert words(score.of(echo)) == {"returned": 200}
