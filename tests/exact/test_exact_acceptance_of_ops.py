"""Balls of ops that libraries do not compute by their definition: wide enough, and not wider."""

import math
import warnings

import msgspec
import numpy as np
import pytest
from asking import bits, request
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.judge.contracts import profiles
from reference_impl.exact.execute import answer

CONTRACT = "ieee"
U = 2.0**-24
FLOAT = np.float32


def accepted(source, call="valueAndGrads", **given):
    found = answer(request(source, call, **given), {CONTRACT: profiles()[CONTRACT]})
    assert found.acceptance is not None, found
    return found


def read(tensor, ball):
    """The exact numbers and the radii, in double precision."""
    rest, radius = (np.frombuffer(part, "<f4") for part in (ball.rest, ball.radius[CONTRACT]))
    value = tensor.numpy().astype(float)
    return value + rest.reshape(value.shape), radius.reshape(value.shape)


def value_of(source, **given):
    found = accepted(source, "value", wrt=(), **given)
    return read(found.returned.value, found.acceptance.value)


def gradient_of(source, **given):
    found = accepted(source, **given)
    return read(found.returned.grads[0], found.acceptance.grads[0])


def within(got, ball):
    exact, radius = ball
    return bool((np.abs(np.asarray(got, float) - exact) <= radius).all())


@pytest.mark.parametrize("length", [2, 3, 7, 8, 33, 100])
def test_a_window_may_be_computed_in_float32(length):
    period = length - length % 2
    angles = FLOAT(2 * math.pi) * np.arange(length, dtype=FLOAT) / FLOAT(period)
    window = FLOAT(0.5) - FLOAT(0.5) * np.cos(angles, dtype=FLOAT)
    ball = value_of(f"() => tf.signal.hannWindow({length})")
    assert within(window, ball)
    assert ball[1].max() <= 32 * U
    # The cosine of nothing is 1.
    assert ball[1][0] == 0


def fast(x):
    """A transform by factors, every step of which is rounded to float32."""
    size = len(x)
    factor = next((one for one in range(2, size) if size % one == 0), size)
    if factor == size:
        turns = np.exp(-2j * np.pi * np.outer(np.arange(size), np.arange(size)) / size)
        total = np.zeros(size, np.complex64)
        for at in range(size):
            total = total + turns[:, at].astype(np.complex64) * x[at]
        return total
    parts = [fast(x[at::factor]) for at in range(factor)]
    total = np.zeros(size, np.complex64)
    for at, part in enumerate(parts):
        turns = np.exp(-2j * np.pi * at * np.arange(size) / size).astype(np.complex64)
        total = total + turns * np.tile(part, factor)
    return total


@settings(deadline=None, max_examples=20)
@given(st.sampled_from([6, 8, 9, 12, 16]), st.integers(0, 2**32 - 1))
def test_a_transform_may_go_by_factors(size, seed):
    x = np.random.default_rng(seed).uniform(-1, 1, size).astype(FLOAT)
    found = fast(x)
    for part in ("real", "imag"):
        assert within(
            getattr(found, part)[: size // 2 + 1], value_of(f"x => tf.{part}(tf.rfft(x))", x=x)
        )
    ball = value_of("x => tf.real(tf.rfft(x))", x=x)
    assert ball[1].max() <= size * U * np.abs(x).sum()


def test_whole_numbers_are_rounded_where_a_transform_has_factors():
    numbers = {"x": [1, 5, 2, 4, 6, 3], "dy": [1, 2, 3, 4]}
    assert gradient_of("x => tf.real(tf.rfft(x))", **numbers)[1].min() > 0
    numbers = {"x": [1, 5, 2, 4], "dy": [1, 2, 3]}
    assert gradient_of("x => tf.real(tf.rfft(x))", **numbers)[1].max() == 0


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("places", ["0, 1, 0, -1, 0, 2, 0, 0", "2, 0, 0, 0, 2, 0, 0, 0"])
def test_coordinates_that_are_float32s_are_exact(places, interpolation):
    source = f"x => tf.image.transform(x, [[{places}]], '{interpolation}')"
    found = accepted(source, "value", wrt=(), x=np.arange(12, dtype=FLOAT).reshape(1, 3, 4, 1))
    assert found.acceptance.straddled == 0
    assert read(found.returned.value, found.acceptance.value)[1].max() == 0


def test_the_length_of_a_ragged_range_of_whole_numbers_is_certain():
    source = "x => tf.raggedRange(x, [10, 7], [2, 1]).rtNestedSplits"
    found = accepted(source, "value", wrt=(), x=np.array([0, 5], np.int32))
    assert found.acceptance.straddled == 0


def test_linspace_ends_where_it_is_told_to():
    exact, radius = value_of("() => tf.linspace(0.1, 0.7, 4)")
    assert (exact[-1], radius[-1]) == (FLOAT(0.7), 0)
    assert 0 < radius[1] < 1e-7


def test_the_diagonal_of_r_is_computed_as_the_rest_of_it():
    exact, radius = value_of("x => tf.linalg.qr(x)[1]", x=[[1, 2], [3, 5], [-2, 4]])
    assert radius[0, 0] > 2 * np.spacing(FLOAT(abs(exact[0, 0])))
    assert radius[1, 0] == 0


def test_a_gradient_of_q_that_is_zero_is_so_but_for_rounding():
    # Of a square of two Q depends on the first column alone.
    exact, radius = gradient_of(
        "x => tf.linalg.qr(x)[0]", x=[[1, 2], [3, 5]], dy=[[1, -10], [2, 20]]
    )
    assert exact[:, 1].tolist() == [0, 0]
    assert radius[:, 1].min() > 0
    assert radius[:, 1].max() < 1e-3


def test_a_singular_matrix_has_no_promise():
    _, radius = gradient_of("x => tf.linalg.qr(x)[1]", x=[[1, 2], [0, 0]], dy=[[1, 1], [1, 1]])
    assert (radius > 1e30).all()


def test_a_subnormal_number_may_be_flushed_before_it_is_a_boolean():
    asked = request("x => x.cast('bool')", "value", wrt=(), x=[1e-40, 1])
    for name, widths in (("tensorflow", [1, 0]), ("cpu", [0, 0])):
        found = answer(asked, {name: profiles()[name]})
        assert found.returned.value.numpy().tolist() == [True, True]
        ball = found.acceptance.value
        radius = [0, 0] if ball is None else np.frombuffer(ball.radius[name], "<f4").tolist()
        assert radius == widths


def test_special_values_are_computed_without_warnings():
    signalling = np.array([0x7F800001, 0x7F800000, 0xFF800000], np.uint32).view(FLOAT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        argument = msgspec.structs.replace(bits(np.zeros(3)), data=signalling.tobytes())
        for op in ("round()", "cast('int32')", "cast('bool')", "floor()"):
            accepted(f"x => x.{op}", "value", wrt=(), x=argument)
