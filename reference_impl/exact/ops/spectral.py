"""Operations / Spectral: the discrete Fourier transforms, by their definition."""

from __future__ import annotations

import numpy as np

from reference_impl.exact import tape
from reference_impl.exact import tensor as t
from reference_impl.exact.complex import pair, parts, twiddles
from reference_impl.exact.ops._table import op
from reference_impl.exact.tensor import Tensor


@op(name="spectral.fft", method=False)
@op()
def fft(input: Tensor) -> Tensor:
    real, imag = _complex(input, "fft")
    size = input.shape[-1]
    cosine, sine = twiddles(size, size, max(size, 1))
    return pair(_sums(real, cosine, imag, sine), _sums(imag, cosine, real, -sine))


@op(name="spectral.ifft", method=False)
@op()
def ifft(input: Tensor) -> Tensor:
    real, imag = _complex(input, "ifft")
    size = input.shape[-1]
    cosine, sine = twiddles(size, size, max(size, 1))
    return pair(
        _sums(real, cosine, imag, -sine) / max(size, 1),
        _sums(imag, cosine, real, sine) / max(size, 1),
    )


@op(name="spectral.rfft", method=False)
@op()
def rfft(input: Tensor, fftLength: int | None = None) -> Tensor:
    if input.dtype != "float32":
        raise ValueError(f"The dtype for rfft() must be real value but got {input.dtype}")
    if input.rank == 0:
        raise ValueError("rfft() needs a tensor with an axis")
    size = input.shape[-1] if fftLength is None else fftLength
    if size <= 0:
        raise ValueError(f"there is no transform of {size} numbers")
    return transform(input, size)


@op(name="spectral.irfft", method=False)
@op()
def irfft(input: Tensor) -> Tensor:
    real, imag = _complex(input, "irfft")
    half = input.shape[-1]
    size = 2 * (half - 1)
    if size <= 0:
        raise ValueError(f"there is no transform of {size} numbers")
    cosine, sine = twiddles(size, half, size)
    # Every bin but the first and the last stands for two, which are conjugates.
    inner = slice(1, half - 1)
    ends = [0, half - 1]
    twice = _sums(real[..., inner] * 2, cosine[:, inner], imag[..., inner] * 2, -sine[:, inner])
    return (twice + t.total(real[..., None, ends] * cosine[:, ends], -1)) / size


def transform(x: Tensor, size: int) -> Tensor:
    """The first half of the transform of real numbers, cut or padded with zeros to the size."""
    cut = x.data[..., :size]
    missing = [(0, 0)] * (x.rank - 1) + [(0, size - cut.shape[-1])]
    padded = x.of(np.pad(cut, missing, constant_values=tape.current().zero))
    cosine, sine = twiddles(size // 2 + 1, size, size)
    rows = padded[..., None, :]
    return pair(t.copy(t.total(rows * cosine, -1)), t.copy(t.total(rows * -sine, -1)))


def _sums(a: Tensor, p: Tensor, b: Tensor, q: Tensor) -> Tensor:
    """Of each row of p and q the sum of a p + b q, over all of the last axis of a and b."""
    first, second = a[..., None, :] * p, b[..., None, :] * q
    return t.total(first.of(np.concatenate([first.data, second.data], -1)), -1)


def _complex(input: Tensor, name: str) -> tuple[Tensor, Tensor]:
    if not isinstance(input, Tensor) or input.dtype != "complex64":
        found = input.dtype if isinstance(input, Tensor) else type(input).__name__
        raise ValueError(f"The dtype for tf.spectral.{name}() must be complex64 but got {found}.")
    if input.rank == 0:
        raise ValueError(f"{name}() needs a tensor with an axis")
    return parts(input)
