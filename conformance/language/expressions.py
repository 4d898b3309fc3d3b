"""Expressions of the case language, from tree-sitter's nodes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from conformance.language import advice, literals, tree
from conformance.language.functions import read_arrow
from conformance.language.names import ApiNames
from conformance.language.nodes import IDENTIFIER, MAX_DEPTH, Nodes
from conformance.language.problems import quoted
from conformance.language.scopes import Scope

if TYPE_CHECKING:
    from tree_sitter import Node

MISSING = tree.Constant("undefined")
"""Stands for what could not be read; its identity keeps one mistake from being reported twice."""

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_LONGEST_PATH = 8
_NOT_CALLABLE = tree.Number | tree.Constant | tree.String | tree.Negative | tree.Array | tree.Object


class Reader(Nodes):
    """Reads the expressions of one source."""

    def __init__(self, source: str, names: ApiNames) -> None:
        super().__init__(source, names)
        self._depth = 0

    def expression(self, node: Node, scope: Scope | None) -> tree.Expression:
        """The tree of an expression; ``MISSING`` after a report."""
        node = self.unwrapped(node)
        read = _KINDS.get(node.type)
        if read is None:
            if node.type == "parenthesized_expression":
                self._too_deep(node)
            else:
                self.reject(node)
            return MISSING
        if self._depth >= MAX_DEPTH:
            self._too_deep(node)
            return MISSING
        self._depth += 1
        try:
            return read(self, node, scope or Scope())
        finally:
            self._depth -= 1

    def _too_deep(self, node: Node) -> None:
        hint = "name a part of it with `const`"
        self.report(node, f"this is nested deeper than {MAX_DEPTH} levels", hint)

    def operand(self, node: Node, scope: Scope) -> tree.Expression:
        """An expression before ``.``, ``[`` or ``(``, or after ``-``."""
        if node.type == "arrow_function":
            self.report(node, "a function in this place needs parentheses", "write `(x => …)`")
        return self.expression(node, scope)

    def items(self, node: Node) -> list[Node]:
        """What stands between the brackets and commas of a node; holes are reported."""
        found = []
        after_item = False
        for child in self.children(node)[1:-1]:
            if child.type != ",":
                found.append(child)
            elif not after_item:
                self.report(child, "there is nothing before this comma", "remove it")
            after_item = child.type != ","
        return found

    def spreadable(self, node: Node, scope: Scope) -> tree.Expression | tree.Spread:
        """An item of an array or a call."""
        if node.type == "spread_element":
            return tree.Spread(self.expression(self.children(node)[-1], scope))
        return self.expression(node, scope)

    def literal(self, node: Node) -> str | float:
        """The value of a string or number."""
        text = self.text(node)
        try:
            return literals.string(text) if node.type == "string" else literals.number(text)
        except literals.LiteralError as error:
            self.report(node, str(error), error.hint, error.offset)
            return 0.0 if node.type == "number" else ""

    def name(self, node: Node, scope: Scope, at: Node | None = None) -> tree.Expression:
        """A reference to a name."""
        text = self.identifier(node)
        match text:
            case "NaN" | "Infinity" | "undefined":
                return tree.Constant(text)
        where = at or node
        if text == "tf":
            self.report(where, "`tf` alone is not a value", "name a function of it: `tf.add`")
        elif scope.is_later(text):
            self.report(where, f"{quoted(text)} is used before its declaration", "declare it first")
        elif not scope.is_bound(text) and IDENTIFIER.fullmatch(text):
            hint = advice.for_name(text, scope.bound(), self.names)
            self.report(where, f"{quoted(text)} is not defined", hint)
        return tree.Name(text)

    def key(self, node: Node) -> str:
        """The key of an object's entry."""
        if node.type == "string":
            key = str(self.literal(node))
            if IDENTIFIER.fullmatch(key) is None:
                self.report(node, f"the key {quoted(key)} is not a name")
        elif node.type in {"property_identifier", "shorthand_property_identifier"}:
            key = self.identifier(node)
        else:
            self.reject(node)
            return ""
        if key == "__proto__":
            self.report(node, "the key `__proto__` is not allowed", "choose another key")
        return key

    def object(self, node: Node, scope: Scope) -> tree.Expression:
        """``{key: value, short, ...other}``."""
        entries: list[tree.Entry | tree.Spread] = []
        keys: set[str] = set()
        for item in self.items(node):
            if item.type == "spread_element":
                entries.append(tree.Spread(self.expression(self.children(item)[-1], scope)))
                continue
            if item.type == "pair":
                parts = self.children(item)
                key = self.key(parts[0])
                value = self.expression(parts[-1], scope)
            elif item.type == "shorthand_property_identifier":
                key = self.key(item)
                value = self.name(item, scope)
            else:
                self.reject(item)
                continue
            if key in keys:
                self.report(item, f"the key {quoted(key)} is there twice", "remove one of them")
            keys.add(key)
            entries.append(tree.Entry(key, value))
        return tree.Object(tuple(entries))

    def negative(self, node: Node, scope: Scope) -> tree.Expression:
        """Unary minus."""
        operator, operand = self.children(node)
        if operator.type != "-":
            self.reject(node)
            return MISSING
        return tree.Negative(self.operand(operand, scope))

    def index(self, node: Node, scope: Scope) -> tree.Expression:
        """``object[0]``."""
        value, *rest = self.children(node)
        for extra in rest:
            if extra.type == "optional_chain":
                self.reject(extra)
        inside = rest[-2]
        text = self.text(inside)
        if inside.type != "number" or _INDEX.fullmatch(text) is None:
            hint = "between brackets stands a whole number, such as `[0]`"
            self.report(inside, f"{quoted(text)} cannot be an index", hint)
            text = "0"
        return tree.Index(self.operand(value, scope), int(text))

    def member(self, node: Node, scope: Scope) -> tree.Expression:
        """``tf.path`` as a value, or a property of a result."""
        path = self._path(node)
        if path is not None:
            return self._tf_function(node, path)
        value, name = self._parts(node)
        if name not in advice.PROPERTIES:
            hint = advice.for_property(name, self.names)
            self._report_name(node, f"`.{name}` cannot be read in a case", hint)
        return tree.Member(self.operand(value, scope), name)

    def call(self, node: Node, scope: Scope) -> tree.Expression:
        """A call of an op, a method, or a function that was returned."""
        head, *rest = self.children(node)
        arguments = rest[-1]
        for extra in rest[:-1]:
            self.reject(extra)
        if arguments.type != "arguments":
            self.reject(arguments)
            return MISSING
        callee = self._callee(head, scope)
        return tree.Call(callee, tuple(self.spreadable(a, scope) for a in self.items(arguments)))

    def _callee(self, head: Node, scope: Scope) -> tree.Expression:
        # (x.abs)() calls the method of x, as x.abs() does.
        node = self.unwrapped(head)
        if node.type == "member_expression" and self._path(node) is None:
            value, name = self._parts(node)
            if name not in self.names.methods:
                message = f"`.{name}(…)` is not a method of tf.js {self.names.version}"
                self._report_name(node, message, advice.for_method(name, self.names))
            return tree.Member(self.operand(value, scope), name)
        callee = self.operand(head, scope)
        if isinstance(callee, _NOT_CALLABLE) and callee is not MISSING:
            self.report(head, f"{quoted(self.text(head))} is not a function")
        return callee

    def _parts(self, node: Node) -> tuple[Node, str]:
        """The object of a member expression, and the member's name."""
        value, *punctuation, name = self.children(node)
        for extra in punctuation:
            if extra.type != ".":
                self.reject(extra)
        if name.type != "property_identifier":
            self.reject(name)
            return value, ""
        return value, self.identifier(name)

    def _path(self, node: Node) -> str | None:
        """``losses.huberLoss`` of ``tf.losses.huberLoss``; None if it does not start with tf."""
        names: list[str] = []
        while node.type == "member_expression" and len(names) < _LONGEST_PATH:
            value, *punctuation, name = node.children
            if len(punctuation) != 1 or punctuation[0].type != ".":
                return None
            names.append(self.text(name))
            node = value
        if node.type != "identifier" or self.text(node) != "tf":
            return None
        return ".".join(reversed(names))

    def _tf_function(self, node: Node, path: str) -> tree.Expression:
        if path not in self.names.functions:
            message = f"tf.{path} is not a function of tf.js {self.names.version}"
            self.report(node, message, advice.for_function(path, self.names))
            return MISSING
        value: tree.Expression = tree.Name("tf")
        for name in path.split("."):
            value = tree.Member(value, name)
        return value

    def _report_name(self, node: Node, message: str, hint: str | None) -> None:
        # A member without a readable name was reported already.
        name = node.children[-1]
        if IDENTIFIER.fullmatch(self.text(name)):
            self.report(name, message, hint)


def _constant(_reader: Reader, node: Node, _scope: Scope) -> tree.Expression:
    match node.type:
        case "true" | "false" | "null" | "undefined" as name:
            return tree.Constant(name)
        case other:
            raise AssertionError(other)


_KINDS: dict[str, Callable[[Reader, Node, Scope], tree.Expression]] = {
    "number": lambda reader, node, _scope: tree.Number(float(reader.literal(node))),
    "string": lambda reader, node, _scope: tree.String(str(reader.literal(node))),
    "true": _constant,
    "false": _constant,
    "null": _constant,
    "undefined": _constant,
    "identifier": Reader.name,
    "unary_expression": Reader.negative,
    "array": lambda reader, node, scope: tree.Array(
        tuple(reader.spreadable(item, scope) for item in reader.items(node))
    ),
    "object": Reader.object,
    "member_expression": Reader.member,
    "subscript_expression": Reader.index,
    "call_expression": Reader.call,
    "arrow_function": read_arrow,
}
