"""Inputs: what a case file writes, as the argument that travels.

A literal travels as it is and is coerced by each implementation as ``tf.tensor`` coerces it.
Generators and bits travel as bits.
"""

from __future__ import annotations

import difflib
import math
import struct
from typing import Any, get_args

from conformance.protocol import Argument
from conformance.suite import generators, numbers
from conformance.suite.generators import GENERATORS, SEEDLESS
from conformance.suite.nodes import Mapping, Node, Scalar, Sequence
from conformance.tensors import DType

FORMS = (*GENERATORS, "values", "bits", "real")
FIELDS = (*FORMS, "imag", "dtype", "shape", "seed")
_DTYPES = get_args(DType)
MAX_ELEMENTS = 1 << 22
MAX_RANK = 6
_INT32 = range(-(1 << 31), 1 << 31)


class Invalid(Exception):  # noqa: N818  the input is invalid
    """What is wrong with an input, where, and how to mend it."""

    def __init__(self, node: Node, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.node = node
        self.message = message
        self.hint = hint


def argument(node: Node) -> Argument:
    """The argument that an input stands for.

    Raises:
        Invalid: the input is ragged, of an unknown form, or cannot be represented.
    """
    if not isinstance(node, Mapping):
        shape_of(node)
        return Argument(literal=literal(node))
    for field, key in node.keys.items():
        if field not in FIELDS:
            close = difflib.get_close_matches(field, FIELDS, 1)
            hint = f"did you mean `{close[0]}`?" if close else f"one of {', '.join(FIELDS)}"
            raise Invalid(key, f"unknown field `{field}` in an input", hint)
    forms = [form for form in FORMS if form in node.entries]
    if len(forms) != 1:
        said = " and ".join(forms) or "none"
        raise Invalid(node, f"an input has one of {', '.join(FORMS)}; this one has {said}")
    match forms[0]:
        case "values":
            return _values(node)
        case "bits":
            return _bits(node)
        case "real":
            return _complex(node)
        case generator:
            return _generated(node, generator)


def literal(node: Node) -> Any:
    """The JSON value of a JavaScript literal; see ``protocol.Argument``.

    Raises:
        Invalid: a scalar is neither number, boolean, null nor quoted string.
    """
    match node:
        case Sequence():
            return [literal(item) for item in node.items]
        case Scalar():
            return _leaf(node)
        case Mapping():
            raise Invalid(node, "a mapping inside a list", "an element is a number or a list")


def _leaf(node: Scalar) -> Any:
    if not node.plain:
        return node.text
    match node.text:
        case "true" | "True":
            return True
        case "false" | "False":
            return False
        case "null" | "~" | "":
            return None
    value = number(node)
    name = numbers.spelling(value)
    if name is not None:
        return {"number": name}
    return int(value) if value.is_integer() and abs(value) <= 2**53 else value


def number(node: Node) -> float:
    """The double that a scalar means.

    Raises:
        Invalid: it is no number, or beyond every double.
    """
    if not isinstance(node, Scalar) or not node.plain:
        raise Invalid(node, "a number is expected here")
    try:
        value = numbers.parse(node.text)
    except OverflowError as error:
        raise Invalid(node, str(error), "write Infinity if that is meant") from None
    if value is None:
        raise Invalid(
            node,
            f"`{node.text}` is no number",
            "numbers are written as in JavaScript (NaN, Infinity, -0.0), strings in quotes",
        )
    return value


def integer(node: Node, low: int, high: int, what: str) -> int:
    """A whole number in [low, high].

    Raises:
        Invalid: it is not.
    """
    value = number(node)
    if not math.isfinite(value) or value != int(value) or not low <= value <= high:
        raise Invalid(node, f"{what} is a whole number from {low} to {high}")
    return int(value)


def shape_of(node: Node) -> tuple[int, ...]:
    """The shape of nested lists.

    Raises:
        Invalid: lists of different lengths, or lists beside numbers.
    """
    match node:
        case Scalar():
            return ()
        case Mapping():
            raise Invalid(node, "a mapping inside a list", "an element is a number or a list")
        case Sequence():
            shapes = [shape_of(item) for item in node.items]
            for item, shape in zip(node.items, shapes, strict=True):
                if shape != shapes[0]:
                    raise Invalid(
                        item,
                        f"ragged: an item of shape {list(shape)} beside one of {list(shapes[0])}",
                        "all lists of one depth have the same length",
                    )
            return (len(shapes), *(shapes[0] if shapes else ()))


def shape(node: Node) -> tuple[int, ...]:
    """A shape: a list of sizes.

    Raises:
        Invalid: it is none, or has more than four million elements.
    """
    if not isinstance(node, Sequence):
        raise Invalid(node, "a shape is a list of sizes", "write [2, 3]; a scalar's shape is []")
    if len(node.items) > MAX_RANK:
        raise Invalid(node, f"{len(node.items)} dimensions; tf.js has at most {MAX_RANK}")
    sizes = tuple(integer(item, 0, MAX_ELEMENTS, "a size") for item in node.items)
    if math.prod(sizes) > MAX_ELEMENTS:
        raise Invalid(node, f"more than {MAX_ELEMENTS} elements")
    return sizes


def _dtype(node: Mapping, default: str | None = None) -> Any:
    given = node.entries.get("dtype")
    if given is None:
        return default
    if not isinstance(given, Scalar) or given.text not in _DTYPES:
        written = given.text if isinstance(given, Scalar) else "this"
        raise Invalid(given, f"`{written}` is no dtype", f"one of {', '.join(_DTYPES)}")
    return given.text


def _refuse(node: Mapping, form: str, *fields: str) -> None:
    for field in fields:
        if field in node.entries:
            raise Invalid(node.keys[field], f"`{field}` does not go with `{form}`")


def _values(node: Mapping) -> Argument:
    _refuse(node, "values", "seed", "imag")
    values = node.entries["values"]
    found = shape_of(values)
    given = shape(node.entries["shape"]) if "shape" in node.entries else None
    dtype = _dtype(node)
    if dtype == "complex64":
        raise Invalid(values, "complex numbers need two lists", "write real: and imag:")
    if given is not None and math.prod(given) != math.prod(found):
        raise Invalid(
            node.entries["shape"],
            f"shape {list(given)} takes {math.prod(given)} values, {math.prod(found)} are given",
        )
    return Argument(literal=literal(values), shape=given, dtype=dtype)


def _flat(node: Node) -> list[Scalar]:
    if isinstance(node, Scalar):
        return [node]
    if isinstance(node, Mapping):
        raise Invalid(node, "a list is expected here")
    return [leaf for item in node.items for leaf in _flat(item)]


def _shaped(node: Mapping, values: Node) -> tuple[int, ...]:
    found = shape_of(values)
    if "shape" not in node.entries:
        return found
    given = shape(node.entries["shape"])
    if math.prod(given) != math.prod(found):
        raise Invalid(
            node.entries["shape"],
            f"shape {list(given)} takes {math.prod(given)} values, {math.prod(found)} are given",
        )
    return given


def _bits(node: Mapping) -> Argument:
    _refuse(node, "bits", "seed", "imag")
    dtype = _dtype(node, "float32")
    if dtype not in {"float32", "int32"}:
        raise Invalid(node.entries["dtype"], "bits are of float32 or int32")
    words = [integer(leaf, 0, 2**32 - 1, "a bit pattern") for leaf in _flat(node.entries["bits"])]
    return Argument(
        dtype=dtype,
        shape=_shaped(node, node.entries["bits"]),
        data=struct.pack(f"<{len(words)}I", *words),
    )


def _complex(node: Mapping) -> Argument:
    _refuse(node, "real", "seed")
    if _dtype(node, "complex64") != "complex64":
        raise Invalid(node.entries["dtype"], "real: and imag: make a complex64")
    if "imag" not in node.entries:
        raise Invalid(node, "real: without imag:")
    real, imag = node.entries["real"], node.entries["imag"]
    if shape_of(real) != shape_of(imag):
        raise Invalid(imag, "real: and imag: have different shapes")
    pairs = zip(_flat(real), _flat(imag), strict=True)
    parts = [number(leaf) for pair in pairs for leaf in pair]
    return Argument(dtype="complex64", shape=_shaped(node, real), data=_rounded(node, parts))


def _rounded(node: Node, values: list[float]) -> bytes:
    try:
        return numbers.float32(values)
    except OverflowError:
        raise Invalid(
            node, "a number beyond every float32", "write Infinity if that is meant"
        ) from None


def _generated(node: Mapping, generator: str) -> Argument:
    _refuse(node, generator, "imag")
    parameters = node.entries[generator]
    if not isinstance(parameters, Sequence) or len(parameters.items) != 2:  # noqa: PLR2004
        raise Invalid(parameters, f"`{generator}` takes a list of two numbers")
    bounds = [number(item) for item in parameters.items]
    if not all(map(math.isfinite, bounds)):
        raise Invalid(parameters, f"`{generator}` takes two finite numbers")
    if wrong := generators.problem(generator, bounds):
        raise Invalid(parameters, wrong)
    if "shape" not in node.entries:
        raise Invalid(node, f"`{generator}` needs a shape", "shape: [2, 3]")
    sizes = shape(node.entries["shape"])
    values = GENERATORS[generator](math.prod(sizes), bounds, _seed(node, generator))
    dtype = _dtype(node, "float32")
    data = _packed(node, generator, dtype, values)
    if generator == "permutation" and not _are_distinct(data, len(values)):
        raise Invalid(parameters, f"as {dtype}, two numbers of this permutation are equal",
                      "take a larger step, or a start nearer to zero")  # fmt: skip
    return Argument(dtype=dtype, shape=sizes, data=data)


def _seed(node: Mapping, generator: str) -> int:
    if generator in SEEDLESS:
        _refuse(node, generator, "seed")
        return 0
    if "seed" not in node.entries:
        raise Invalid(node, f"`{generator}` needs a seed", "seed: 1")
    return integer(node.entries["seed"], 0, 2**53, "a seed")


def _packed(node: Mapping, generator: str, dtype: str, values: list[float]) -> bytes:
    """Generated numbers as the bits of a dtype."""
    parameters = node.entries[generator]
    match dtype:
        case "float32":
            if not all(map(math.isfinite, values)):
                raise Invalid(parameters, f"`{generator}` gives numbers beyond every double here")
            return _rounded(parameters, values)
        case "int32":
            if not all(value.is_integer() and int(value) in _INT32 for value in values):
                raise Invalid(parameters, f"`{generator}` gives numbers that are no int32 here")
            return struct.pack(f"<{len(values)}i", *map(int, values))
        case "bool":
            if not all(value in (0, 1) for value in values):
                raise Invalid(parameters, f"`{generator}` gives numbers that are no bool here",
                              "integers: [0, 2]")  # fmt: skip
            return bytes(map(int, values))
        case _:
            raise Invalid(node.entries["dtype"], f"`{generator}` cannot make {dtype}")


def _are_distinct(data: bytes, count: int) -> bool:
    size = len(data) // count if count else 1
    return len({data[at : at + size] for at in range(0, len(data), size)}) == count
