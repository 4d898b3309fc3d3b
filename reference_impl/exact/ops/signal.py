"""Operations / Signal, and the window they share."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from reference_impl.exact import tensor as t
from reference_impl.exact.complex import cosines
from reference_impl.exact.ops._table import cast, convert, from_array, op
from reference_impl.exact.ops.spectral import transform
from reference_impl.exact.tensor import Tensor

_HAMMING = 0.54, 0.46
"""The doubles that tf.js's documentation writes; their difference is the double 0.08."""


@op(method=False)
def cosineWindow(windowLength: int, a: float, b: float) -> Tensor:
    return _window(windowLength, a, b)


@op(method=False, name="signal.hammingWindow")
def hammingWindow(windowLength: int) -> Tensor:
    return _window(windowLength, *_HAMMING)


@op(method=False, name="signal.hannWindow")
def hannWindow(windowLength: int) -> Tensor:
    return _window(windowLength, 0.5, 0.5)


@op(method=False, name="signal.frame")
def frame(
    signal: Any, frameLength: int, frameStep: int, padEnd: bool = False, padValue: float = 0
) -> Tensor:
    return _frames(signal, frameLength, frameStep, padValue if padEnd else None)


@op(method=False, name="signal.stft")
def stft(
    signal: Any,
    frameLength: int,
    frameStep: int,
    fftLength: int | None = None,
    windowFn: Callable[[int], Tensor] | None = None,
) -> Tensor:
    frames = _frames(signal, frameLength, frameStep, None)
    window = _window(frameLength, 0.5, 0.5) if windowFn is None else windowFn(frameLength)
    # By default the smallest power of two that holds a frame.
    size = 1 << (frameLength - 1).bit_length() if fftLength is None else fftLength
    return transform(frames * window, size)


def _window(length: int, a: float, b: float) -> Tensor:
    """The periodic window a - b cos; the period of an odd length is one less, as in tf.js."""
    if length == 1:
        return t.floats(np.ones(1))
    period = max(length - length % 2, 1)
    turns = np.array([Fraction(at, period) for at in range(length)], object)
    # In float32 the angle is rounded three times, and its cosine to 4 units in the last place;
    # where it is 1 or -1 it is flat, and exact.
    angles = 2 * np.pi * np.arange(length) / period
    steep = np.array([(2 * turn).denominator > 1 for turn in turns])
    sizes = 8 * np.cos(angles), 6 * angles * np.sin(angles)
    cosine = cosines(turns)
    rounded = t.through(t.through(cosine, sizes[0]), sizes[1])
    return a - b * t.select(steep, rounded, cosine)


def _frames(signal: Any, length: int, step: int, pad: float | None) -> Tensor:
    x = convert(signal, "signal", "frame")
    if x.rank == 0 or length < 0 or step <= 0:
        raise ValueError(f"a tensor of rank {x.rank} has no frames of {length} by {step}")
    size = x.shape[-1]
    if pad is None:
        count = max(0, 1 + (size - length) // step)
        padded = x.data
    else:
        count = -(-size // step)
        one = cast(from_array(np.array(pad, np.float32)), x.dtype)
        beyond = np.broadcast_to(one.data, [*x.shape[:-1], max(0, (count - 1) * step + length)])
        padded = np.concatenate([x.data, beyond], -1)
    places = np.arange(count)[:, None] * step + np.arange(length)
    return x.of(padded[..., places])
