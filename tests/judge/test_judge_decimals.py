"""Agreement with printed decimals, at and around each boundary."""

import struct
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import (
    FLUSHING,
    case,
    decimals,
    floats,
    from_bits,
    op,
    returned,
    says,
    vector,
    verdicts,
)

from conformance.judge.decimals import decide, equals, read
from conformance.suite.case import Exact, Expectation
from conformance.tensors import from_numpy

MAX = float(np.finfo(np.float32).max)
finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


def stated(expected, got, started=None, body=None):
    one = case(body, expect=Expectation(value=expected), call="value", wrt=())
    return verdicts(one, tfjs=returned(got), started=started)["tfjs"]


@pytest.mark.parametrize(
    ("item", "half"),
    [
        ("0.4947368", Fraction(1, 2 * 10**7)),
        ("-0.5", Fraction(1, 20)),
        ("45", 0),
        ("-45", 0),
        ("45.", Fraction(1, 2)),
        (".25", Fraction(1, 200)),
        ("1e-7", Fraction(1, 2 * 10**7)),
        ("1.5E-7", Fraction(1, 2 * 10**8)),
        ("1e21", 0),
        ("1.25e+2", Fraction(1, 2)),
    ],
)
def test_a_decimal_is_meant_to_half_a_unit_in_its_last_place(item, half):
    assert read(item) == (Fraction(item), half, item.startswith("-"))


@pytest.mark.parametrize("item", ["", "x", "0x10", "1_000", "inf", "1e", "--1", "1.2.3", " 1"])
def test_what_is_no_decimal_is_an_error(item):
    with pytest.raises(ValueError, match="no decimal"):
        read(item)


@pytest.mark.parametrize(
    ("item", "got", "decision"),
    [
        ("0.4", 0.4375, "same"),
        ("0.25", 0.2578125, "numeric"),
        ("0.5", 0.546875, "same"),
        ("0.0", 0.03125, "same"),
        ("1.25", 1.2545, "same"),
        ("1.0", 1.0625, "numeric"),
        ("0.125", 0.1255, "same"),
        ("2.5e0", 2.53125, "same"),
        ("45", 45.0, "same"),
        ("45", 45.4, "numeric"),
        ("45", float(np.nextafter(np.float32(45), np.float32(46))), "numeric"),
        ("1e-7", 1.49e-7, "same"),
        ("1e-7", 1.51e-7, "numeric"),
        ("1e-7", -1e-7, "numeric"),
    ],
)
def test_decimals_agree_within_half_a_unit(item, got, decision):
    assert decide(item, float(np.float32(got))) == decision


@pytest.mark.parametrize(
    ("item", "boundary"), [("0.4", 0.4375), ("1.5", 1.5), ("0.75", 0.75), ("0.12", 0.125)]
)
def test_both_ends_of_the_interval_belong_to_it(item, boundary):
    value, half, _ = read(item)
    inside = abs(Fraction(boundary) - value) <= half
    assert (decide(item, boundary) == "same") == inside


def test_exact_half_way_boundaries_belong_to_the_decimal():
    # 0.125 is exactly half a unit from 0.12 and from 0.13, 0.375 from 0.37 and 0.38.
    for boundary, items in (
        (0.125, ("0.12", "0.13")),
        (0.375, ("0.37", "0.38")),
        (2.5, ("2.", "3.")),
    ):
        for item in items:
            assert decide(item, boundary) == "same"
            low, high = (
                float(np.nextafter(np.float32(boundary), np.float32(way))) for way in (-9, 9)
            )
            beyond, within = (high, low) if float(item) < boundary else (low, high)
            assert decide(item, within) == "same"
            assert decide(item, beyond) == "numeric"


@given(finite)
def test_a_float_agrees_with_its_exact_decimal_and_with_its_shortest(number):
    exact = f"{Fraction(number).numerator}" if number.is_integer() else format(number, ".160g")
    assert decide(exact, number) == "same"
    assert decide(str(np.float32(number)), number) == "same"


@given(finite)
def test_a_float_agrees_with_what_tfjs_prints_of_it(number):
    if abs(number) < 1e20:
        assert decide(f"{number:.7f}", number) == "same"


@given(st.integers(1, 0x7F7FFFFE))
def test_half_way_between_two_floats_agrees_with_both_and_with_no_third(bits):
    low, high, third = (
        struct.unpack("<f", struct.pack("<I", bits + step))[0] for step in (0, 1, 2)
    )
    middle = (Fraction(low) + Fraction(high)) / 2
    if bits < 0x00800000 or bits > 0x7F000000:
        return
    item = format_exactly(middle)
    assert decide(item, low) == decide(item, high) == "same"
    if third != float("inf") and read(item)[1] < Fraction(high) - Fraction(low):
        assert decide(item, third) == "numeric"


def format_exactly(value):
    """The finite decimal expansion of a dyadic fraction."""
    places = max(value.denominator.bit_length() - 1, 0)
    digits = str(value.numerator * 5**places).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def test_more_digits_than_a_float_holds_mean_the_nearest_float():
    assert decide("0.1000000000000000055511151231257827", float(np.float32(0.1))) == "same"
    assert decide("16777217", 16777216.0) == decide("16777217", 16777218.0) == "same"
    assert decide("16777217", 16777220.0) == "numeric"


