"""The syntax tree of the tf.js expression language, and its JSON form.

Every node is a frozen struct; in JSON it is an object whose ``is`` names its kind.

A function is one arrow function. Its body is an expression, or ``const`` declarations followed by
``return``. Names are the parameters, the constants and ``tf``; all else is a member of these.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Node(msgspec.Struct, frozen=True, tag_field="is", forbid_unknown_fields=True):
    """What all nodes share."""


class Number(Node, frozen=True, tag="number"):
    """A numeric literal: finite and not negative (a minus sign is ``Negative``)."""

    value: float


class Constant(Node, frozen=True, tag="constant"):
    """One of JavaScript's named constants."""

    name: Literal["NaN", "Infinity", "undefined", "null", "true", "false"]


class String(Node, frozen=True, tag="string"):
    """A string literal."""

    value: str


class Name(Node, frozen=True, tag="name"):
    """A parameter, a constant declared before, or ``tf``."""

    name: str


class Negative(Node, frozen=True, tag="negative"):
    """Unary minus."""

    operand: Expression


class Spread(Node, frozen=True, tag="spread"):
    """``...value`` inside an array, an object or a call."""

    value: Expression


class Array(Node, frozen=True, tag="array"):
    """``[a, ...b]``."""

    items: tuple[Expression | Spread, ...]


class Entry(Node, frozen=True, tag="entry"):
    """``key: value`` inside an object."""

    key: str
    value: Expression


class Object(Node, frozen=True, tag="object"):
    """``{key: value, ...other}``."""

    entries: tuple[Entry | Spread, ...]


class Member(Node, frozen=True, tag="member"):
    """``object.name``: a namespace or function of ``tf``, a method, or a property."""

    object: Expression
    name: str


class Index(Node, frozen=True, tag="index"):
    """``object[index]`` with a literal, non-negative integer."""

    object: Expression
    index: int


class Call(Node, frozen=True, tag="call"):
    """``callee(arguments)``: an op, a method, or a function returned by ``tf.grad`` and its kin."""

    callee: Expression
    arguments: tuple[Expression | Spread, ...]


class ArrayPattern(Node, frozen=True, tag="array pattern"):
    """``[a, b]`` on the left of ``=`` or as a parameter."""

    names: tuple[str, ...]


class ObjectPattern(Node, frozen=True, tag="object pattern"):
    """``{key: name}`` on the left of ``=`` or as a parameter: pairs of key and name."""

    names: tuple[tuple[str, str], ...]


Pattern = Name | ArrayPattern | ObjectPattern


class Const(Node, frozen=True, tag="const"):
    """``const pattern = value;``."""

    pattern: Pattern
    value: Expression


class Block(Node, frozen=True, tag="block"):
    """``{ const …; return value; }``."""

    constants: tuple[Const, ...]
    result: Expression


class Arrow(Node, frozen=True, tag="arrow"):
    """``(a, b) => body``. A parameter may be destructured."""

    parameters: tuple[Pattern, ...]
    body: Expression | Block


Expression = (
    Number | Constant | String | Name | Negative | Array | Object | Member | Index | Call | Arrow
)
