"""Complex numbers and Fourier transforms of the oracle, by hand and against NumPy in double."""

from __future__ import annotations

import numpy as np
import pytest
from asking import answer, ask, bits

Z = bits([3 + 4j, -5 + 12j], np.complex64)
NUMBERS = np.array([3.0, -1, 4, 1, -5, 9, 2, -6, 5])


def test_complex_numbers_come_and_go_as_bits():
    special = np.array([complex(np.inf, np.nan), complex(-0.0, 1e-40)], np.complex64)
    value, _ = answer("z => z.clone()", "value", z=bits(special, np.complex64))
    assert value.dtype == np.complex64
    np.testing.assert_array_equal(value.view(np.float32), special.view(np.float32))


def test_pairs_move_together():
    value, _ = answer("z => tf.concat([z, z]).reshape([2, 2]).transpose()", "value", z=Z)
    assert value.tolist() == [[3 + 4j, 3 + 4j], [-5 + 12j, -5 + 12j]]
    value, _ = answer("z => tf.transpose(z, null, true)", "value", z=Z)
    assert value.tolist() == [3 - 4j, -5 - 12j]


def test_the_gradient_for_a_complex_number_is_the_pair_of_derivatives():
    value, (gradient,) = answer("z => tf.abs(z)", z=Z)
    assert value.tolist() == [5, 13]
    np.testing.assert_allclose(gradient, [0.6 + 0.8j, (-5 + 12j) / 13], rtol=1e-6)
    _, (gradient,) = answer("z => tf.imag(z)", z=Z, dy=[2, 7])
    assert gradient.tolist() == [2j, 7j]


def test_the_magnitude_has_no_slope_at_zero():
    _, (gradient,) = answer("z => tf.abs(z)", z=bits([0j], np.complex64))
    assert gradient.tolist() == [0]


@pytest.mark.parametrize("size", [1, 2, 4, 6, 7, 8])
@pytest.mark.parametrize("name", ["fft", "ifft"])
def test_fourier_transforms_are_those_of_numpy(name, size):
    z = np.resize(NUMBERS, size) + 1j * np.resize(NUMBERS[::-1], size)
    value, _ = answer(f"z => tf.{name}(z)", "value", z=bits(z, np.complex64))
    np.testing.assert_allclose(value, getattr(np.fft, name)(z), rtol=1e-6, atol=1e-14)


@pytest.mark.parametrize("size", [1, 2, 5, 9, 12])
def test_rfft_cuts_and_pads_as_numpy(size):
    value, _ = answer(f"x => tf.rfft(x, {size})", "value", x=NUMBERS.tolist())
    np.testing.assert_allclose(value, np.fft.rfft(NUMBERS, size), rtol=1e-6, atol=1e-14)


def test_irfft_is_that_of_numpy():
    z = np.array([3 + 1j, 2 - 5j, 4 + 1j, 7 + 2j])
    value, _ = answer("z => tf.irfft(z)", "value", z=bits(z, np.complex64))
    np.testing.assert_allclose(value, np.fft.irfft(z), rtol=1e-6)


def test_what_cancels_in_a_transform_is_zero():
    value, _ = answer("x => tf.imag(tf.rfft(x))", "value", x=[1] * 8)
    assert value.tolist() == [0, 0, 0, 0, 0]


def test_the_power_of_a_transform_has_the_gradient_of_parseval():
    source = "z => tf.abs(tf.fft(z)).square().sum()"
    _, (gradient,) = answer(source, z=Z)
    assert gradient.tolist() == [4 * (3 + 4j), 4 * (-5 + 12j)]


@pytest.mark.parametrize(("op", "expected"), [("add", 4 + 2j), ("sub", 2 + 6j), ("mul", 11 - 2j)])
def test_complex_arithmetic(op, expected):
    a, b = bits(3 + 4j, np.complex64), bits(1 - 2j, np.complex64)
    value, _ = answer(f"(a, b) => tf.{op}(a, b)", "value", a=a, b=b)
    assert value == expected


def test_the_gradient_of_a_product_is_that_of_the_conjugate():
    a, b = bits(3 + 4j, np.complex64), bits(1 - 2j, np.complex64)
    _, grads = answer("(a, b) => tf.real(tf.mul(a, b))", a=a, b=b)
    assert [complex(one) for one in grads] == [1 + 2j, 3 - 4j]


def test_the_magnitude_is_infinite_where_a_part_is():
    z = bits(np.array([complex(np.nan, -np.inf), complex(np.nan, 1)], np.complex64), np.complex64)
    value, _ = answer("z => tf.abs(z)", "value", z=z)
    np.testing.assert_array_equal(value, [np.inf, np.nan])


def test_what_is_not_defined_for_complex_numbers_is_unsupported():
    assert "complex" in ask("z => tf.neg(z)", "value", z=Z)
