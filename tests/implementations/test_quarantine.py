"""A case that breaks its process costs that case and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playing import cases, fake, options, play, said, words

QUICK = options(case_timeout=0.5)
PLACES = [1, 7, 64, 65, 100]


def only_one_is_lost(implementation, culprit, count=100, limits=None):
    """The culprit's outcome, after asserting that every other case returned."""
    score = play(cases(count), implementation, limits=limits)
    outcomes = score.of(implementation)
    lost = {number for number, outcome in outcomes.items() if said(outcome) != "returned"}
    assert lost == {culprit}
    assert score.faults == []
    return outcomes[culprit]


@pytest.mark.parametrize("place", PLACES)
def test_a_crash_at_any_place_costs_that_case(place):
    outcome = only_one_is_lost(fake("exits_with_1", place), place)
    assert outcome.crashed == (
        "ended with exit code 1 before answering\nstderr ends with:\ncannot go on"
    )
    assert outcome.attempts == 2


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("kills_itself", "killed by SIGKILL"),
        ("segfaults", "killed by SIGSEGV"),
        ("exits_with_0", "ended with exit code 0 before answering"),
        ("says_garbage", "wrote a line that is no JSON: 'Segmentation fault (core dumped)'"),
        ("answers_another_id", "answered with id 123456, which was not asked"),
        ("ends_no_line", "wrote a line of more than 67108864 bytes"),
        ("closes_stdout", "closed its stdout"),
    ],
)
def test_each_end_has_its_own_reason(name, reason):
    outcome = only_one_is_lost(fake(name, 7), 7)
    assert outcome.crashed == reason
    assert outcome.attempts == 2


@pytest.mark.parametrize("place", [1, 64, 100])
def test_a_hang_costs_that_case_after_one_more_try(place):
    outcome = only_one_is_lost(fake("hangs", place), place, limits=QUICK)
    assert outcome.timed_out == 0.5
    assert outcome.attempts == 2


def test_a_forgotten_case_times_out_although_all_others_are_answered():
    outcome = only_one_is_lost(fake("forgets", 7), 7, limits=QUICK)
    assert outcome.timed_out == 0.5
    assert outcome.attempts == 2


@given(fatal=st.sets(st.integers(1, 40), max_size=4), window=st.integers(1, 12))
@settings(max_examples=8, deadline=None)
def test_whatever_cases_are_fatal_exactly_these_are_lost(fatal, window):
    implementation = fake("crashes_at", ",".join(map(str, fatal)))
    limits = options(restarts=100, silent_restarts=100, window=window)
    score = play(cases(40), implementation, limits=limits)
    outcomes = score.of(implementation)
    assert {number for number, outcome in outcomes.items() if outcome.crashed} == fatal
    assert words(outcomes)["returned"] == 40 - len(fatal)


def test_a_cut_line_at_the_end_is_no_answer():
    outcome = only_one_is_lost(fake("cuts_a_line", 7), 7)
    assert outcome.crashed.startswith('ended with exit code 0 inside a line: \'{"id": 7, ')


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": @}', "exactly one of"),
        ('{"id": @, "unsupported": "x", "returned": {}}', "exactly one of"),
        ('{"id": @, "returned": {}, "mood": "good"}', "unknown field `mood`"),
        ('{"id": "@", "returned": {}}', "Expected `int`"),
        ("[@]", "Expected `object`"),
        ("[" * 5000, "Expected `object`"),
        ('{"id": @, "returned": {"leaked": NaN}}', "no JSON"),
        ('{"id":@,"started":{"name":"","version":"","runtime":"","protocol":1,"reads":"tree"}}',
         "said `started` in answer to a case"),
        ('{"id": @, "returned": {"value": {"dtype": "float32", "shape": [2], "data": "AAAA"}}}',
         "invalid value: 3 bytes of float32 for shape [2], which takes 8"),
        ('{"id": @, "returned": {"grads": [null, {"dtype": "int32", "shape": [-1], "data": ""}]}}',
         "invalid grads[1]: a negative size in shape [-1]"),
        ('{"id": @, "returned": {"variables": [{"dtype": "bool", "shape": [2], "data": "AA=="}]}}',
         "invalid variables[0]: 1 bytes of bool for shape [2], which takes 2"),
        ('{"id": @, "returned": {"value": {"dtype": "float64", "shape": [], "data": ""}}}',
         "Invalid enum value 'float64'"),
        ('{"id": @, "returned": {"value": {"dtype": "bool", "shape": [1], "data": "%"}}}',
         "Invalid base64"),
    ],
)  # fmt: skip
def test_a_malformed_answer_is_told_precisely(line, reason):
    outcome = only_one_is_lost(fake("says_what", 7, line), 7, count=20)
    assert reason in outcome.crashed
    assert outcome.attempts == 2


