"""Tensors / Creation, without what makes a tensor of given values."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.exact import tensor as t
from reference_impl.exact.complex import pair, parts
from reference_impl.exact.ops._table import cast, from_array, method, op
from reference_impl.exact.ops._table import real as as_real
from reference_impl.exact.ops._table import tensor as create
from reference_impl.exact.tensor import Tensor


@op(x="string_or_numeric")
def clone(x: Tensor) -> Tensor:
    return x.of(x.data)


@op("real", "imag", method=False)
def complex(real: Tensor, imag: Tensor) -> Tensor:
    if real.shape != imag.shape:
        raise ValueError(
            f"real and imag shapes, {list(real.shape)} and {list(imag.shape)},"
            " must match in call to tf.complex()."
        )
    return pair(as_real(real), as_real(imag))


@op("x", method=False)
def diag(x: Tensor) -> Tensor:
    made = zeros([x.size, x.size], x.dtype).data.copy()
    np.fill_diagonal(made, x.data.ravel())
    return x.of(made.reshape(x.shape * 2))


@op(method=False)
def eye(
    numRows: int,
    numColumns: int | None = None,
    batchShape: list[int] | None = None,
    dtype: str = "float32",
) -> Tensor:
    if batchShape is not None and len(batchShape) not in {1, 2, 3}:
        raise ValueError(
            f"eye() currently supports only 1D and 2D batchShapes, but received {len(batchShape)}D."
        )
    one = np.eye(numRows, numColumns)
    return _of_dtype(np.broadcast_to(one, [*(batchShape or []), *one.shape]), dtype)


@op(method=False)
def fill(shape: list[int], value: Any, dtype: str | None = None) -> Tensor:
    one = create(value, [], dtype)
    return one.of(np.broadcast_to(one.data, shape))


@op("input", method=False)
def imag(input: Tensor) -> Tensor:
    return t.copy(_parts(input)[1])


@op(method=False)
def linspace(start: float, stop: float, num: int) -> Tensor:
    if num <= 0:
        raise ValueError("The number of values should be positive.")
    first, last = t.floats(np.float32(start)), t.floats(np.float32(stop))
    if num == 1:
        return first.reshape([1])
    # By the start and so many steps, as TensorFlow does it, which ends exactly at the stop.
    step = (last - first) / (num - 1)
    return first.of(np.append((first + step * np.arange(num - 1)).data, last.data))


@op(indices="int32", method=False)
def oneHot(
    indices: Tensor, depth: int, onValue: float = 1, offValue: float = 0, dtype: str = "int32"
) -> Tensor:
    if depth < 2:  # noqa: PLR2004  tf.js's own limit; TensorFlow takes 1 and 0
        raise ValueError(f"Error in oneHot: depth must be >=2, but it is {depth}")
    hot = indices.data[..., None] == np.arange(depth)
    return _of_dtype(np.where(hot, onValue, offValue), dtype)


@method("oneHot")
def _one_hot_method(x: Tensor, depth: int, onValue: float = 1, offValue: float = 0) -> Tensor:
    return oneHot(x, depth, onValue, offValue)


@op(method=False)
def ones(shape: list[int], dtype: str = "float32") -> Tensor:
    return _of_dtype(np.ones(shape), dtype)


@op("x", gradient=False)
def onesLike(x: Tensor) -> Tensor:
    return ones(list(x.shape), x.dtype)


@op(method=False)
def range(start: float, stop: float, step: float = 1, dtype: str = "float32") -> Tensor:
    if step == 0:
        raise ValueError("Cannot have a step of zero")
    # The step is documented to be 1 or -1 by default, and an interval to hold no number outside
    # of it.
    if step == 1 and stop < start:
        step = -1
    count = max(0, int(np.ceil((stop - start) / step)))
    first, width = (np.float32(one) for one in (start, step))
    if dtype != "float32":
        return _of_dtype(np.asarray(start + np.arange(count) * step), dtype)
    return t.floats(first) + t.floats(width) * np.arange(count)


@op("input", method=False)
def real(input: Tensor) -> Tensor:
    return t.copy(_parts(input)[0])


@op(method=False)
def zeros(shape: list[int], dtype: str = "float32") -> Tensor:
    return _of_dtype(np.zeros(shape), dtype)


@op("x", gradient=False)
def zerosLike(x: Tensor) -> Tensor:
    return zeros(list(x.shape), x.dtype)


def _parts(input: Tensor) -> tuple[Tensor, Tensor]:
    if input.dtype == "float32":
        return input, t.floats(np.zeros(input.shape))
    if input.dtype != "complex64":
        raise ValueError(f"a {input.dtype} tensor has no real and imaginary parts")
    return parts(input)


def _of_dtype(array: t.Array, dtype: str) -> Tensor:
    return cast(from_array(np.asarray(array, np.float32)), dtype)
