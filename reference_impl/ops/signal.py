"""Operations / Signal, and the window they share."""

from __future__ import annotations

import math
from collections.abc import Callable

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.ops._table import op


@op(method=False)
def cosineWindow(windowLength: int, a: float, b: float) -> Tensor:
    # TensorFlow's window of this form has no public name; as there, one sample is 1.
    if windowLength == 1:
        return tf.ones([1])
    period = windowLength - windowLength % 2
    angles = [2 * math.pi * at / period for at in range(windowLength)]
    return tf.constant([a - b * math.cos(angle) for angle in angles], tf.float32)


@op(method=False, name="signal.hammingWindow")
def hammingWindow(windowLength: int) -> Tensor:
    return tf.signal.hamming_window(windowLength)


@op(method=False, name="signal.hannWindow")
def hannWindow(windowLength: int) -> Tensor:
    return tf.signal.hann_window(windowLength)


@op(method=False, name="signal.frame")
def frame(
    signal: Tensor, frameLength: int, frameStep: int, padEnd: bool = False, padValue: float = 0
) -> Tensor:
    return tf.signal.frame(signal, frameLength, frameStep, bool(padEnd), padValue)


@op(method=False, name="signal.stft")
def stft(
    signal: Tensor,
    frameLength: int,
    frameStep: int,
    fftLength: int | None = None,
    windowFn: Callable[[int], Tensor] | None = None,
) -> Tensor:
    def window(length: Tensor, dtype: tf.DType) -> Tensor:
        return tf.cast((windowFn or tf.signal.hann_window)(int(length)), dtype)

    return tf.signal.stft(signal, frameLength, frameStep, fftLength, window_fn=window)
