"""The truth table of special values, row by row."""

import itertools
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import FLUSHING, case, from_bits, op, returned, says, values, vector, verdicts

from conformance.judge import special
from conformance.outcomes import Outcome
from conformance.protocol import Returned
from conformance.suite.case import Exact, Expectation
from conformance.tensors import from_numpy

NAN, INF, MAX = float("nan"), float("inf"), float(np.finfo(np.float32).max)
TINY = 2.0**-130
EVERY = [NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, MAX, -MAX, TINY]
any_float32 = st.integers(0, 2**32 - 1).map(
    lambda bits: struct.unpack("<f", struct.pack("<I", bits))[0]
)


def kind(reference, got):
    if np.isnan(reference) and np.isnan(got):
        return "same"
    if not (np.isfinite(reference) and np.isfinite(got)):
        return "same" if reference == got else "special"
    return "same" if reference == got else "numeric"


@pytest.mark.parametrize(("reference", "got"), list(itertools.product(EVERY, EVERY)))
def test_each_pair_of_special_values_has_its_verdict(reference, got):
    expected = {"same": "pass", "special": "differs/special", "numeric": "differs/numeric"}
    found = values(vector(got), vector(reference), "ulp:4")
    assert says(found) == expected[kind(reference, got)]


@pytest.mark.parametrize("policy", ["default", "bitwise", "tfjs", "ulp:1e30", "allclose:1,1e30"])
@pytest.mark.parametrize(
    ("reference", "got"),
    [(NAN, 1), (1, NAN), (INF, MAX), (MAX, INF), (INF, -INF), (NAN, INF), (INF, NAN), (-INF, NAN)],
)
def test_no_policy_excuses_a_special_value(policy, reference, got):
    assert says(values(vector(got), vector(reference), policy)) == "differs/special"


@pytest.mark.parametrize("bits", [0x7FC00000, 0xFFC00000, 0x7F800001, 0xFFFFFFFF, 0x7FABCDEF])
def test_nan_of_any_sign_and_payload_is_nan(bits):
    assert says(values(from_bits(bits), from_bits(0x7FC00000), "bitwise")) == "pass"
    expect = Expectation(value=Exact(tensor=from_bits(0x7FC00000)))
    found = verdicts(case(expect=expect, call="value", wrt=()), tfjs=returned(from_bits(bits)))
    assert says(found["tfjs"]) == "pass"


@pytest.mark.parametrize("name", ["sqrt", "reciprocal", "neg", "round", "sign", "ceil", "floor"])
def test_the_sign_of_zero_counts_for_ops_that_fix_it(name):
    one = case(op(name, "x"), call="value", wrt=())
    found = values(vector(-0.0, 1), vector(0, 1), of=one)
    assert says(found) == "differs/special"
    assert "sign of zero" in found.why


def test_the_sign_of_zero_does_not_count_elsewhere():
    for body in (op("sin", "x"), op("sum", op("neg", "x")), op("relu", op("neg", "x"))):
        assert says(values(vector(-0.0), vector(0), of=case(body, call="value", wrt=()))) == "pass"


def test_the_sign_of_zero_survives_the_moving_of_data():
    one = case(op("reshape", op("neg", "x"), [2]), call="value", wrt=())
    assert says(values(vector(-0.0), vector(0), of=one)) == "differs/special"


def test_the_sign_of_a_zero_gradient_does_not_count():
    found = verdicts(
        case(op("neg", "x")),
        tensorflow=returned(vector(1, 1), vector(0, 0)),
        tfjs=returned(vector(1, 1), vector(-0.0, 0)),
    )
    assert says(found["tfjs"]) == "pass"


def test_bitwise_tells_the_zeros_apart():
    assert says(values(vector(-0.0), vector(0), "bitwise")) == "differs/special"


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_who_flushes_may_show_zero_for_a_subnormal(zero):
    flushing = {"tfjs": FLUSHING}
    assert says(values(vector(zero), vector(TINY), "ulp:1", started=flushing)) == "pass"
    assert says(values(vector(zero), vector(TINY), "ulp:1")) == "differs/numeric"
    other = {"tensorflow": FLUSHING}
    assert says(values(vector(TINY), vector(zero), "ulp:1", started=other)) == "pass"
    assert says(values(vector(zero), vector(TINY), "ulp:1", started=other)) == "differs/numeric"


def test_flushing_excuses_no_normal_number():
    flushing = {"tfjs": FLUSHING}
    found = values(vector(0), vector(2.0**-126), "ulp:1", started=flushing)
    assert says(found) == "differs/numeric"
    other = {"tensorflow": FLUSHING}
    found = values(vector(2.0**-126), vector(0), "ulp:1", started=other)
    assert says(found) == "differs/numeric"


def test_who_flushes_operands_may_show_the_results_for_zero_operands():
    one = case(op("reciprocal", "x"), x=vector(TINY, 1), call="value", wrt=())
    started = {"tfjs": FLUSHING}
    flushed = {
        "tensorflow": [
            Outcome(case=one.id, implementation="tensorflow", returned=Returned(value=result))
            for result in (vector(INF, 1), vector(-INF, 1))
        ]
    }
    wanted = vector(1e38, 1)
    for got, verdict in [
        (vector(INF, 1), "pass"),
        (vector(-INF, 1), "pass"),
        (vector(NAN, 1), "differs/special"),
        (vector(INF, 2), "differs/numeric"),
    ]:
        found = values(got, wanted, of=one, started=started, flushed=flushed)
        assert says(found) == verdict
    assert says(values(vector(INF, 1), wanted, of=one, flushed=flushed)) == "differs/special"


def test_special_values_of_complex_numbers_are_those_of_their_parts():
    def number(real, imaginary):
        return from_numpy(np.array([complex(real, imaginary)], np.complex64))

    assert says(values(number(1, NAN), number(1, NAN))) == "pass"
    assert says(values(number(1, INF), number(1, MAX))) == "differs/special"
    found = values(number(1, 2), number(1, 3), "ulp:4")
    assert says(found) == "differs/numeric"
    assert found.worst.expected == "1.0 + 3.0i"
    assert (found.worst.differing, found.worst.of) == (1, 1)


@given(st.lists(st.tuples(any_float32, any_float32), min_size=1, max_size=20), st.booleans())
def test_the_vectorised_table_is_the_scalar_one(pairs, strict):
    got = np.array([pair[0] for pair in pairs], np.float32)
    reference = np.array([pair[1] for pair in pairs], np.float32)
    same, odd = special.decide(got, reference, strict_zero=strict)
    for i in range(len(pairs)):
        expected = kind(reference[i], got[i])
        if (
            strict
            and got[i] == reference[i] == 0
            and np.signbit(got[i]) != np.signbit(reference[i])
        ):
            expected = "special"
        assert (bool(same[i]), bool(odd[i])) == (expected == "same", expected == "special")


@given(any_float32, any_float32, st.booleans(), st.booleans(), st.booleans())
def test_sameness_of_two_floats_is_symmetric(one, other, strict, mine, theirs):
    a, b = np.array([one], np.float32), np.array([other], np.float32)
    there = special.decide(a, b, strict_zero=strict, got_flushes=mine, reference_flushes=theirs)
    back = special.decide(b, a, strict_zero=strict, got_flushes=theirs, reference_flushes=mine)
    assert [mask[0] for mask in there] == [mask[0] for mask in back]
