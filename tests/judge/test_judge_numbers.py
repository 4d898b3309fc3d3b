"""Distances, policies and budgets."""

import struct
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import case, floats, from_bits, op, returned, says, values, vector, verdicts

from conformance.judge import ulp
from conformance.judge.policy import PolicyError, parse
from conformance.tensors import from_numpy

finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


def exact_ulp(number):
    if abs(number) < 2.0**-126:
        return Fraction(2) ** -149
    (bits,) = struct.unpack("<I", struct.pack("<f", abs(number)))
    return Fraction(2) ** ((bits >> 23) - 127 - 23)


@given(st.lists(st.tuples(finite, finite), min_size=1, max_size=20))
def test_distances_are_exact_and_the_vectorised_is_the_scalar(pairs):
    got = np.array([pair[0] for pair in pairs], np.float32)
    reference = np.array([pair[1] for pair in pairs], np.float32)
    apart, unit = ulp.distance(got, reference)
    for i, (a, r) in enumerate(pairs):
        assert Fraction(float(unit[i])) == exact_ulp(r)
        exact = abs(Fraction(a) - Fraction(r))
        units = sorted((exact_ulp(a), exact_ulp(r)))
        error = 0 if units[1] / units[0] <= 2**28 else exact / 2**53
        assert abs(Fraction(float(apart[i])) - exact) <= error


def test_neighbours_are_one_ulp_apart():
    for number in (1.0, 1.5, 2.0**-126, 2.0**-149, 3e38, 0.0):
        got = np.nextafter(np.array([number], np.float32), np.float32(np.inf))
        apart, unit = ulp.distance(got, np.array([number], np.float32))
        assert apart[0] == unit[0]


@given(finite, st.integers(0, 40), st.integers(0, 40))
def test_a_larger_budget_never_fails_what_a_smaller_one_passes(number, small, more):
    reference = np.array([number], np.float32)
    got = reference
    for _ in range(small):
        got = np.nextafter(got, np.float32(0))
    tight = values(from_numpy(got), from_numpy(reference), f"ulp:{small}")
    wide = values(from_numpy(got), from_numpy(reference), f"ulp:{small + more}")
    assert not (says(tight) == "pass" and says(wide) != "pass")
    assert says(wide) == "pass"


@given(st.floats(1, 2, width=32, exclude_max=True), st.integers(0, 20), st.integers(0, 20))
def test_a_larger_distance_never_passes_where_a_smaller_one_fails(number, near, further):
    (bits,) = struct.unpack("<I", struct.pack("<f", number))
    reference = from_bits(bits)
    one = values(from_bits(bits + near), reference, "ulp:8")
    other = values(from_bits(bits + near + further), reference, "ulp:8")
    assert not (says(one) != "pass" and says(other) == "pass")


@given(st.lists(st.tuples(finite, finite), min_size=1, max_size=12), st.randoms())
def test_the_order_of_elements_does_not_matter(pairs, random):
    shuffled = list(pairs)
    random.shuffle(shuffled)
    one, other = (
        values(vector(*[a for a, _ in both]), vector(*[r for _, r in both]), "ulp:3")
        for both in (pairs, shuffled)
    )
    assert says(one) == says(other)
    assert one.used == other.used
    if one.worst is not None:
        assert (one.worst.differing, one.worst.ulp) == (other.worst.differing, other.worst.ulp)


def test_every_element_is_looked_at():
    reference = np.ones(10_000, np.float32)
    for place in (0, 4_999, 9_999):
        got = reference.copy()
        got[place] = 1.01
        found = values(from_numpy(got), from_numpy(reference))
        assert says(found) == "differs/numeric"
        assert found.worst.index == (place,)
        assert (found.worst.differing, found.worst.of) == (1, 10_000)


