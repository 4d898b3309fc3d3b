"""Balls to float32: correctly, or not at all."""

from __future__ import annotations

import math
import struct
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.exact.rounding import nearest, rounded
from reference_impl.exact.values import Undecided

LARGEST = Fraction(float(np.finfo(np.float32).max))
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@pytest.fixture(autouse=True)
def precision():
    ctx.prec = 300


def neighbours(value):
    (word,) = struct.unpack("<i", struct.pack("<f", value))
    return [struct.unpack("<f", struct.pack("<i", word + step))[0] for step in (-1, 1)]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_is_rounded_as_numpy_rounds_it(number):
    with np.errstate(over="ignore"):
        wanted = float(np.float32(number))
    assert repr(nearest(arb(number))) == repr(wanted) or number == 0


@given(FLOATS.filter(lambda x: abs(x) < float(LARGEST) and x != 0), st.integers(2, 200))
def test_half_way_goes_to_the_even_one_and_next_to_it_to_the_nearer(value, bits):
    for other in neighbours(value):
        middle = (Fraction(value) + Fraction(other)) / 2
        half = arb(middle.numerator) / arb(middle.denominator)
        even = value if struct.unpack("<i", struct.pack("<f", value))[0] % 2 == 0 else other
        assert nearest(half) == even
        towards = (arb(value) - half) * arb(2) ** -min(bits, 100)
        assert nearest(half + towards) == value
        assert nearest(half - towards) == other


def test_beyond_the_largest_is_infinity_from_half_a_unit_on():
    limit = arb(2) ** 128 - arb(2) ** 103
    assert nearest(limit) == math.inf
    assert nearest(-limit) == -math.inf
    assert nearest(limit - 1) == float(LARGEST)


@given(FLOATS.filter(bool), st.integers(-60, 20))
def test_a_ball_is_rounded_only_where_all_of_it_rounds_to_one(value, exponent):
    ball = arb(value, abs(value) * 2.0**exponent)
    ends = {nearest(ball.lower()), nearest(ball.upper())}
    try:
        found = rounded(ball)
    except Undecided:
        return
    assert ends == {found}


def test_a_ball_around_zero_is_zero_when_nothing_in_it_is_a_float():
    assert rounded(arb(0, 2.0**-160)) == 0
    with pytest.raises(Undecided):
        rounded(arb(0, 2.0**-140))


def test_a_tiny_number_keeps_its_sign():
    assert repr(rounded(arb(-1e-60))) == "-0.0"
    assert repr(rounded(arb(1e-60))) == "0.0"
