"""Operations / Spectral: the discrete Fourier transforms, by their definition."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from reference_impl.exact import tape
from reference_impl.exact import tensor as t
from reference_impl.exact.complex import pair, parts, twiddles
from reference_impl.exact.ops._table import op
from reference_impl.exact.tensor import Tensor

FAST = "fastTransform"
"""Whose the sums are of a length that a fast transform splits: there the sum of each part is
multiplied by a further twiddle factor, so terms that are exact are rounded all the same."""
_SQUARE = 4
"""The largest transform whose factors are 1, -1, i and -i, but for prime ones."""


@op(name="spectral.fft", method=False)
@op()
def fft(input: Tensor) -> Tensor:
    real, imag = _complex(input, "fft")
    size = input.shape[-1]
    cosine, sine = twiddles(size, size, max(size, 1))
    real, imag = _begun(real, size), _begun(imag, size)
    return pair(_sums(real, cosine, imag, sine, size), _sums(imag, cosine, real, -sine, size))


@op(name="spectral.ifft", method=False)
@op()
def ifft(input: Tensor) -> Tensor:
    real, imag = _complex(input, "ifft")
    size = input.shape[-1]
    cosine, sine = twiddles(size, size, max(size, 1))
    real, imag = _begun(real, size), _begun(imag, size)
    return pair(
        _sums(real, cosine, imag, -sine, size) / max(size, 1),
        _sums(imag, cosine, real, sine, size) / max(size, 1),
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
    real, imag = _begun(real, size), _begun(imag, size)
    # Every bin but the first and the last stands for two, which are conjugates.
    inner = slice(1, half - 1)
    ends = [0, half - 1]
    terms = (
        real[..., None, ends] * cosine[:, ends],
        real[..., None, inner] * 2 * cosine[:, inner],
        imag[..., None, inner] * -2 * sine[:, inner],
    )
    joined = real.of(np.concatenate([term.data for term in terms], -1))
    return _total(joined, size, real, imag) / size


def transform(x: Tensor, size: int) -> Tensor:
    """The first half of the transform of real numbers, cut or padded with zeros to the size."""
    cut = x.data[..., :size]
    missing = [(0, 0)] * (x.rank - 1) + [(0, size - cut.shape[-1])]
    padded = x.of(np.pad(cut, missing, constant_values=tape.current().zero))
    cosine, sine = twiddles(size // 2 + 1, size, size)
    padded = _begun(padded, size)
    rows = padded[..., None, :]
    return pair(_total(rows * cosine, size, padded), _total(rows * -sine, size, padded))


def _sums(a: Tensor, p: Tensor, b: Tensor, q: Tensor, size: int) -> Tensor:
    """Of each row of p and q the sum of a p + b q, over all of the last axis of a and b."""
    first, second = a[..., None, :] * p, b[..., None, :] * q
    return _total(first.of(np.concatenate([first.data, second.data], -1)), size, a, b)


def _begun(x: Tensor, size: int) -> Tensor:
    """What is transformed; as a part of the transform, its gradient is a transform too."""
    return _of_fast(t.copy, x, size)


def _total(terms: Tensor, size: int, *parts: Tensor) -> Tensor:
    """The sums over the last axis, in a transform of this size of these parts."""
    total = _of_fast(lambda x: t.total(x, -1), terms, size)
    # The cosine of a right angle in double precision is not quite zero, but so much of all numbers.
    # In a transform of no more than a square only a sum that cancels shows it.
    doubles = tape.current().doubles
    busy = (doubles(terms.data) != 0).any(-1) | (size > _SQUARE)
    numbers = sum(np.abs(doubles(part.data)).sum(-1, keepdims=True) for part in parts)
    return t.select(busy, t.through(total, numbers * size * 2.0**-24), t.copy(total))


def _of_fast(function: Callable[[Tensor], Tensor], x: Tensor, size: int) -> Tensor:
    """The function of x, as of a fast transform where this size has one."""
    if not _splits(size):
        return function(x)
    found = tape.current()
    before = found.enter(FAST)
    made = function(x)
    found.belongs(before.call, before.order)
    return made


def _splits(size: int) -> bool:
    """Whether a fast transform of this size has twiddle factors beside 1, -1, i and -i."""
    return size > _SQUARE and any(size % factor == 0 for factor in range(2, math.isqrt(size) + 1))


def _complex(input: Tensor, name: str) -> tuple[Tensor, Tensor]:
    if not isinstance(input, Tensor) or input.dtype != "complex64":
        found = input.dtype if isinstance(input, Tensor) else type(input).__name__
        raise ValueError(f"The dtype for tf.spectral.{name}() must be complex64 but got {found}.")
    if input.rank == 0:
        raise ValueError(f"{name}() needs a tensor with an axis")
    return parts(input)
