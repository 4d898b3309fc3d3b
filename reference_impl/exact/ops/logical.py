"""Operations / Logical."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reference_impl.exact import tensor as t
from reference_impl.exact.ops._table import method, op, upcast
from reference_impl.exact.tensor import Array, Tensor

_ANY = "string_or_numeric"


@op("x", "y", method=False)
def bitwiseAnd(x: Tensor, y: Tensor) -> Tensor:
    if x.shape != y.shape:
        raise ValueError(
            f"BitwiseAnd: Tensors must have the same shape. x: {list(x.shape)}, y: {list(y.shape)}"
        )
    if (x.dtype, y.dtype) != ("int32", "int32"):
        raise ValueError(
            "BitwiseAnd: Only supports 'int32' values in tensor, found type of"
            f" x: {x.dtype} and type of y: {y.dtype}"
        )
    return x.of(x.data & y.data)


@op(a=_ANY, b=_ANY)
def equal(a: Tensor, b: Tensor) -> Tensor:
    return _compared(a, b, np.equal, lambda order: order == 0)


@op(a=_ANY, b=_ANY)
def greater(a: Tensor, b: Tensor) -> Tensor:
    return _compared(a, b, np.greater, lambda order: order == 1)


@op(a=_ANY, b=_ANY)
def greaterEqual(a: Tensor, b: Tensor) -> Tensor:
    return _compared(a, b, np.greater_equal, lambda order: (order == 0) | (order == 1))


@op(a=_ANY, b=_ANY)
def less(a: Tensor, b: Tensor) -> Tensor:
    return _compared(a, b, np.less, lambda order: order == -1)


@op(a=_ANY, b=_ANY)
def lessEqual(a: Tensor, b: Tensor) -> Tensor:
    return _compared(a, b, np.less_equal, lambda order: order <= 0)


@op(a="bool", b="bool")
def logicalAnd(a: Tensor, b: Tensor) -> Tensor:
    return a.of(a.data & b.data)


@op(x="bool")
def logicalNot(x: Tensor) -> Tensor:
    return x.of(~x.data)


@op(a="bool", b="bool")
def logicalOr(a: Tensor, b: Tensor) -> Tensor:
    return a.of(a.data | b.data)


@op(a="bool", b="bool")
def logicalXor(a: Tensor, b: Tensor) -> Tensor:
    return a.of(a.data ^ b.data)


@op(a=_ANY, b=_ANY)
def notEqual(a: Tensor, b: Tensor) -> Tensor:
    return _compared(a, b, np.not_equal, lambda order: order != 0)


@op("a", "b", condition="bool", method=False)
def where(condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
    a, b = upcast(a, b)
    return a.of(np.where(condition.data, a.data, b.data))


@method("where")
def _where_method(x: Tensor, condition: Tensor, other: Tensor) -> Tensor:
    return where(condition, x, other)


def _compared(
    a: Tensor, b: Tensor, plain: Callable[[Array, Array], Array], decide: Callable[[Array], Array]
) -> Tensor:
    a, b = upcast(a, b)
    if a.dtype != "float32":
        return Tensor("bool", plain(a.data, b.data))
    return Tensor("bool", decide(t.compare(a, b)))
