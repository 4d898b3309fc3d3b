"""Operations / Matrices."""

from __future__ import annotations

import math

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.coercion import upcast
from reference_impl.ops._table import op


@op("t1", "t2")
def dot(t1: Tensor, t2: Tensor) -> Tensor:
    if not {t1.shape.rank, t2.shape.rank} <= {1, 2}:
        raise ValueError(
            "Error in dot: inputs must all be rank 1 or 2, but got ranks"
            f" {t1.shape.rank} and {t2.shape.rank}."
        )
    return tf.tensordot(*upcast(t1, t2), axes=1)


@op(method=False, tensors="numeric[]")
def einsum(equation: str, *tensors: Tensor) -> Tensor:
    # TensorFlow can do what tf.js documents as its limitations.
    if len(tensors) > 2:  # noqa: PLR2004  the documented limit
        raise ValueError("Support for more than 2 input tensors is not implemented yet.")
    if "..." in equation:
        raise ValueError('The ellipsis notation ("...") is not supported yet.')
    if any(len(set(term)) < len(term) for term in equation.split("->", maxsplit=1)[0].split(",")):
        raise ValueError("Support for duplicate axes in input is not implemented yet.")
    return tf.einsum(equation, *tensors)


@op("x")
def euclideanNorm(x: Tensor, axis: int | list[int] | None = None, keepDims: bool = False) -> Tensor:
    return norm(x, "euclidean", axis, keepDims)


@op("a", "b")
def matMul(a: Tensor, b: Tensor, transposeA: bool = False, transposeB: bool = False) -> Tensor:
    return tf.matmul(*upcast(a, b), transpose_a=bool(transposeA), transpose_b=bool(transposeB))


@op("x")
def norm(
    x: Tensor,
    ord: float | str = "euclidean",
    axis: int | list[int] | None = None,
    keepDims: bool = False,
) -> Tensor:
    if isinstance(axis, list) and len(axis) == 1:
        axis = axis[0]
    orders = ("euclidean", "fro", 1) if isinstance(axis, list) else ("euclidean", 1, 2)
    if ord not in {*orders, math.inf, -math.inf}:
        raise ValueError(f"Error in norm: invalid ord value: {ord}")
    if ord != -math.inf:
        return tf.norm(x, ord, axis, bool(keepDims))
    # TensorFlow has no norm of order -Infinity: the smallest row sum, the smallest element.
    if not isinstance(axis, list):
        return tf.reduce_min(tf.abs(x), axis, bool(keepDims))
    rows = tf.reduce_sum(tf.abs(x), axis[1], keepdims=True)
    smallest = tf.reduce_min(rows, axis[0], keepdims=True)
    return smallest if keepDims else tf.squeeze(smallest, axis)


@op("v1", "v2", method=False)
def outerProduct(v1: Tensor, v2: Tensor) -> Tensor:
    if (v1.shape.rank, v2.shape.rank) != (1, 1):
        raise ValueError(
            "Error in outerProduct: inputs must be rank 1, but got ranks"
            f" {v1.shape.rank} and {v2.shape.rank}."
        )
    return tf.tensordot(*upcast(v1, v2), axes=0)


@op("x")
def transpose(x: Tensor, perm: list[int] | None = None, conjugate: bool = False) -> Tensor:
    if perm is not None and any(axis < 0 for axis in perm):
        raise ValueError(
            f"All entries in 'perm' must be between 0 and {x.shape.rank - 1} but got {perm}"
        )
    return tf.transpose(x, perm, conjugate=bool(conjugate))
