"""Operations / Matrices."""

from __future__ import annotations

import math

import numpy as np

from reference_impl.exact import tape
from reference_impl.exact import tensor as t
from reference_impl.exact.complex import pair, parts
from reference_impl.exact.ops import reduction
from reference_impl.exact.ops._table import cast, op, real, upcast
from reference_impl.exact.ops.basic_math import abs as absolute
from reference_impl.exact.tensor import Axis, Tensor

_LEAST_SQUARE, _LARGEST_SQUARE = 2.0**-40, 2.0**40
"""Between these the squares have all their digits in float32, and many of them can be added."""


@op("t1", "t2")
def dot(t1: Tensor, t2: Tensor) -> Tensor:
    if not {t1.rank, t2.rank} <= {1, 2}:
        raise ValueError(
            f"Error in dot: inputs must all be rank 1 or 2, but got ranks {t1.rank} and {t2.rank}."
        )
    a, b = upcast(t1, t2)
    product = _product(a if a.rank > 1 else a[None, :], b if b.rank > 1 else b[:, None])
    return product.reshape([*t1.shape[:-1], *t2.shape[1:]])


@op(method=False, tensors="numeric[]")
def einsum(equation: str, *tensors: Tensor) -> Tensor:
    if len(tensors) > 2:  # noqa: PLR2004  the documented limit
        raise ValueError("Support for more than 2 input tensors is not implemented yet.")
    if "..." in equation:
        raise ValueError('The ellipsis notation ("...") is not supported yet.')
    terms, arrow, output = equation.replace(" ", "").partition("->")
    names = terms.split(",")
    if not arrow:
        output = "".join(sorted(name for name in set(terms) - {","} if terms.count(name) == 1))
    if any(len(set(term)) < len(term) for term in names):
        raise ValueError("Support for duplicate axes in input is not implemented yet.")
    if len(names) != len(tensors):
        raise ValueError(f"the equation {equation} does not fit {len(tensors)} tensors")
    if set(output) - set(terms):
        raise ValueError(f"the output of {equation} has an axis that no input has")
    order = [*output, *sorted(set(terms) - {","} - set(output))]
    product = None
    for term, tensor in zip(names, tensors, strict=True):
        # Every operand gets all axes, in one order; size 1 for those that it does not have.
        axes = [term.index(name) for name in order if name in term]
        sizes = [tensor.shape[term.index(name)] if name in term else 1 for name in order]
        operand = real(tensor).transpose(axes).reshape(sizes)
        product = operand if product is None else product * operand
    if product is None:
        raise ValueError("einsum needs a tensor")
    return t.copy(t.total(product, list(range(len(output), len(order)))))


@op("x")
def euclideanNorm(x: Tensor, axis: Axis = None, keepDims: bool = False) -> Tensor:
    return norm(x, "euclidean", axis, keepDims)


@op("a", "b")
def matMul(a: Tensor, b: Tensor, transposeA: bool = False, transposeB: bool = False) -> Tensor:
    a, b = upcast(a, b)
    return _product(
        a.of(a.data.swapaxes(-1, -2)) if transposeA else a,
        b.of(b.data.swapaxes(-1, -2)) if transposeB else b,
    )


@op("x")
def norm(
    x: Tensor, ord: float | str = "euclidean", axis: Axis = None, keepDims: bool = False
) -> Tensor:
    if isinstance(axis, list) and len(axis) == 1:
        axis = axis[0]
    orders = ("euclidean", "fro", 1) if isinstance(axis, list) else ("euclidean", 1, 2)
    if ord not in {*orders, math.inf, -math.inf}:
        raise ValueError(f"Error in norm: invalid ord value: {ord}")
    if x.dtype != "float32":
        if ord in {"euclidean", "fro", 2}:
            raise ValueError(f"the {ord} norm of integers is no integer")
        return cast(norm(real(x), ord, axis, keepDims), "int32")
    keep = bool(keepDims)
    if ord in {"euclidean", "fro", 2}:
        return _root_of_squares(x, axis, keep=keep)
    size = absolute(x)
    if isinstance(axis, list):
        # The sums of the rows (or columns, for order 1), and the greatest or least of them.
        summed, left = (axis[1], axis[0]) if ord != 1 else (axis[0], axis[1])
        sums = t.total(size, summed, keep=True)
        found = t.largest(sums, left, keep=True, least=ord == -math.inf)
        return found if keep else found.of(np.squeeze(found.data, tuple(axis)))
    if ord == 1:
        return t.copy(t.total(size, axis, keep=keep))
    return (reduction.min if ord == -math.inf else reduction.max)(size, axis, keep)


@op("v1", "v2", method=False)
def outerProduct(v1: Tensor, v2: Tensor) -> Tensor:
    if (v1.rank, v2.rank) != (1, 1):
        raise ValueError(
            f"Error in outerProduct: inputs must be rank 1, but got ranks {v1.rank} and {v2.rank}."
        )
    a, b = upcast(v1, v2)
    return _product(a[:, None], b[None, :])


@op("x")
def transpose(x: Tensor, perm: list[int] | None = None, conjugate: bool = False) -> Tensor:
    if perm is not None and sorted(perm) != list(range(x.rank)):
        raise ValueError(f"All entries in 'perm' must be between 0 and {x.rank - 1} but got {perm}")
    if conjugate and x.dtype == "complex64":
        real, imag = parts(x)
        x = pair(real, -imag)
    return x.transpose(perm)


def _root_of_squares(x: Tensor, axis: Axis, *, keep: bool) -> Tensor:
    """The square roots of the sums of squares, none of which is beyond float32 on the way."""
    known = tape.current().values
    sizes = [abs(float(known[node])) for node in x.data.ravel().tolist()]
    extremes = [size for size in sizes if 0 < size < math.inf]
    if not extremes or (_LEAST_SQUARE < max(extremes) < _LARGEST_SQUARE):
        return t.sqrt(t.total(x * x, axis, keep=keep))
    # A power of two: what is scaled keeps its digits.
    scale = 2.0 ** -math.frexp(max(extremes))[1]
    scaled = x * scale
    return t.sqrt(t.total(scaled * scaled, axis, keep=keep)) * (1 / scale)


def _product(a: Tensor, b: Tensor) -> Tensor:
    if min(a.rank, b.rank) < 2 or a.shape[-1] != b.shape[-2]:  # noqa: PLR2004  matrices
        raise ValueError(f"matrices of shapes {a.shape} and {b.shape} cannot be multiplied")
    if a.dtype == "float32":
        return t.products(a, b)
    return a.of(np.matmul(a.data, b.data))
