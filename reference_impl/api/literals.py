"""What tf.js makes of JavaScript values, as NumPy arrays: the rules of ``tf.tensor(...)``.

The rules and the error texts are those of tfjs-core's ``ops/tensor_ops_util.ts``,
``tensor_util_env.ts``, ``util_base.ts`` and ``types.ts``. Unlike tf.js, which stores the elements
of a ragged array under a shape that does not hold them, a ragged array is an error here. Strings
are arrays of Python strings, of dtype object.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference_impl.javascript import (
    UNDEFINED,
    is_nullish,
    list_text,
    number,
    number_text,
    type_name,
)

Array = NDArray[Any]

_KINDS: dict[str, type[np.generic]] = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}
_UPCAST_ORDER = ("bool", "int32", "float32", "complex64")
_PRIMITIVES = (bool, int, float, str)


class CoercionError(ValueError):
    """A value cannot become the tensor that is asked for."""


def array(values: Any, shape: Any = None, dtype: Any = None) -> Array:
    """The elements of the tensor that ``tf.tensor(values, shape, dtype)`` creates.

    Args:
        values: a number, boolean, string, or nested lists of them; null becomes 0, undefined NaN.
        shape: the sizes; by default those of the nesting.
        dtype: float32, int32, bool or string; by default that of the first element.

    Raises:
        CoercionError: with the text of tf.js, or for a ragged list.
    """
    inferred = _shape_of(values)
    name = _dtype_of(values) if is_nullish(dtype) else dtype
    if name == "complex64":
        raise CoercionError(
            "Cannot construct a complex64 tensor directly. Please use tf.complex(real, imag)."
        )
    if not isinstance(values, (*_PRIMITIVES, list, tuple)):
        raise CoercionError(
            "values passed to tensor(values) must be a number/boolean/string or"
            " an array of numbers/booleans/strings, or a TypedArray"
        )
    if not is_nullish(shape):
        _check_shape(shape, inferred)
        inferred = [int(size) for size in shape]
    return _filled(_flat(values), inferred, name)


def converted(value: Any, argument: str, op: str, dtype: str) -> Array:
    """The elements of the tensor that an op of tf.js makes of an argument that is no tensor.

    Args:
        value: what ``array`` takes.
        argument: the argument's name, for the error text.
        op: the op's name, for the error text.
        dtype: what the op requires: a dtype, ``numeric`` or ``string_or_numeric``.

    Raises:
        CoercionError: with the text of tf.js.
    """
    inferred = _dtype_of(value)
    if inferred != "string" and dtype in _KINDS:
        inferred = dtype
    check_dtype(dtype, inferred, argument, op)
    if not isinstance(value, (*_PRIMITIVES, list, tuple)):
        raise CoercionError(
            f"Argument '{argument}' passed to '{op}' must be a Tensor or TensorLike,"
            f" but got '{type_name(value)}'"
        )
    return _filled(_flat(value), _shape_of(value), inferred)


def common_dtype(first: str, second: str) -> str:
    """The smallest dtype that holds both: bool < int32 < float32 < complex64.

    Raises:
        CoercionError: one is string and the other is not.
    """
    if first == second:
        return first
    if "string" in {first, second}:
        raise CoercionError(f"Can not upcast {first} with {second}")
    return max(first, second, key=_UPCAST_ORDER.index)


def check_dtype(wanted: str, given: str, argument: str, op: str) -> None:
    """Assert that an op takes a tensor of this dtype for an argument.

    Raises:
        CoercionError: with the text of tf.js.
    """
    if wanted == "string_or_numeric":
        return
    if (wanted != given) if wanted != "numeric" else (given == "string"):
        raise CoercionError(
            f"Argument '{argument}' passed to '{op}' must be {wanted} tensor,"
            f" but got {given} tensor"
        )


def _dtype_of(values: Any) -> str:
    """The dtype of the first element; whatever tf.js does not know is float32."""
    while isinstance(values, list | tuple):
        values = values[0] if values else UNDEFINED
    match values:
        case bool():
            return "bool"
        case str():
            return "string"
        case _:
            return "float32"


def _shape_of(values: Any) -> list[int]:
    shape = []
    while isinstance(values, list | tuple):
        shape.append(len(values))
        values = values[0] if values else UNDEFINED
    return shape


def _flat(values: Any) -> list[Any]:
    """The elements in row-major order.

    Raises:
        CoercionError: lists of different lengths or depths, or an element that is no primitive.
    """
    level = [values]
    for size in _shape_of(values):
        if not all(isinstance(item, list | tuple) and len(item) == size for item in level):
            raise CoercionError(
                f"the array is ragged: not every part of it has {size} elements as the first has"
            )
        level = [element for item in level for element in item]
    for element in level:
        if isinstance(element, list | tuple):
            raise CoercionError("the array is ragged: some of its parts are nested deeper")
        if not (is_nullish(element) or isinstance(element, _PRIMITIVES)):
            raise CoercionError(
                "an array of numbers, booleans or strings holds"
                f" a value of type {type_name(element)}"
            )
    return level


def _check_shape(shape: list[float], inferred: list[int]) -> None:
    text = list_text(shape)
    if not all(float(size).is_integer() and size >= 0 for size in shape):
        raise CoercionError(
            f"Tensor must have a shape comprised of positive integers but got shape [{text}]."
        )
    wanted, held = (int(np.prod(sizes, dtype=np.float64)) for sizes in (shape, inferred))
    if wanted != held:
        raise CoercionError(
            f"Based on the provided shape, [{text}], the tensor should have {wanted} values"
            f" but has {held}"
        )
    for at, size in enumerate(inferred):
        # Only a last axis may be spread over several axes of the shape.
        flat = at == len(inferred) - 1 and size == np.prod(shape[at:], dtype=np.float64)
        if not flat and (at >= len(shape) or size != shape[at]):
            raise CoercionError(
                f"Error creating a new Tensor. Inferred shape ({list_text(inferred)})"
                f" does not match the provided shape ({text}). "
            )


def _filled(elements: list[Any], shape: list[int], dtype: str) -> Array:
    if dtype == "string":
        if elements and not isinstance(elements[0], str):
            raise CoercionError("a string tensor is made of strings; the first element is none")
        return np.array([_text(element) for element in elements], dtype=object).reshape(shape)
    if dtype not in _KINDS:
        raise CoercionError(f"Unknown data type {dtype}")
    doubles = np.array([number(element) for element in elements], dtype=np.float64)
    return _as_kind(doubles, dtype).reshape(shape)


def _text(element: Any) -> str:
    match element:
        case str():
            return element
        case bool():
            return str(element).lower()
        case int() | float():
            return number_text(float(element))
        case _:
            raise CoercionError("a string tensor cannot hold null or undefined")


def _as_kind(doubles: NDArray[np.float64], dtype: str) -> NDArray[np.generic]:
    """The elements as JavaScript's typed array of the dtype stores them."""
    if dtype == "bool":
        # Math.round(v) !== 0: halves go up, and NaN is not 0.
        rounded: NDArray[np.bool_] = np.floor(doubles + 0.5) != 0
        return rounded
    if dtype == "float32":
        with np.errstate(over="ignore"):
            return doubles.astype(np.float32)
    finite = np.where(np.isfinite(doubles), doubles, 0.0)
    # ToInt32: the integer part modulo 2**32; NumPy's own conversion is undefined beyond the range.
    return np.fmod(np.trunc(finite), 2.0**32).astype(np.int64).astype(np.int32)
