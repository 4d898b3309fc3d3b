"""Operations / Arithmetic."""

from __future__ import annotations

import functools
import math

import numpy as np

from reference_impl.exact import complex as c
from reference_impl.exact import tensor as t
from reference_impl.exact.ops._table import cast, op, upcast
from reference_impl.exact.tensor import Tensor

_LARGEST_PIECE = 2.0**127
_UNORDERED = 2
"""What ``compare`` says of NaN."""


@op("a", "b")
def add(a: Tensor, b: Tensor) -> Tensor:
    a, b = _numbers(a, b)
    if a.dtype == "complex64":
        return c.add(a, b)
    return a + b if a.dtype == "float32" else a.of(a.data + b.data)


@op(method=False, tensors="numeric[]")
def addN(tensors: list[Tensor]) -> Tensor:
    if any(one.shape != tensors[0].shape for one in tensors):
        raise ValueError("All tensors passed to tf.addN() must have the same shape")
    if any(one.dtype != tensors[0].dtype for one in tensors):
        raise ValueError("All tensors passed to tf.addN() must have the same dtype")
    if tensors[0].dtype == "float32":
        return t.total(tensors[0].of(np.stack([one.data for one in tensors], -1)), -1)
    return functools.reduce(add, tensors)


@op("a", "b")
def sub(a: Tensor, b: Tensor) -> Tensor:
    a, b = _numbers(a, b)
    if a.dtype == "complex64":
        return c.sub(a, b)
    return a - b if a.dtype == "float32" else a.of(a.data - b.data)


@op("a", "b")
def mul(a: Tensor, b: Tensor) -> Tensor:
    a, b = _numbers(a, b)
    if a.dtype == "complex64":
        return c.mul(a, b)
    return a * b if a.dtype == "float32" else a.of(a.data * b.data)


@op("a", "b")
def div(a: Tensor, b: Tensor) -> Tensor:
    a, b = _numbers(a, b)
    return a / b if a.dtype == "float32" else a.of(_whole(a.data, b.data))


@op("a", "b")
def divNoNan(a: Tensor, b: Tensor) -> Tensor:
    a, b = _numbers(a, b)
    if a.dtype != "float32":
        by_zero = b.data == 0
        return a.of(np.where(by_zero, 0, _whole(a.data, np.where(by_zero, 1, b.data))))
    by_zero = t.compare(b, 0) == 0
    return t.select(by_zero, 0, a / t.select(by_zero, 1, b))


@op("a", "b", gradient=False)
def floorDiv(a: Tensor, b: Tensor) -> Tensor:
    a, b = _numbers(a, b)
    return t.floats(t.floors(a / b)) if a.dtype == "float32" else a.of(_whole(a.data, b.data))


@op("a", "b")
def maximum(a: Tensor, b: Tensor) -> Tensor:
    a, b = _no_bool(*upcast(a, b))
    # At a tie TensorFlow gives all to a.
    return t.maximum(a, b) if a.dtype == "float32" else a.of(np.maximum(a.data, b.data))


@op("a", "b")
def minimum(a: Tensor, b: Tensor) -> Tensor:
    a, b = _no_bool(*upcast(a, b))
    return t.minimum(a, b) if a.dtype == "float32" else a.of(np.minimum(a.data, b.data))


@op("a", "b")
def mod(a: Tensor, b: Tensor) -> Tensor:
    a, b = _numbers(a, b)
    if a.dtype != "float32":
        _whole(a.data, b.data)
        return a.of(np.mod(a.data, b.data))
    # What is left of a number after an infinity of its sign is the number; of the other sign, the
    # infinity.
    finite = t.compare(b - b, 0) == 0
    *most, last = _pieces(t.floors(a / b))
    remainder = a
    for piece in most:
        remainder = remainder + -(b * piece)
    remainder = remainder - b * last
    alike = t.compare(a, 0) * t.compare(b, 0) >= 0
    endless = ~finite & (t.compare(b, 0) != _UNORDERED) & (t.compare(a - a, 0) == 0)
    return t.select(endless, t.select(alike, t.copy(a), t.copy(b)), remainder)


@op("base", "exp")
def pow(base: Tensor, exp: Tensor) -> Tensor:
    base, exp = _numbers(base, exp)
    if base.dtype == "float32":
        return base**exp
    if (exp.data < 0).any():
        raise ValueError("Integers to negative integer powers are not allowed")
    return base.of(np.power(base.data, exp.data))


@op("a", "b")
def squaredDifference(a: Tensor, b: Tensor) -> Tensor:
    difference = sub(a, b)
    return mul(difference, difference)


def _pieces(whole: t.Array) -> list[Tensor]:
    """Float32s that add up to these integers of any size, each one smaller than that before it."""
    pieces = []
    while True:
        piece = np.array([_nearest(one) for one in whole.ravel()]).reshape(whole.shape)
        pieces.append(t.floats(piece))
        rest = [
            one - int(own) if math.isfinite(own) else 0
            for one, own in zip(whole.ravel(), piece.ravel(), strict=True)
        ]
        if not any(rest):
            return pieces
        whole = np.array(rest, object).reshape(whole.shape)


def _nearest(whole: float) -> float:
    """A float32 near to an integer; the specials and what is far beyond float32 as they are."""
    if abs(whole) < _LARGEST_PIECE:
        return float(np.float32(whole))
    is_near = abs(whole) < 8 * _LARGEST_PIECE
    return math.copysign(_LARGEST_PIECE, whole) if is_near else whole


def _numbers(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both in their common dtype; booleans are not computed with, as in TensorFlow."""
    a, b = upcast(a, b)
    if a.dtype == "bool":
        raise ValueError("booleans are no numbers")
    return a, b


def _no_bool(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    return (cast(a, "int32"), cast(b, "int32")) if a.dtype == "bool" else (a, b)


def _whole(a: t.Array, b: t.Array) -> t.Array:
    """The quotient of integers, rounded down."""
    if (b == 0).any():
        raise ValueError("Integer division by zero")
    quotient: t.Array = a // b
    return quotient
