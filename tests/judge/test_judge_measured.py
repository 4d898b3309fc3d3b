"""The recorded conventions, measured again on every library, and held against the oracle."""

import msgspec
import numpy as np
import pytest
from kinked import LIBRARIES, balls, of, oracle, results, running

from conformance import bundle
from conformance.judge.contracts import profiles
from conformance.judge.conventions import conventions
from conformance.language import names
from conformance.protocol import Choice
from conformance.suite.load import load
from reference_impl.exact import tape
from reference_impl.exact.execute import answer, execute

PROGRAMS = conventions().programs
KINKS = [program for program in PROGRAMS if program.kind == "kink"]


def told(given):
    """Recorded results as arrays; None where there is no gradient, throws where nothing is."""
    if given == "throws":
        return given
    return [None if one is None else np.asarray(one, np.float32) for one in given]


def gave(answer):
    return "throws" if answer.returned is None else results(answer.returned)


def chosen(held, contract):
    """What the oracle gives with the choices of a contract."""
    found = []
    for exact, ball in zip(results(held.returned), balls(held.acceptance), strict=True):
        own = None if ball is None else ball.choices.get(contract)
        given = exact if own is None else np.frombuffer(own.value, exact.dtype)
        found.append(None if exact is None else given.reshape(exact.shape))
    return found


def same(found, recorded):
    try:
        assert_same(found, recorded, "")
    except AssertionError:
        return False
    return True


def assert_same(found, recorded, what):
    if "throws" in (found, recorded):
        assert found is recorded, what
        return
    assert len(found) == len(recorded), what
    for one, other in zip(found, recorded, strict=True):
        assert (one is None) == (other is None), what
        if one is not None:
            np.testing.assert_array_equal(one, other, what)


@pytest.mark.slow
@pytest.mark.parametrize("library", LIBRARIES)
def test_each_library_gives_at_kinks_what_is_recorded(library):
    with running(library) as ask:
        for program in PROGRAMS:
            assert_same(gave(ask(of(program).request(1))), told(program.given(library)), program.f)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("program", KINKS, ids=lambda program: program.f)
def test_the_recorded_choices_make_the_oracle_give_what_the_library_gives(program, library):
    recorded = told(program.given(library))
    if recorded == "throws":
        pytest.skip(f"{library} has no such gradient")
    held = oracle(of(program))
    assert_same(chosen(held, LIBRARIES[library]), recorded, program.f)


@pytest.mark.parametrize(
    "program", [one for one in PROGRAMS if one.kind != "kink"], ids=lambda program: program.f
)
def test_what_is_no_kink_is_excused_by_no_choice(program):
    held = oracle(of(program)).acceptance
    assert held.kinks == 0
    assert not any(ball.choices for ball in balls(held) if ball is not None)


def test_every_op_with_a_kink_is_recorded_and_every_recorded_kink_is_measured():
    recorded = {kink.op for kink in conventions().kinks}
    assert {op for program in KINKS for op in oracle(of(program)).acceptance.tied} == recorded
    assert not recorded & set(conventions().inner)


@pytest.mark.parametrize("kink", conventions().kinks, ids=lambda kink: f"{kink.op} {kink.at}")
def test_every_recorded_choice_is_seen_in_a_measured_program(kink):
    """With another choice in its place, the oracle no longer gives what was measured."""
    for library, contract in LIBRARIES.items():
        for takes in {"first", "last"} - {kink.choice(library)}:
            whole = profiles()[contract]
            others = tuple(one for one in whole.choices if (one.op, one.at) != (kink.op, kink.at))
            planted = (Choice(kink.op, takes, kink.at), *others)
            wrong = {contract: msgspec.structs.replace(whole, choices=planted)}
            assert any(
                not same(chosen(answer(of(program).request(0), wrong), contract), recorded)
                for program in KINKS
                if (recorded := told(program.given(library))) != "throws"
            ), (library, takes)


@pytest.mark.slow
def test_every_op_that_meets_equal_numbers_in_a_shipped_case_is_recorded():
    recorded = {kink.op for kink in conventions().kinks} | set(conventions().inner)
    met = {}
    for case in load([bundle.cases()], names.load(bundle.names_file())):
        if case.law is None and not isinstance(execute(case.request(0)), str):
            met.update({op: case.id for _, op in tape.current().ties})
    assert {op: case for op, case in met.items() if op not in recorded} == {}
    # An op with a kink of which no case shows anything would be a gap of the suite.
    assert recorded - set(met) <= {"pool", "maxPoolWithArgmax"}
