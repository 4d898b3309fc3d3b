"""Axes: one written case with ``for:`` becomes a concrete case for every combination of its values.

An axis is a list of values, or ``{shared: NAME}``: a list of the file that the case file names in
its field ``axes``. A value may hold templates of the axes before it; so one shared list of ways to
use an op serves all ops.

``${axis}`` stands for the axis' value in names, functions and inputs; ``${axis.key}`` for a part of
a value that is a mapping. A scalar that is nothing but a template becomes the value itself, of any
kind. Inside other text a value is written as JavaScript writes it, a string without quotes.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator

import msgspec

from conformance.problems import Problem
from conformance.suite import nodes
from conformance.suite.nodes import Mapping, Node, Scalar, Sequence

_TEMPLATE = re.compile(r"\$\{([^}]*)\}")
MAX_COMBINATIONS = 10_000

Values = dict[str, Node]


class Spliced(msgspec.Struct, frozen=True):
    """A text with its templates filled in, and where each part of it was written."""

    text: str
    parts: tuple[tuple[int, int], ...]

    def written_at(self, offset: int) -> int:
        """The offset in the written text that an offset in the filled-in text comes from."""
        start, source = max(part for part in self.parts if part[0] <= offset)
        return source + (offset - start)


def combinations(
    axes: Mapping, shared: Mapping | None, name: str
) -> tuple[list[Values], list[Problem]]:
    """Every combination of the axes' values, the last axis fastest, and what is wrong with them.

    ``shared`` are the lists that a ``{shared: NAME}`` may name.
    """
    problems: list[Problem] = []
    lists: list[list[tuple[str, Node]]] = []
    for axis, values in axes.entries.items():
        key = axes.keys[axis]
        if isinstance(values, Mapping):
            values, wrong = _shared(values, shared, name)  # noqa: PLW2901  it stands for the list
            if wrong:
                problems.append(wrong)
                continue
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", axis):
            problems.append(Problem(name, key.line, key.column, f"`{axis}` is no name for an axis"))
        elif not isinstance(values, Sequence):
            problems.append(
                Problem(
                    name, values.line, values.column, f"the axis `{axis}` is no list",
                    "write its values as [a, b, …]",
                )
            )  # fmt: skip
        elif not values.items:
            problems.append(
                Problem(
                    name, values.line, values.column, f"the axis `{axis}` expands to nothing",
                    "give it a value, or remove the case",
                )
            )  # fmt: skip
        else:
            lists.append([(axis, value) for value in values.items])
    count = math.prod(map(len, lists))
    if count > MAX_COMBINATIONS:
        problems.append(
            Problem(
                name, axes.line, axes.column,
                f"{count} combinations; at most {MAX_COMBINATIONS} are allowed",
            )
        )  # fmt: skip
    if problems:
        return [], problems
    return [dict(combination) for combination in itertools.product(*lists)], []


def _shared(written: Mapping, shared: Mapping | None, name: str) -> tuple[Node, Problem | None]:
    """The list that ``{shared: NAME}`` stands for, as if it stood there."""
    named = written.entries.get("shared")
    if not isinstance(named, Scalar) or len(written.entries) != 1:
        return written, Problem(
            name, written.line, written.column, "an axis is a list of values, or {shared: NAME}"
        )
    known = shared.entries if shared else {}
    if named.text in known:
        return nodes.moved(known[named.text], named.line, named.column), None
    hint = "`axes: ../axes.yaml` names the file"
    if known:
        hint = f"the shared axes: {', '.join(known)}"
    return written, Problem(name, named.line, named.column, f"no shared axis `{named.text}`", hint)


def suffix(values: Values) -> str:
    """The axes as they stand in an id: ``[axis=0,keepDims=true]``, or nothing."""
    if not values:
        return ""
    return "[" + ",".join(f"{axis}={brief(value)}" for axis, value in values.items()) + "]"


def brief(node: Node) -> str:
    """A value in one word, for ids: the ``name`` of a mapping that has one, else compact text."""
    match node:
        case Scalar():
            return " ".join(node.text.split())
        case Sequence():
            return "[" + ",".join(brief(item) for item in node.items) + "]"
        case Mapping():
            named = node.entries.get("name")
            if isinstance(named, Scalar):
                return brief(named)
            return "{" + ",".join(f"{k}:{brief(v)}" for k, v in node.entries.items()) + "}"


def javascript(node: Node) -> str:
    """A value as it stands inside a function: lists in brackets, strings without quotes."""
    match node:
        case Scalar():
            return node.text
        case Sequence():
            return "[" + ", ".join(javascript(item) for item in node.items) + "]"
        case Mapping():
            return "{" + ", ".join(f"{k}: {javascript(v)}" for k, v in node.entries.items()) + "}"


def title(text: str) -> str:
    """A case's name as it stands in its id: a template is its axis' name."""
    return _TEMPLATE.sub(lambda match: match[1], text)


class Filler:
    """Fills the templates of one combination, and remembers which axes were used."""

    def __init__(self, values: Values, name: str) -> None:
        self.name = name
        self.used: set[str] = set()
        self.problems: list[Problem] = []
        written = dict(values)
        self.values: Values = {}
        for axis, value in written.items():
            self.values[axis] = self.fill(value)

    def fill(self, node: Node) -> Node:
        """The node with every template filled in."""
        match node:
            case Scalar():
                if "${" not in node.text:
                    return node
                whole = _TEMPLATE.fullmatch(node.text)
                if whole:
                    value = self._value(whole[1], node)
                    return node if value is None else value
                text = self.splice(node).text
                return msgspec.structs.replace(node, text=text)
            case Sequence():
                return Sequence(tuple(self.fill(i) for i in node.items), node.line, node.column)
            case Mapping():
                entries = {key: self.fill(value) for key, value in node.entries.items()}
                return Mapping(entries, node.keys, node.line, node.column)

    def splice(self, node: Scalar) -> Spliced:
        """A scalar's text with its templates filled in, keeping the places."""
        text = ""
        parts: list[tuple[int, int]] = []
        for written, piece in _pieces(node.text):
            parts.append((len(text), written))
            match = _TEMPLATE.fullmatch(piece)
            if match is None:
                text += piece
            else:
                value = self._value(match[1], node)
                text += piece if value is None else javascript(value)
        return Spliced(text, tuple(parts) or ((0, 0),))

    def _value(self, template: str, node: Scalar) -> Node | None:
        axis, *path = template.split(".")
        self.used.add(axis)
        value: Node | None = self.values.get(axis)
        for key in path:
            value = value.entries.get(key) if isinstance(value, Mapping) else None
        if value is None:
            known = ", ".join(self.values) or "none"
            self.problems.append(
                Problem(
                    self.name, node.line, node.column, f"no axis gives `${{{template}}}`",
                    f"the axes of this case: {known}",
                )
            )  # fmt: skip
        return value


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for match in _TEMPLATE.finditer(text):
        if match.start() > at:
            yield at, text[at : match.start()]
        yield match.start(), match[0]
        at = match.end()
    if at < len(text):
        yield at, text[at:]
