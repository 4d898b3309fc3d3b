"""What an implementation is asked: functions, tensors, and the requests made of them."""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Sequence
from typing import Any

from conformance.language import parser, tree
from conformance.language.names import shipped
from conformance.protocol import Argument, Call, Function, Optimizer, Run
from conformance.tensors import DType, Tensor, from_strings

UNKNOWN_OP = "noSuchOp"

FLOATS = (
    0x0000_0000, 0x8000_0000,  # zeros
    0x0000_0001, 0x8000_0001, 0x007F_FFFF,  # subnormals
    0x0080_0000, 0x3F80_0001, 0x7F7F_FFFF, 0xFF7F_FFFF,  # the smallest normal … the largest
    0x7F80_0000, 0xFF80_0000,  # infinities
)  # fmt: skip
NANS = (0x7FC0_0000, 0xFFC0_0000, 0x7F80_0001, 0x7FED_CBA9)
INTEGERS = (0, 1, -1, 2**31 - 1, -(2**31))
STRINGS = ("", "a", "é ü 漢 🙂", 'quotes " and \\ and \n', "\x00")


def floats(*words: int, shape: tuple[int, ...] | None = None) -> Tensor:
    """The float32 tensor of these bits."""
    sizes = (len(words),) if shape is None else shape
    return Tensor("float32", sizes, struct.pack(f"<{len(words)}I", *words))


def numbers(*values: float, shape: tuple[int, ...] | None = None) -> Tensor:
    """The float32 tensor of these numbers."""
    sizes = (len(values),) if shape is None else shape
    return Tensor("float32", sizes, struct.pack(f"<{len(values)}f", *values))


def integers(*values: int) -> Tensor:
    """The int32 tensor of these numbers."""
    return Tensor("int32", (len(values),), struct.pack(f"<{len(values)}i", *values))


def truths(*values: bool) -> Tensor:
    """The bool tensor of these."""
    return Tensor("bool", (len(values),), bytes(values))


# JavaScript values, the shape and dtype given with them, and what tf.tensor makes of them.
LITERALS: tuple[tuple[Any, tuple[int, ...] | None, DType | None, Tensor], ...] = (
    ([1, None, 2], None, None, numbers(1, 0, 2)),
    ([0.1, {"number": "-0"}, {"number": "Infinity"}], None, None, numbers(0.1, -0.0, math.inf)),
    ([[1, 2], [3, 4]], None, None, numbers(1, 2, 3, 4, shape=(2, 2))),
    (7, None, None, numbers(7, shape=())),
    ([1, 2, 3, 4], (2, 2), None, numbers(1, 2, 3, 4, shape=(2, 2))),
    ([], None, None, numbers()),
    ([True, False], None, None, truths(True, False)),
    ([0, 3, {"number": "NaN"}], None, "bool", truths(False, True, True)),
    ([3e9, -1.5, 1.5], None, "int32", integers(-1294967296, -1, 1)),
    ([True, 2], None, "float32", numbers(1, 2)),
    (["a", "ü"], None, None, from_strings(["a", "ü"], (2,))),
)  # fmt: skip


@functools.cache
def function(source: str) -> Function:
    """A function of tf.js, as source and tree."""
    return Function(source=source, tree=parser.parse(source, shipped()))


def unknown_op() -> Function:
    """A function that calls what no tf.js has; the language would refuse it."""
    callee = tree.Member(tree.Name("tf"), UNKNOWN_OP)
    body = tree.Call(callee, (tree.Name("x"),))
    return Function(f"x => tf.{UNKNOWN_OP}(x)", tree.Arrow((tree.Name("x"),), body))


def question(  # noqa: PLR0913  what a request may hold
    f: Function | str,
    *inputs: Tensor | Argument,
    call: Call = "value",
    wrt: Sequence[str] | None = None,
    dy: Tensor | None = None,
    optimizer: Optimizer | None = None,
    steps: int = 1,
) -> Run:
    """A request for ``f`` on inputs named a, b, …; by default all of them are differentiated."""
    names = tuple("abcdef"[: len(inputs)])
    every = () if call == "value" else names
    return Run(
        id=0,
        call=call,
        f=function(f) if isinstance(f, str) else f,
        names=names,
        args=tuple(argument(one) for one in inputs),
        wrt=every if wrt is None else tuple(wrt),
        dy=None if dy is None else argument(dy),
        optimizer=optimizer,
        steps=steps,
    )


def argument(given: Tensor | Argument) -> Argument:
    """An input that travels as bits."""
    if isinstance(given, Argument):
        return given
    return Argument(dtype=given.dtype, shape=given.shape, data=given.data)


def identity(given: Tensor | Argument) -> Run:
    """A request whose answer is its input."""
    return question("x => x", given)
