"""Prints a tree as Python source against a namespace ``tf`` with the names of tf.js.

``x.div(y)`` becomes ``tf.div(x, y)``, an object becomes a dict, ``.value`` becomes ``["value"]``,
and null and undefined become None. A function that is one expression of plain parameters becomes a
lambda; every other one a ``def`` before the statement that uses it.
"""

from __future__ import annotations

import keyword
import re

from conformance.language import tree
from conformance.language.javascript import shortest

_INDENT = "    "
_TAKEN = frozenset(keyword.kwlist) | {"tf", "float", "__debug__"}
_LARGEST_INTEGER = 2.0**53


def to_python(function: tree.Arrow, name: str = "f") -> str:
    """The source of ``def name(...)``, ending in a line feed."""
    printer = _Printer(name)
    return "\n".join(printer.define(name, function)) + "\n"


class _Printer:
    """Names of one printed function: each name of the tree has one Python name."""

    def __init__(self, name: str) -> None:
        self._names: dict[str, str] = {}
        self._taken = {*_TAKEN, name}

    def name(self, name: str) -> str:
        """The Python name of a parameter or constant."""
        if name not in self._names:
            self._names[name] = self.fresh(name)
        return self._names[name]

    def fresh(self, wish: str) -> str:
        """A name that nothing has yet, as near to the wish as Python allows."""
        name = wish.replace("$", "_")
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    def define(self, name: str, function: tree.Arrow) -> list[str]:
        """The lines of ``def name(...)``."""
        parameters: list[str] = []
        lines: list[str] = []
        for pattern in function.parameters:
            if isinstance(pattern, tree.Name):
                parameters.append(self.name(pattern.name))
            else:
                parameters.append(self.fresh("argument"))
                lines += self.assign(pattern, parameters[-1])
        body = function.body
        if isinstance(body, tree.Block):
            for constant in body.constants:
                lines += self.constant(constant)
            body = body.result
        value = self.expression(body, lines)
        lines.append(f"return {value}")
        head = f"def {name}({', '.join(parameters)}):"
        return [head, *(f"{_INDENT}{line}" for line in lines)]

    def constant(self, constant: tree.Const) -> list[str]:
        """The lines of one declaration."""
        lines: list[str] = []
        match constant:
            case tree.Const(tree.Name(name), tree.Arrow() as function):
                inner = self.name(name)
                lines += self.define(inner, function)
            case tree.Const(tree.ObjectPattern() as pattern, value) if not isinstance(
                value, tree.Name
            ):
                result = self.expression(value, lines)
                whole = self.fresh("result")
                lines.append(f"{whole} = {result}")
                lines += self.assign(pattern, whole)
            case tree.Const(pattern, value):
                result = self.expression(value, lines)
                lines += self.assign(pattern, result)
        return lines

    def assign(self, pattern: tree.Pattern, value: str) -> list[str]:
        """The lines that bind the names of a pattern to a value or its parts."""
        match pattern:
            case tree.Name(name):
                return [f"{self.name(name)} = {value}"]
            case tree.ArrayPattern(names):
                # JavaScript passes over items that no name takes.
                targets = [*(self.name(name) for name in names), f"*{self.fresh('rest')}"]
                return [f"[{', '.join(targets)}] = {value}"]
            case tree.ObjectPattern(pairs):
                return [f'{self.name(name)} = {value}["{key}"]' for key, name in pairs]

    def expression(  # noqa: C901, PLR0911 - one case per node kind
        self, node: tree.Expression, lines: list[str]
    ) -> str:
        """A Python expression; the functions that it needs are defined at the end of ``lines``."""
        match node:
            case tree.Number(value):
                whole = value.is_integer() and value <= _LARGEST_INTEGER
                return str(int(value)) if whole else _float(value)
            case tree.Constant(name):
                return _constant(name)
            case tree.String(value):
                return _string(value)
            case tree.Name(name):
                return "tf" if name == "tf" else self.name(name)
            case tree.Negative(operand):
                return f"-{self._bracketed(operand, lines)}"
            case tree.Array(items):
                return f"[{', '.join(self._item(item, '*', lines) for item in items)}]"
            case tree.Object(entries):
                return "{" + ", ".join(self._entry(entry, lines) for entry in entries) + "}"
            case tree.Member() | tree.Index():
                return self._part(node, lines)
            case tree.Call():
                return self._call(node, lines)
            case tree.Arrow():
                return self._function(node, "inner", lines)

    def _part(self, node: tree.Member | tree.Index, lines: list[str]) -> str:
        if isinstance(node, tree.Index):
            return f"{self._bracketed(node.object, lines)}[{node.index}]"
        path = _path(node)
        if path is not None:
            return path
        return f'{self._bracketed(node.object, lines)}["{node.name}"]'

    def _call(self, node: tree.Call, lines: list[str]) -> str:
        arguments = []
        match node.callee:
            case tree.Member(receiver, name) if _path(node.callee) is None:
                callee = f"tf.{_attribute(name)}"
                arguments.append(self.expression(receiver, lines))
            case other:
                callee = self._bracketed(other, lines)
        arguments += [self._item(argument, "*", lines) for argument in node.arguments]
        return f"{callee}({', '.join(arguments)})"

    def _function(self, function: tree.Arrow, wish: str, lines: list[str]) -> str:
        patterns = [p for p in function.parameters if isinstance(p, tree.Name)]
        if len(patterns) == len(function.parameters) and not isinstance(function.body, tree.Block):
            parameters = ", ".join(self.name(pattern.name) for pattern in patterns)
            inside: list[str] = []
            body = self.expression(function.body, inside)
            # What is defined inside may use the parameters, so it cannot move out.
            if not inside:
                return f"lambda {parameters}: {body}" if parameters else f"lambda: {body}"
        name = self.fresh(wish)
        lines += self.define(name, function)
        return name

    def _item(self, item: tree.Expression | tree.Spread, stars: str, lines: list[str]) -> str:
        if isinstance(item, tree.Spread):
            return f"{stars}{self._bracketed(item.value, lines)}"
        return self.expression(item, lines)

    def _entry(self, entry: tree.Entry | tree.Spread, lines: list[str]) -> str:
        match entry:
            case tree.Spread():
                return self._item(entry, "**", lines)
            case tree.Entry(key, tree.Arrow() as function):
                return f'"{key}": {self._function(function, key, lines)}'
            case tree.Entry(key, value):
                return f'"{key}": {self.expression(value, lines)}'

    def _bracketed(self, node: tree.Expression, lines: list[str]) -> str:
        text = self.expression(node, lines)
        return f"({text})" if text.startswith(("lambda ", "lambda:", "-")) else text


def _path(node: tree.Expression) -> str | None:
    """``tf.losses.huberLoss``, or None if the node is no function of tf.js."""
    names: list[str] = []
    while isinstance(node, tree.Member):
        names.append(_attribute(node.name))
        node = node.object
    return ".".join(["tf", *reversed(names)]) if node == tree.Name("tf") else None


def _attribute(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _float(value: float) -> str:
    text = shortest(value)
    # Without a point or an exponent Python would read an integer.
    return text if re.search(r"[.e]", text) else f"{text}.0"


def _constant(name: str) -> str:
    match name:
        case "true" | "false":
            return name.capitalize()
        case "NaN":
            return 'float("nan")'
        case "Infinity":
            return 'float("inf")'
        case _:
            return "None"


def _string(value: str) -> str:
    # The apostrophe in front makes repr choose the quote whose escapes are known.
    body = repr("'" + value)[1:-1]
    body = body.removeprefix("\\").removeprefix("'")
    return '"' + body.replace('"', '\\"') + '"'