@pytest.mark.parametrize(
    ("item", "got", "decision"),
    [
        ("NaN", "nan", "same"),
        ("NaN", 1, "special"),
        ("NaN", "inf", "special"),
        ("Infinity", "inf", "same"),
        ("Infinity", "-inf", "special"),
        ("-Infinity", "-inf", "same"),
        ("Infinity", MAX, "special"),
        ("1.0", "nan", "special"),
        ("1.0", "inf", "special"),
        ("3.4028235e38", "inf", "same"),
        ("3.4028235e38", "-inf", "special"),
        ("-3.4028235e38", "-inf", "same"),
        ("3.4028235e38", MAX, "same"),
        ("3.5e38", "inf", "same"),
        ("3.4028230e38", "inf", "special"),
    ],
)
def test_special_values_against_decimals(item, got, decision):
    assert decide(item, float(got)) == decision


@pytest.mark.parametrize(
    ("item", "got", "strict", "decision"),
    [
        ("0", 0.0, True, "same"),
        ("0", -0.0, False, "same"),
        ("0", -0.0, True, "special"),
        ("0.0", -0.0, False, "same"),
        ("-0.0", -0.0, False, "same"),
        ("-0.0", 0.0, False, "special"),
        ("-0", 0.0, False, "special"),
    ],
)
def test_zeros_against_decimals(item, got, strict, decision):
    assert decide(item, got, strict_zero=strict) == decision


def test_a_stated_zero_is_strict_for_ops_that_fix_its_sign():
    assert says(stated(decimals("0"), vector(-0.0), body=op("neg", "x"))) == "differs/special"
    assert says(stated(decimals("0"), vector(-0.0))) == "pass"


def test_no_policy_changes_what_a_case_states():
    one = case(expect=Expectation(value=decimals("0")), call="value", wrt=())
    for policy in ("bitwise", "tfjs", "ulp:1e9"):
        assert says(verdicts(one, policy, tfjs=returned(vector(-0.0)))["tfjs"]) == "pass"
        assert says(verdicts(one, policy, tfjs=returned(vector(1e-9)))["tfjs"]) == "differs/numeric"


def test_a_stated_subnormal_accepts_zero_from_who_flushes():
    assert decide("1.25e-40", 0.0) == "numeric"
    assert decide("1.25e-40", -0.0, flushes=True) == "same"
    assert says(stated(decimals("1.25e-40"), vector(0), {"tfjs": FLUSHING})) == "pass"
    assert says(stated(decimals("1.25e-37"), vector(0), {"tfjs": FLUSHING})) == "differs/numeric"


def test_integers_and_truth_values_are_exact():
    assert equals("45", 45) == equals("true", 1) == equals("false", 0) == "same"
    assert equals("45.5", 45) == equals("44", 45) == equals("false", 1) == "numeric"
    assert equals("NaN", 0) == "special"
    truth = from_numpy(np.array([True, False]))
    assert says(stated(decimals("true", "false"), truth)) == "pass"
    assert says(stated(decimals("true", "true"), truth)) == "differs/numeric"
    assert says(stated(decimals("1", "0"), truth)) == "differs/dtype"
    assert says(stated(decimals("true"), vector(1))) == "differs/dtype"
    assert says(stated(decimals("1", "2"), from_numpy(np.array([1, 2], np.int32)))) == "pass"
    assert says(stated(decimals("1"), from_numpy(np.array(["1"], dtype=object)))) == "differs/dtype"


def test_the_shape_is_part_of_what_is_stated():
    assert says(stated(decimals("1", shape=()), floats(1))) == "pass"
    assert says(stated(decimals("1"), floats(1))) == "differs/shape"
    assert says(stated(decimals(shape=(0,)), vector())) == "pass"


def test_exact_bits_accept_nothing_else():
    wanted = from_bits(0x3F800000, 0x80000000)
    assert says(stated(Exact(tensor=wanted), wanted)) == "pass"
    near = from_bits(0x3F800001, 0x80000000)
    assert says(stated(Exact(tensor=wanted), near)) == "differs/numeric"
    unsigned = from_bits(0x3F800000, 0)
    assert says(stated(Exact(tensor=wanted), unsigned)) == "differs/special"
    whole = from_numpy(np.array([1, 0], np.int32))
    assert says(stated(Exact(tensor=wanted), whole)) == "differs/dtype"


def test_two_answers_that_agree_with_the_decimals_may_still_differ():
    expect = Expectation(value=decimals("0.3333333"))
    one = case(expect=expect, call="value", wrt=())
    said = {"tensorflow": returned(from_bits(0x3EAAAAAB)), "tfjs": returned(from_bits(0x3EAAAAAA))}
    assert says(verdicts(one, **said)["tfjs"]) == "pass"
    found = verdicts(one, "bitwise", **said)["tfjs"]
    assert (says(found), found.against) == ("differs/numeric", "tensorflow")
    assert "both agree with the decimals" in found.why