@pytest.mark.parametrize("number", [1e-38, 1e-9, 5e-4, 1.0, 123.0, 1e30])
@pytest.mark.parametrize("policy", ["default", "bitwise", "ulp:4", "allclose:1e-3,0"])
@pytest.mark.parametrize("name", ["add", "sin", "matMul", "softmax", "pow"])
def test_an_error_of_one_percent_is_caught(number, policy, name):
    one = case(op(name, "x", "x"))
    exact, off = vector(number, 1), vector(number * 1.01, 1)
    for got in (returned(off, exact), returned(exact, off)):
        found = verdicts(one, policy, tensorflow=returned(exact, exact), tfjs=got)
        assert says(found["tfjs"]) == "differs/numeric"


def test_the_worst_element_is_shown_with_decimals_bits_and_distance():
    found = values(floats(1, 2, 0.3, 4, shape=(2, 2)), floats(1, 2, 0.30000004, 5, shape=(2, 2)))
    worst = found.worst
    assert (worst.place, worst.index, worst.expected, worst.got) == ("value", (1, 1), "5.0", "4.0")
    assert (worst.expected_bits, worst.got_bits) == ("0x40a00000", "0x40800000")
    assert (worst.differing, worst.of, worst.budget) == (1, 4, 8)
    assert worst.ulp == 2**21
    assert found.why == "value differs at [1, 1]: expected 5.0, got 4.0 (2.097e+06 ulp, 8 allowed)"


def test_a_special_value_is_worse_than_any_distance():
    found = values(vector(1, float("nan"), 9), vector(5, 2, 9))
    assert says(found) == "differs/special"
    assert found.worst.index == (1,)
    assert found.worst.differing == 2


def test_a_pass_says_how_much_of_the_budget_it_took():
    assert values(from_bits(0x3F800002), vector(1), "ulp:4").used == 0.5
    assert values(vector(1), vector(1), "bitwise").used == 0
    assert values(vector(1.0005), vector(1), "tfjs").used == pytest.approx(0.5, rel=1e-3)


def test_default_allows_what_the_ops_allow_on_both_sides():
    one = case(op("sin", "x"), x=vector(1))
    found = verdicts(
        one,
        tensorflow=returned(vector(1), vector(1)),
        tfjs=returned(from_bits(0x3F800008), vector(1)),
    )
    assert says(found["tfjs"]) == "pass"
    found = verdicts(
        one,
        tensorflow=returned(vector(1), vector(1)),
        tfjs=returned(from_bits(0x3F800009), vector(1)),
    )
    assert says(found["tfjs"]) == "differs/numeric"


@pytest.mark.parametrize(("ulps", "verdict"), [(26, "pass"), (27, "differs/numeric")])
def test_default_allows_gradients_the_forward_and_the_backward_budget(ulps, verdict):
    found = verdicts(
        case(op("sin", "x"), x=vector(1)),
        tensorflow=returned(vector(1), vector(1)),
        tfjs=returned(vector(1), from_bits(0x3F800000 + ulps)),
    )
    assert says(found["tfjs"]) == verdict


def test_an_op_without_a_contract_is_an_error_that_names_it():
    with pytest.raises(PolicyError, match="'lgamma'") as caught:
        values(vector(1.0001), vector(1), of=case(op("lgamma", "x"), call="value", wrt=()))
    assert caught.value.hint
    one = case(op("lgamma", "x"), call="value", wrt=())
    assert says(values(vector(1.0001), vector(1), "ulp:1", of=one)) == "differs/numeric"


@pytest.mark.parametrize(
    "text", ["default", "bitwise", "tfjs", "ulp:4", "ulp:0.5", "allclose:0.1,0"]
)
def test_a_policy_is_read_and_keeps_its_name(text):
    assert parse(text).name == text


@pytest.mark.parametrize(
    "text",
    ["", "exact", "ulp:", "ulp:x", "ulp:-1", "ulp:nan", "ulp:inf", "allclose:1", "tfjs:1",
     "allclose:1,2,3", "default:1", "Bitwise"],
)  # fmt: skip
def test_anything_else_is_an_error_with_a_hint(text):
    with pytest.raises(PolicyError) as caught:
        parse(text)
    assert "\n" not in str(caught.value)
    assert "ulp:N" in caught.value.hint


def test_reading_a_policy_does_not_load_numpy():
    code = "import sys, conformance.judge.verdict; print('numpy' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
