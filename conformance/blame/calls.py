"""The call that a tap recorded, as an expression of the case language."""

from __future__ import annotations

import functools
import math
from typing import Any

from conformance.language import tree
from conformance.protocol import Tapped


class NotReplayableError(Exception):
    """A recorded call cannot be made again; the message says why."""


def parameter(position: int) -> str:
    """The name of the parameter that stands for an input of the call."""
    return f"a{position}"


def expression(tap: Tapped) -> tree.Expression:
    """The call of the op on the parameters ``a0``, ``a1``, ... in place of its inputs.

    Raises:
        NotReplayableError: an argument is a function, or has no form in the case language.
    """
    if not tap.method:
        return tree.Call(path(tap.op), tuple(map(_argument, tap.arguments)))
    if not tap.arguments:
        raise NotReplayableError("a method was recorded without its tensor")
    receiver, *others = map(_argument, tap.arguments)
    return tree.Call(tree.Member(receiver, tap.op), tuple(others))


def uses(tap: Tapped, position: int) -> int:
    """How often an input stands among the arguments of the call."""
    return sum(map(functools.partial(_occurrences, position), tap.arguments))


def _occurrences(position: int, value: Any) -> int:
    match value:
        case {"input": found, **rest} if not rest:
            return int(found == position)
        case dict():
            return sum(_occurrences(position, one) for one in value.values())
        case list() | tuple():
            return sum(_occurrences(position, one) for one in value)
        case _:
            return 0


def path(op: str) -> tree.Expression:
    """``tf.linalg.qr`` of ``linalg.qr``."""
    found: tree.Expression = tree.Name("tf")
    for name in op.split("."):
        found = tree.Member(found, name)
    return found


def result(of: tree.Expression, key: str) -> tree.Expression:
    """One result of a call by its key: ``""``, ``1``, ``mean``, or a path such as ``0.1``."""
    for name in key.split(".") if key else ():
        of = tree.Index(of, int(name)) if name.isdecimal() else tree.Member(of, name)
    return of


def _argument(value: Any) -> tree.Expression:  # noqa: C901, PLR0911  one case per form
    match value:
        case {"input": int() as position, **rest} if not rest:
            return tree.Name(parameter(position))
        case {"undefined": True, **rest} if not rest:
            return tree.Constant("undefined")
        case {"function": True, **rest} if not rest:
            raise NotReplayableError("it was given a function")
        case {"number": str() as name, **rest} if not rest:
            return _special(name)
        case dict():
            return tree.Object(tuple(tree.Entry(key, _argument(one)) for key, one in value.items()))
        case list() | tuple():
            return tree.Array(tuple(map(_argument, value)))
        case None:
            return tree.Constant("null")
        case bool():
            return tree.Constant("true" if value else "false")
        case int() | float():
            number = tree.Number(abs(float(value)))
            return tree.Negative(number) if math.copysign(1.0, value) < 0 else number
        case str():
            return tree.String(value)
        case _:
            raise NotReplayableError(f"an argument is recorded as {value!r}")


def _special(name: str) -> tree.Expression:
    match name:
        case "NaN" | "Infinity":
            return tree.Constant(name)
        case "-Infinity":
            return tree.Negative(tree.Constant("Infinity"))
        case "-0":
            return tree.Negative(tree.Number(0.0))
        case _:
            raise NotReplayableError(f"an argument is recorded as the number {name!r}")
