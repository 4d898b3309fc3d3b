"""Operations / Logical."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.coercion import upcast
from reference_impl.ops._table import method, op

_ANY = "string_or_numeric"


@op("x", "y", method=False)
def bitwiseAnd(x: Tensor, y: Tensor) -> Tensor:
    if x.shape != y.shape:
        raise ValueError(
            "BitwiseAnd: Tensors must have the same shape."
            f" x: {x.shape.as_list()}, y: {y.shape.as_list()}"
        )
    if (x.dtype, y.dtype) != (tf.int32, tf.int32):
        raise ValueError(
            "BitwiseAnd: Only supports 'int32' values in tensor, found type of"
            f" x: {x.dtype.name} and type of y: {y.dtype.name}"
        )
    return tf.bitwise.bitwise_and(x, y)


@op(a=_ANY, b=_ANY)
def equal(a: Tensor, b: Tensor) -> Tensor:
    return tf.equal(*upcast(a, b))


@op(a=_ANY, b=_ANY)
def greater(a: Tensor, b: Tensor) -> Tensor:
    return tf.greater(*_ordered(*upcast(a, b)))


@op(a=_ANY, b=_ANY)
def greaterEqual(a: Tensor, b: Tensor) -> Tensor:
    return tf.greater_equal(*_ordered(*upcast(a, b)))


@op(a=_ANY, b=_ANY)
def less(a: Tensor, b: Tensor) -> Tensor:
    return tf.less(*_ordered(*upcast(a, b)))


@op(a=_ANY, b=_ANY)
def lessEqual(a: Tensor, b: Tensor) -> Tensor:
    return tf.less_equal(*_ordered(*upcast(a, b)))


@op(a="bool", b="bool")
def logicalAnd(a: Tensor, b: Tensor) -> Tensor:
    return tf.logical_and(a, b)


@op(x="bool")
def logicalNot(x: Tensor) -> Tensor:
    return tf.logical_not(x)


@op(a="bool", b="bool")
def logicalOr(a: Tensor, b: Tensor) -> Tensor:
    return tf.logical_or(a, b)


@op(a="bool", b="bool")
def logicalXor(a: Tensor, b: Tensor) -> Tensor:
    return tf.math.logical_xor(a, b)


@op(a=_ANY, b=_ANY)
def notEqual(a: Tensor, b: Tensor) -> Tensor:
    return tf.not_equal(*upcast(a, b))


@op("a", "b", condition="bool", method=False)
def where(condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return tf.where(condition, *upcast(a, b))


@method("where")
def _where_method(x: Tensor, condition: Tensor, other: Tensor) -> Tensor:
    return where(condition, x, other)


def _ordered(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """TensorFlow compares booleans for equality only."""
    return (tf.cast(a, tf.int32), tf.cast(b, tf.int32)) if a.dtype == tf.bool else (a, b)
