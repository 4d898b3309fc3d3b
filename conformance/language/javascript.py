"""Prints a tree as tf.js source."""

from __future__ import annotations

import json
import math

from conformance.language import tree

_LARGEST_PLAIN_EXPONENT = 21
_SMALLEST_PLAIN_EXPONENT = -6


def to_javascript(node: tree.Expression) -> str:  # noqa: C901, PLR0911 - one case per node kind
    """The source of a tree, on one line; parsing it gives the same tree."""
    match node:
        case tree.Number(value):
            return shortest(value)
        case tree.Constant(name) | tree.Name(name):
            return name
        case tree.String(value):
            return json.dumps(value)
        case tree.Negative(operand):
            return f"-{_bracketed(operand, (tree.Negative, tree.Arrow))}"
        case tree.Array(items):
            return f"[{_list(items)}]"
        case tree.Object(entries):
            return "{" + ", ".join(_entry(entry) for entry in entries) + "}"
        case tree.Member(value, name):
            return f"{_receiver(value)}.{name}"
        case tree.Index(value, index):
            return f"{_receiver(value)}[{index}]"
        case tree.Call(callee, arguments):
            return f"{_receiver(callee)}({_list(arguments)})"
        case tree.Arrow(parameters, body):
            return f"{_parameters(parameters)} => {_body(body)}"


def shortest(value: float) -> str:
    """What JavaScript prints for a finite, non-negative double (``Number::toString``)."""
    if not math.isfinite(value) or value < 0:
        raise ValueError(value)
    mantissa, _, power = f"{value!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    # The value is 0.DIGITS times ten to the power of ``point``.
    padded = (whole + fraction).lstrip("0")
    digits = padded.rstrip("0") or "0"
    leading = len(whole + fraction) - len(padded)
    point = len(whole) - leading + int(power or 0)
    if digits == "0":
        return "0"
    if len(digits) <= point <= _LARGEST_PLAIN_EXPONENT:
        return digits.ljust(point, "0")
    if 0 < point <= _LARGEST_PLAIN_EXPONENT:
        return f"{digits[:point]}.{digits[point:]}"
    if _SMALLEST_PLAIN_EXPONENT < point <= 0:
        return f"0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if digits[1:] else ""
    return f"{digits[0]}{rest}e{point - 1:+d}"


def _bracketed(node: tree.Expression, kinds: tuple[type, ...]) -> str:
    text = to_javascript(node)
    return f"({text})" if isinstance(node, kinds) else text


def _receiver(node: tree.Expression) -> str:
    return _bracketed(node, (tree.Number, tree.Negative, tree.Arrow))


def _list(items: tuple[tree.Expression | tree.Spread, ...]) -> str:
    return ", ".join(_item(item) for item in items)


def _item(item: tree.Expression | tree.Spread) -> str:
    if isinstance(item, tree.Spread):
        return f"...{to_javascript(item.value)}"
    return to_javascript(item)


def _entry(entry: tree.Entry | tree.Spread) -> str:
    match entry:
        case tree.Spread():
            return _item(entry)
        case tree.Entry(key, tree.Name(name)) if key == name:
            return key
        case tree.Entry(key, value):
            return f"{key}: {to_javascript(value)}"


def _pattern(pattern: tree.Pattern) -> str:
    match pattern:
        case tree.Name(name):
            return name
        case tree.ArrayPattern(names):
            return f"[{', '.join(names)}]"
        case tree.ObjectPattern(pairs):
            inside = (key if key == name else f"{key}: {name}" for key, name in pairs)
            return "{" + ", ".join(inside) + "}"


def _parameters(parameters: tuple[tree.Pattern, ...]) -> str:
    match parameters:
        case (tree.Name(name),):
            return name
        case _:
            return f"({', '.join(_pattern(parameter) for parameter in parameters)})"


def _body(body: tree.Expression | tree.Block) -> str:
    if isinstance(body, tree.Block):
        lines = [f"const {_pattern(c.pattern)} = {to_javascript(c.value)};" for c in body.constants]
        return "{ " + " ".join([*lines, f"return {to_javascript(body.result)};"]) + " }"
    text = to_javascript(body)
    # A brace after the arrow would start a block.
    return f"({text})" if text.startswith("{") else text
