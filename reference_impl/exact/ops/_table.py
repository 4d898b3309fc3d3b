"""The tables of the ops in exact arithmetic, and what all of them do with arguments and results."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np

from reference_impl.api import literals
from reference_impl.api.namespace import UnsupportedOp
from reference_impl.api.table import Op, Table
from reference_impl.exact import tape
from reference_impl.exact.complex import pair, parts
from reference_impl.exact.pairs import REALS, nodes_of, takes_complex
from reference_impl.exact.tensor import Tensor, compare, floats, floors

F = TypeVar("F", bound=Op)

_INT32_MIN = -(2**31)


def from_array(array: literals.Array) -> Tensor:
    """The tensor of these elements; of dtype float32, int32, bool or object for strings."""
    if array.dtype == np.float32:
        return floats(array)
    return Tensor("string" if array.dtype == object else array.dtype.name, array)


def tensor(values: Any, shape: Any = None, dtype: Any = None) -> Tensor:
    """The tensor that ``tf.tensor(values, shape, dtype)`` creates; see ``literals.array``."""
    return from_array(literals.array(values, shape, dtype))


def convert(value: Any, argument: str, op: str, dtype: str = "numeric") -> Tensor:
    """The tensor that an op sees for an argument; see ``literals.converted``."""
    if isinstance(value, Tensor):
        literals.check_dtype(dtype, value.dtype, argument, op)
        return value
    return from_array(literals.converted(value, argument, op, dtype))


def cast(x: Tensor, dtype: str) -> Tensor:
    """The tensor in another dtype: int32 truncates, bool is whether it is not zero.

    A real that becomes a float32 was one before; an integer is rounded to the nearest. Of a
    complex number it is the real part.
    """
    if x.dtype == "complex64" != dtype:
        x, _ = parts(x)
    if x.dtype == dtype:
        return x.of(x.data)
    if dtype == "complex64":
        return pair(cast(x, "float32"), floats(np.zeros(x.shape)))
    if dtype == "float32":
        return floats(x.data.astype(np.float32))
    if x.dtype != "float32":
        return Tensor(dtype, x.data.astype(bool if dtype == "bool" else np.int32))
    if dtype == "bool":
        # Two decisions, as one that rounding turns is never said to be of equal numbers.
        return Tensor("bool", (compare(x, 0) > 0) | (compare(0, x) > 0))
    down, up = (floors(one).ravel().tolist() for one in (x, -x))
    truncated = [-above if below < 0 else below for above, below in zip(up, down, strict=True)]
    integers = [one if abs(one) < -_INT32_MIN else _INT32_MIN for one in truncated]
    return Tensor("int32", np.array(integers, np.float64).astype(np.int32).reshape(x.shape))


def upcast(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both tensors in the smallest dtype that holds both.

    Raises:
        CoercionError: one is a string tensor and the other is not.
    """
    common = literals.common_dtype(a.dtype, b.dtype)
    return (
        a if a.dtype == common else cast(a, common),
        b if b.dtype == common else cast(b, common),
    )


def real(x: Tensor) -> Tensor:
    """The tensor in float32, as an op takes it that computes integers as reals."""
    return x if x.dtype == "float32" else cast(x, "float32")


TABLE = Table(convert)
OPS = TABLE.ops
METHODS = TABLE.methods


def op(
    *arguments: str, name: str = "", method: bool = True, gradient: bool = True, **dtypes: str
) -> Callable[[F], F]:
    """Register the definition of a tf.js op; see ``reference_impl.api.table.Table.op``.

    ``gradient`` is false for an op of floats that has none in TensorFlow, not even zeros.
    """
    register = TABLE.op(*arguments, name=name, method=method, **dtypes)
    return lambda function: _typed(
        function, register(_stored(function, name or function.__name__, gradient=gradient))
    )


def method(name: str, *, gradient: bool = True) -> Callable[[F], F]:
    """Register the definition of a method of ``Tensor``: the receiver is a tensor already."""
    register = TABLE.method(name)
    return lambda function: _typed(function, register(_stored(function, name, gradient=gradient)))


def _typed(_like: F, function: Any) -> F:
    """The registered function with the type of the definition, so that ops may use ops."""
    typed: F = function
    return typed


def _stored(function: Op, name: str, *, gradient: bool) -> Op:
    """The function; its float results are float32s, and know which tensors they are made of.

    What it pushes on the tape is of this call, in an op that calls it too.
    """
    complex_too = takes_complex(function.__name__)

    @functools.wraps(function)
    def call(*given: Any) -> Any:
        floats_given = tuple(_floats(given))
        if not complex_too and any(found.dtype == "complex64" for found in floats_given):
            raise UnsupportedOp(f"tf.{function.__name__} of complex numbers")
        found_tape = tape.current()
        before = found_tape.enter(name)
        try:
            result = function(*given)
        finally:
            found_tape.belongs(before.call, before.order)
        sources = floats_given if gradient else ()
        for found in _floats(result):
            if any(found is source for source in sources):
                raise AssertionError(f"{function.__name__} returns its argument; return a copy")
            found.sources = sources
            store = tape.current().store
            for node in nodes_of(found.data).ravel().tolist():
                store(node)
        return result

    return call


def _floats(found: Any) -> Iterator[Tensor]:
    match found:
        case Tensor():
            if found.dtype in REALS:
                yield found
        case list() | tuple():
            for part in found:
                yield from _floats(part)
        case dict():
            for part in found.values():
                yield from _floats(part)
        case _:
            pass
