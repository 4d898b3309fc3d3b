"""Operations / Spectral: each as ``tf.name``, ``tf.spectral.name`` and a method."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.ops._table import op


@op(name="spectral.fft", method=False)
@op()
def fft(input: Tensor) -> Tensor:
    return tf.signal.fft(_complex(input, "fft"))


@op(name="spectral.ifft", method=False)
@op()
def ifft(input: Tensor) -> Tensor:
    return tf.signal.ifft(_complex(input, "ifft"))


@op(name="spectral.rfft", method=False)
@op()
def rfft(input: Tensor, fftLength: int | None = None) -> Tensor:
    if input.dtype != tf.float32:
        raise ValueError(f"The dtype for rfft() must be real value but got {input.dtype.name}")
    if fftLength is None:
        return tf.signal.rfft(input)
    # Cut here, because the gradient of TensorFlow's own cut has the length that is left.
    return tf.signal.rfft(input[..., :fftLength] if fftLength > 0 else input, [fftLength])


@op(name="spectral.irfft", method=False)
@op()
def irfft(input: Tensor) -> Tensor:
    return tf.signal.irfft(input)


def _complex(input: Tensor, name: str) -> Tensor:
    if input.dtype != tf.complex64:
        raise ValueError(
            f"The dtype for tf.spectral.{name}() must be complex64 but got {input.dtype.name}."
        )
    return input
