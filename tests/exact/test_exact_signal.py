"""Windows, frames and short-time transforms of the oracle, by hand and against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from asking import answer, ask

SAMPLES = np.array([1.0, 4, 2, 8, 5, 7, 3, 6])


@pytest.mark.parametrize("size", [1, 4, 6, 7])
def test_a_window_is_periodic_with_the_even_length(size):
    value, _ = answer(f"() => tf.signal.hannWindow({size})", "value")
    angles = 2 * np.pi * np.arange(size) / max(size - size % 2, 1)
    expected = 0.5 - 0.5 * np.cos(angles) if size > 1 else [1]
    np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-15)


def test_a_window_is_exact_where_the_cosine_is_rational():
    value, _ = answer("() => tf.signal.hannWindow(6)", "value")
    assert value.tolist() == [0, 0.25, 0.75, 1, 0.75, 0.25]
    value, _ = answer("() => tf.signal.hammingWindow(4)", "value")
    assert value.tolist() == np.array([0.08, 0.54, 1, 0.54], np.float32).tolist()


def test_frames_overlap_and_their_gradients_add_up():
    value, (gradient,) = answer("x => tf.signal.frame(x, 2, 1, true, 9)", x=[1, 2, 3])
    assert value.tolist() == [[1, 2], [2, 3], [3, 9]]
    assert gradient.tolist() == [1, 2, 2]


def test_frames_before_the_end_are_cut():
    value, _ = answer("x => tf.signal.frame(x, 3, 2)", "value", x=[1, 2, 3, 4])
    assert value.tolist() == [[1, 2, 3]]


def test_stft_transforms_windowed_frames():
    value, _ = answer("x => tf.signal.stft(x, 5, 2)", "value", x=SAMPLES.tolist())
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(5) / 4)
    frames = np.stack([SAMPLES[:5], SAMPLES[2:7]]) * window
    np.testing.assert_allclose(value, np.fft.rfft(frames, 8), rtol=1e-5, atol=1e-14)


def test_random_numbers_are_unsupported_and_no_dropout_is_not():
    assert "random" in ask("x => tf.dropout(x, 0.5)", "value", x=[1])
    value, _ = answer("x => tf.dropout(x, 0)", "value", x=[1, 2])
    assert value.tolist() == [1, 2]
