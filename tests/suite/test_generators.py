"""Seeded numbers: the same for ever, and what they promise."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from suites import read, suite

from conformance.suite.generators import (
    GENERATORS,
    integers,
    linspace,
    normal,
    permutation,
    uniform,
)

# These bits stand for every number that a case file has ever asked for: they may not change.
GOLDEN = {
    "uniform: [-2, 2], seed: 1": "bfbb349c 3fb1e2d6 3f870d78 bf7acf2f",
    "uniform: [0, 1], seed: 0": "3f582c08 3f42094d 3ed75529 3e8490bc",
    "normal: [0, 1], seed: 1": "be64bcda bd9a782f c02e49a5 3fa8e66b",
    "integers: [-3, 9], seed: 1": "c0000000 40e00000 40c00000 00000000",
    "permutation: [1, 0.5], seed: 1": "40200000 3fc00000 40000000 3f800000",
    "linspace: [0, 1]": "00000000 3eaaaaab 3f2aaaab 3f800000",
}


@pytest.mark.parametrize("form", GOLDEN)
def test_the_bits_of_a_seed_never_change(form, tmp_path):
    (case,) = read(tmp_path, suite(f"name: n\nf: x => x\ninputs: {{x: {{shape: [4], {form}}}}}"))
    words = struct.unpack("<4I", case.args[0].data)
    assert " ".join(f"{word:08x}" for word in words) == GOLDEN[form]


def test_an_int32_and_a_bool_are_of_their_own_bits(tmp_path):
    inputs = "{{x: {{shape: [6], integers: [0, 2], seed: 3, dtype: {}}}}}"
    text = f"name: n\ncall: value\nf: x => x\ninputs: {inputs}"
    (ints,) = read(tmp_path, suite(text.format("int32")))
    (bools,) = read(tmp_path, suite(text.format("bool")))
    assert struct.unpack("<6i", ints.args[0].data) == tuple(bools.args[0].data)


COUNTS = st.integers(0, 200)
SEEDS = st.integers(0, 2**53)
FINITE = st.floats(-1e300, 1e300)


def test_another_seed_gives_other_numbers_and_the_same_seed_the_same():
    for generator in (uniform, normal, permutation):
        assert generator(50, (0, 1), 1) == generator(50, (0, 1), 1)
        assert generator(50, (0, 1), 1) != generator(50, (0, 1), 2)
    assert integers(50, (0, 1000), 1) != integers(50, (0, 1000), 2)


@given(COUNTS, SEEDS, st.sampled_from(sorted(GENERATORS)))
def test_there_are_as_many_numbers_as_asked_for(count, seed, name):
    assert len(GENERATORS[name](count, (1.0, 2.0), seed)) == count


@given(COUNTS, SEEDS, FINITE, FINITE)
def test_uniform_numbers_are_within_their_bounds(count, seed, one, other):
    low, high = sorted((one, other))
    assert all(low <= value <= high for value in uniform(count, (low, high), seed))


@given(COUNTS, SEEDS, FINITE, st.floats(0, 1e300))
def test_normal_numbers_are_within_six_deviations(count, seed, mean, deviation):
    for value in normal(count, (mean, deviation), seed):
        assert abs(value - mean) <= 6 * deviation * (1 + 1e-12) + abs(mean) * 1e-12


@given(COUNTS, SEEDS, st.integers(-(2**53), 2**53 - 1), st.integers(1, 2**31))
def test_integers_are_whole_and_within_their_bounds(count, seed, low, span):
    high = min(low + span, 2**53)
    for value in integers(count, (float(low), float(high)), seed):
        assert value.is_integer()
        assert low <= value < high


@given(st.integers(0, 300), SEEDS, st.integers(-1000, 1000), st.integers(1, 1000))
def test_a_permutation_has_every_step_once(count, seed, start, step):
    values = permutation(count, (float(start), float(step)), seed)
    assert sorted(values) == [start + step * i for i in range(count)]


def test_a_permutation_leaves_the_order_of_the_steps():
    assert permutation(100, (0, 1), 1) != sorted(permutation(100, (0, 1), 1))


@given(st.integers(2, 200), FINITE, FINITE)
def test_a_linspace_begins_and_ends_where_it_says(count, start, stop):
    values = linspace(count, (start, stop), 0)
    assert values[0] == start
    assert values[-1] == stop


def test_one_number_of_a_linspace_is_its_start():
    assert linspace(1, (3.0, 9.0), 0) == [3.0]
