"""Cases that are known to break a process: sent alone, believed at once, with their own time."""

import time

import msgspec
import pytest
from playing import case, cases, fake, options, play, said

from conformance.suite.case import DAMAGES_MEMORY


def planned(count, dangerous):
    changed = msgspec.structs.replace(case(dangerous), tags=(DAMAGES_MEMORY,))
    return [changed if one.line == dangerous else one for one in cases(count)]


@pytest.mark.parametrize("place", [1, 40, 100])
def test_a_crash_of_a_dangerous_case_is_believed_at_once_and_costs_no_other_a_second_try(place):
    implementation = fake("exits_with_1", place)
    outcomes = play(planned(100, place), implementation).of(implementation)
    assert {number for number, one in outcomes.items() if said(one) != "returned"} == {place}
    assert said(outcomes[place]) == "crashed"
    assert {one.attempts for one in outcomes.values()} == {1}


def test_a_crash_beside_a_dangerous_case_is_not_laid_on_it():
    implementation = fake("exits_with_1", 7)
    outcomes = play(planned(100, 8), implementation).of(implementation)
    assert {number for number, one in outcomes.items() if said(one) != "returned"} == {7}


def test_a_case_with_its_own_time_is_given_no_more():
    slow = msgspec.structs.replace(case(90), timeout=0.3)
    plan = [slow if one.line == slow.line else one for one in cases(100)]
    implementation = fake("hangs", slow.line)
    begin = time.monotonic()
    outcomes = play(plan, implementation, limits=options(case_timeout=60)).of(implementation)
    assert time.monotonic() - begin < 30
    assert outcomes[slow.line].timed_out == 0.3
    assert outcomes[slow.line].attempts == 1
    assert sum(said(one) == "returned" for one in outcomes.values()) == 99


def test_the_time_of_the_run_is_the_most_that_any_case_has():
    slow = msgspec.structs.replace(case(3), timeout=60)
    implementation = fake("hangs", 3)
    plan = [case(1), case(2), slow, case(4)]
    outcomes = play(plan, implementation, limits=options(case_timeout=0.3)).of(implementation)
    assert outcomes[3].timed_out == 0.3