def test_a_crash_that_does_not_come_again_is_recorded_and_costs_nothing(tmp_path):
    flaky = fake("crashes_once", 7, tmp_path / "memory")
    score = play(cases(100), flaky)
    outcomes = score.of(flaky)
    assert words(outcomes) == {"returned": 100}
    assert outcomes[6].attempts == 1
    assert outcomes[7].attempts == 2
    assert score.faults == []


def test_who_dies_behind_an_innocent_case_is_found():
    fatal = fake("dies_behind_another", 7)
    outcome = only_one_is_lost(fatal, 7)
    assert outcome.crashed == "ended with exit code 1 before answering"
    assert outcome.attempts == 3


def test_who_is_named_by_its_muddled_answer_is_suspected_first():
    outcome = only_one_is_lost(fake("muddles_behind_another", 7), 7)
    assert "exactly one of" in outcome.crashed
    assert outcome.attempts == 2


def test_a_suspect_is_confirmed_alone_even_as_the_last_one_to_be_sent_again():
    implementation = fake("hangs_at", "1,2")
    limits = options(window=2, case_timeout=0.5)
    outcomes = play(cases(20), implementation, limits=limits).of(implementation)
    assert words(outcomes) == {"timed_out": 2, "returned": 18}
    assert [outcomes[number].attempts for number in (1, 2, 3)] == [2, 2, 1]


def test_no_case_is_lost_by_one_crash_alone(tmp_path):
    flaky = fake("crashes_once", 1, tmp_path / "memory")
    outcomes = play(cases(20), flaky, limits=options(window=1)).of(flaky)
    assert words(outcomes) == {"returned": 20}
    assert [outcomes[number].attempts for number in (1, 2)] == [2, 1]


def test_a_limit_on_the_length_of_a_line_holds_for_whole_lines_too():
    wordy = fake("says_what", 7, '{"id": @, "unsupported": "' + "x" * 5000 + '"}')
    outcome = only_one_is_lost(wordy, 7, limits=options(max_line=4000))
    assert outcome.crashed == "wrote a line of more than 4000 bytes"


def test_each_crash_in_a_row_costs_one_case_until_the_implementation_is_given_up():
    fatal = fake("crashes_always")
    score = play(cases(100), fatal, limits=options(silent_restarts=3))
    outcomes = score.of(fatal)
    assert [number for number, outcome in outcomes.items() if outcome.crashed] == [1, 2, 3]
    assert words(outcomes) == {"crashed": 3, "not_run": 97}
    reason = "given up after 3 restarts: ended with exit code 3 before answering"
    assert outcomes[100].not_run == reason
    assert [outcomes[number].attempts for number in (1, 3, 4, 64, 65)] == [2, 2, 1, 1, 0]
    assert [fault.message for fault in score.faults] == [reason]


def test_who_dies_now_and_then_is_restarted_a_bounded_number_of_times():
    mortal = fake("dies_after_5")
    score = play(cases(100), mortal, limits=options(restarts=4))
    assert words(score.of(mortal)) == {"returned": 25, "not_run": 75}
    assert score.faults[-1].message == (
        "given up after 4 restarts: ended with exit code 0 before answering"
    )


def test_enough_restarts_bring_a_mortal_through_without_a_loss():
    mortal = fake("dies_after_5")
    score = play(cases(50), mortal)
    assert words(score.of(mortal)) == {"returned": 50}
