"""What an implementation may do, and what is said twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playing import Score, cases, fake, options, play, words


@pytest.mark.parametrize(
    "name",
    [
        "echo",
        "answers_out_of_order",
        "answers_in_single_bytes",
        "writes_blank_lines",
        "floods_stderr",
        "ignores_sigterm",
    ],
)
def test_what_is_legal_costs_nothing(name):
    legal = fake(name)
    score = play(cases(20), legal, limits=options(stop_grace=0.2))
    assert words(score.of(legal)) == {"returned": 20}
    assert all(outcome.attempts == 1 for outcome in score.of(legal).values())
    assert score.faults == []
    assert score.started[legal.address].name == "fake"


@given(count=st.integers(0, 12), window=st.integers(1, 6), ahead=st.integers(1, 6))
@settings(max_examples=15, deadline=None)
def test_every_case_is_answered_once_at_any_size_of_window(count, window, ahead):
    first, second = fake("echo"), fake("echo", 2)
    score = play(cases(count), first, second, limits=options(window=window, ahead=ahead))
    assert words(score.of(first)) == words(score.of(second))
    assert words(score.of(first)).total() == count
    assert set(score.started) == {first.address, second.address}


def test_the_clock_of_a_case_does_not_run_while_it_waits_for_others():
    steady = fake("takes_its_time")
    outcomes = play(cases(12), steady, limits=options(case_timeout=0.8)).of(steady)
    assert words(outcomes) == {"returned": 12}
    assert all(outcome.attempts == 1 for outcome in outcomes.values())


def test_who_supports_nothing_returns_nothing():
    null = fake("null")
    outcomes = play(cases(100), null).of(null)
    assert words(outcomes) == {"unsupported": 100}
    assert outcomes[1].unsupported == "nothing is supported"


def test_large_requests_to_a_slow_reader_do_not_block():
    slow = fake("reads_slowly")
    score = play(cases(20, elements=50_000), slow)
    assert words(score.of(slow)) == {"returned": 20}


def test_a_request_larger_than_the_window_is_sent_alone():
    echo = fake("echo")
    score = play(cases(5, elements=50_000), echo, limits=options(window_bytes=1000))
    assert words(score.of(echo)) == {"returned": 5}


def test_a_second_answer_to_a_settled_case_is_a_fault():
    twofold = fake("answers_twice", 7)
    score = play(cases(100), twofold)
    assert words(score.of(twofold)) == {"returned": 100}
    assert [fault.message for fault in score.faults] == ["answered 'trivial/7' twice"]


def test_a_second_answer_to_a_case_in_hand_is_its_outcome():
    twofold, other = fake("answers_twice", 7), fake("hangs", 6)
    score = play(cases(100), twofold, other, limits=options(case_timeout=0.5))
    outcomes = score.of(twofold)
    assert outcomes[7].crashed == "answered twice"
    assert words(outcomes) == {"returned": 99, "crashed": 1}
    assert words(score.of(other)) == {"returned": 99, "timed_out": 1}
    assert score.faults == []


def test_a_second_answer_to_the_last_case_is_no_secret():
    twofold = fake("answers_twice", 100)
    score = play(cases(100), twofold)
    assert [fault.message for fault in score.faults] == ["answered 'trivial/100' twice"]


def test_an_end_between_two_cases_costs_no_case_and_is_a_fault():
    # The other one holds the plan up, so that there is nothing to ask when the end comes.
    early, other = fake("exits_early", 3), fake("hangs", 2)
    limits = options(case_timeout=0.5, ahead=2, window=1)
    score = play(cases(20), early, other, limits=limits)
    assert words(score.of(early)) == {"returned": 20}
    assert [fault.message for fault in score.faults] == [
        "broke off between cases: ended with exit code 0"
    ]


class Plan(list):
    """A plan that notes how many of its cases are in hand whenever one more is taken."""

    def __init__(self, planned, score):
        super().__init__(planned)
        self.score = score
        self.in_hand = []

    def __iter__(self):
        for taken, planned in enumerate(super().__iter__(), start=1):
            self.in_hand.append(taken - len(self.score.settled))
            yield planned


def test_nobody_runs_far_ahead_of_the_slowest():
    plan = Plan(cases(60), Score())
    fast, slow = fake("echo"), fake("hangs", 30)
    limits = options(case_timeout=0.5, ahead=20)
    score = play(plan, fast, slow, limits=limits, score=plan.score)
    assert max(plan.in_hand) == 20
    assert words(score.of(fast)) == {"returned": 60}
    assert words(score.of(slow)) == {"returned": 59, "timed_out": 1}


# A request and an answer take some 13,500 bytes each, in base64.
@pytest.mark.parametrize("limit", ["ahead_bytes", "window_bytes"])
def test_no_more_bytes_are_in_hand_than_allowed(limit):
    plan = Plan(cases(60, elements=2500), Score())
    slow = fake("hangs", 30)
    limits = options(**{"case_timeout": 0.5, limit: 100_000})
    score = play(plan, slow, limits=limits, score=plan.score)
    assert 4 <= max(plan.in_hand) <= 8
    assert words(score.of(slow)) == {"returned": 59, "timed_out": 1}
