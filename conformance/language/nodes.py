"""Access to tree-sitter's nodes of one source, and the problems found in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.language.foreign import describe
from conformance.language.names import ApiNames
from conformance.language.problems import Problem, problem_at, quoted
from conformance.language.syntax import character_offset

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_DEPTH = 100
"""Levels of one tree, and parentheses around one expression: every reader may recurse."""

IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


class Nodes:
    """The nodes of one source; ``problems`` grows while they are read."""

    def __init__(self, source: str, names: ApiNames) -> None:
        self.problems: list[Problem] = []
        self._source = source
        self._data = source.encode()
        self.names = names

    def report(self, node: Node, message: str, hint: str | None = None, skip: int = 0) -> None:
        """Add a problem at the node, ``skip`` characters after its start."""
        at = character_offset(self._source, self._data, node.start_byte) + skip
        self.problems.append(problem_at(self._source, at, message, hint))

    def reject(self, node: Node) -> None:
        """Report a node that the language does not have."""
        operator = node.child_by_field_name("operator")
        message, hint = describe(node.type, operator and self.text(operator))
        if node.type == "expression_statement" and self.text(node)[:1] in "\"'":
            message = "a directive is not part of the case language"
        self.report(node, message, hint)

    def text(self, node: Node) -> str:
        """The source of a node."""
        return self._data[node.start_byte : node.end_byte].decode()

    def children(self, node: Node) -> list[Node]:
        """All children, punctuation too; comments are reported and left out."""
        children = node.children
        if any(child.is_extra for child in children):
            for child in children:
                if child.is_extra:
                    self.reject(child)
            return [child for child in children if not child.is_extra]
        return children

    def unwrapped(self, node: Node) -> Node:
        """The node inside any number of parentheses."""
        levels = 0
        while node.type == "parenthesized_expression":
            inner = self.children(node)
            levels += 1
            if len(inner) != len("(x)") or levels > MAX_DEPTH:
                break
            node = inner[1]
        return node

    def identifier(self, node: Node) -> str:
        """The text of a name; one that is written with escapes is reported."""
        text = self.text(node)
        if IDENTIFIER.fullmatch(text) is None:
            hint = "names are ASCII letters, digits, _ and $, without escapes"
            self.report(node, f"{quoted(text)} is not a name", hint)
        return text
