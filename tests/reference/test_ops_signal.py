"""Windows, frames, Fourier transforms and factorisations against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.ops import METHODS, OPS


@pytest.mark.parametrize(
    ("name", "a", "b"), [("hannWindow", 0.5, 0.5), ("hammingWindow", 0.54, 0.46)]
)
@pytest.mark.parametrize("length", [1, 2, 3, 8, 9])
def test_windows_are_cosine_windows(name, a, b, length):
    window = OPS[f"signal.{name}"](length).numpy()
    np.testing.assert_allclose(window, OPS["cosineWindow"](length, a, b).numpy(), atol=1e-6)


@given(size=st.integers(1, 9), length=st.integers(1, 5), step=st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_padded_frames_start_at_every_step(size, length, step):
    signal = np.arange(1, size + 1, dtype=np.float32)
    frames = OPS["signal.frame"](tf.constant(signal), length, step, True, -1).numpy()
    padded = np.concatenate([signal, np.full(length, -1, np.float32)])
    starts = range(0, size, step)
    np.testing.assert_array_equal(frames, [padded[at : at + length] for at in starts])


def test_stft_takes_a_window_of_its_own():
    signal = tf.constant([1.0, 4, 2, 8])
    spectrum = OPS["signal.stft"](signal, 4, 4, 4, lambda length: tf.ones([length]))
    np.testing.assert_allclose(spectrum.numpy(), [np.fft.rfft([1, 4, 2, 8])], atol=1e-5)


@pytest.mark.parametrize("length", [2, 3, 4, 6])
def test_rfft_is_that_of_numpy_and_so_is_its_gradient(length):
    x = tf.constant([1.0, 7, 3, 12])
    with tf.GradientTape() as tape:
        tape.watch(x)
        spectrum = OPS["rfft"](x, length)
        value = tf.math.real(spectrum)
    np.testing.assert_allclose(spectrum.numpy(), np.fft.rfft(x.numpy(), length), atol=1e-5)
    matrix = np.real([np.fft.rfft(row, length) for row in np.eye(4)])
    np.testing.assert_allclose(tape.gradient(value, x).numpy(), matrix.sum(1), atol=1e-5)


def test_every_transform_has_three_names():
    for name in ("fft", "ifft", "rfft", "irfft"):
        assert OPS[f"spectral.{name}"] is not None
        assert METHODS[name] is OPS[name]


def test_real_numbers_have_no_fft_and_integers_no_rfft():
    with pytest.raises(ValueError, match="must be complex64 but got float32"):
        OPS["fft"](tf.constant([1.0]))
    with pytest.raises(ValueError, match="must be real value but got int32"):
        OPS["rfft"](tf.constant([1]))
