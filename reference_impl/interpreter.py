"""Functions of the case language as Python functions.

A tree is compiled once into closures, with every name and every op resolved; calling the result
looks nothing up. Values live in one flat list: parameters and constants in the order of their
declaration, after those of the functions around. A name is a position in that list.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from conformance.language import tree
from reference_impl.api.namespace import Namespace, Record
from reference_impl.javascript import UNDEFINED, at_index, entries, items, member, number, type_name

Environment = list[Any]
Evaluate = Callable[[Environment], Any]
Names = tuple[str, ...]

_EXACT = 2.0**53
_CONSTANTS: dict[str, Any] = {
    "NaN": math.nan,
    "Infinity": math.inf,
    "undefined": UNDEFINED,
    "null": None,
    "true": True,
    "false": False,
}


@functools.lru_cache(maxsize=1024)
def function(arrow: tree.Arrow, namespace: Namespace) -> Callable[..., Any]:
    """``compiled``, once for a tree and a namespace."""
    return compiled(arrow, namespace)


def compiled(arrow: tree.Arrow, namespace: Namespace) -> Callable[..., Any]:
    """The Python function of a tree; it takes any number of arguments, as in JavaScript.

    Raises:
        UnsupportedOp: the tree names an op that the namespace does not have.
        NameError: the tree uses a name that is not bound where it stands.
    """
    made: Callable[..., Any] = _Compiler(namespace).arrow(arrow, ())([])
    return made


class _Compiler:
    """Compiles against one namespace; ``names`` are those bound at a place, innermost last."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace

    def expression(self, node: tree.Expression, names: Names) -> Evaluate:  # noqa: C901, PLR0911  one case per kind of node
        """The closure that evaluates an expression."""
        match node:
            case tree.Number():
                return _always(_number(node.value))
            case tree.Constant(name):
                return _always(_CONSTANTS[name])
            case tree.String():
                return _always(node.value)
            case tree.Name(name):
                at = _position(name, names)
                return lambda environment: environment[at]
            case tree.Negative(operand):
                value = self.expression(operand, names)
                return lambda environment: _negative(value(environment))
            case tree.Array(parts):
                return self.items(parts, names)
            case tree.Object():
                return self.object(node, names)
            case tree.Member():
                return self.member(node, names)
            case tree.Index(owner, index):
                value = self.expression(owner, names)
                return lambda environment: at_index(value(environment), index)
            case tree.Call():
                return self.call(node, names)
            case tree.Arrow():
                return self.arrow(node, names)

    def items(
        self, parts: Sequence[tree.Expression | tree.Spread], names: Names
    ) -> Callable[[Environment], list[Any]]:
        """The items of an array or the arguments of a call, in order."""
        single = [
            self.expression(part, names) for part in parts if not isinstance(part, tree.Spread)
        ]
        if len(single) == len(parts):
            return lambda environment: [value(environment) for value in single]
        several: list[Callable[[Environment], list[Any]]] = []
        for part in parts:
            inner = self.expression(part.value if isinstance(part, tree.Spread) else part, names)
            several.append(_spread(inner) if isinstance(part, tree.Spread) else _alone(inner))
        return lambda environment: [item for part in several for item in part(environment)]

    def object(self, node: tree.Object, names: Names) -> Evaluate:
        """``{key: value, ...other}``; later keys win."""
        parts = [
            (
                entry.key if isinstance(entry, tree.Entry) else None,
                self.expression(entry.value, names),
            )
            for entry in node.entries
        ]

        def evaluate(environment: Environment) -> Record:
            made = Record()
            for key, value in parts:
                if key is None:
                    made.update(entries(value(environment)))
                else:
                    made[key] = value(environment)
            return made

        return evaluate

    def member(self, node: tree.Member, names: Names) -> Evaluate:
        """A function of tf as a value, or a part of a result."""
        path = _path(node)
        if path is not None:
            return _always(self._namespace.function(path))
        owner, name = self.expression(node.object, names), node.name
        return lambda environment: member(owner(environment), name)

    def call(self, node: tree.Call, names: Names) -> Evaluate:
        """An op, a method of a tensor, or a function that is a value."""
        arguments = self.items(node.arguments, names)
        callee = node.callee
        if isinstance(callee, tree.Member):
            path = _path(callee)
            if path is not None:
                op = self._namespace.function(path)
                return lambda environment: op(*arguments(environment))
            return self._method(callee, arguments, names)
        value = self.expression(callee, names)

        def evaluate(environment: Environment) -> Any:
            called = value(environment)
            if not callable(called):
                raise TypeError(f"a value of type {type_name(called)} is not a function")
            return called(*arguments(environment))

        return evaluate

    def _method(
        self, callee: tree.Member, arguments: Callable[[Environment], list[Any]], names: Names
    ) -> Evaluate:
        receiver, name = self.expression(callee.object, names), callee.name
        method, is_tensor = self._namespace.method(name), self._namespace.is_tensor

        def evaluate(environment: Environment) -> Any:
            value = receiver(environment)
            if not is_tensor(value):
                raise TypeError(f"a value of type {type_name(value)} has no method {name}")
            return method(value, *arguments(environment))

        return evaluate

    def arrow(self, node: tree.Arrow, names: Names) -> Evaluate:
        """A closure that makes the function; what is bound around it is copied when it is made."""
        binders = []
        for parameter in node.parameters:
            bind, names = _pattern(parameter, names)
            binders.append(bind)
        steps = []
        if isinstance(node.body, tree.Block):
            for constant in node.body.constants:
                value = self.expression(constant.value, names)
                bind, names = _pattern(constant.pattern, names)
                steps.append((value, bind))
            result = self.expression(node.body.result, names)
        else:
            result = self.expression(node.body, names)

        def make(around: Environment) -> Callable[..., Any]:
            captured = tuple(around)

            def called(*given: Any) -> Any:
                environment = [*captured]
                for at, bind in enumerate(binders):
                    environment += bind(given[at] if at < len(given) else UNDEFINED)
                for value, bind in steps:
                    environment += bind(value(environment))
                return result(environment)

            return called

        return make


def _always(value: Any) -> Evaluate:
    return lambda _: value


def _spread(value: Evaluate) -> Callable[[Environment], list[Any]]:
    return lambda environment: items(value(environment))


def _alone(value: Evaluate) -> Callable[[Environment], list[Any]]:
    return lambda environment: [value(environment)]


def _number(value: float) -> float:
    """Whole numbers become ints, which TensorFlow wants for axes and sizes."""
    return int(value) if value.is_integer() and value < _EXACT else value


def _negative(value: Any) -> float:
    if isinstance(value, int) and not isinstance(value, bool) and value != 0:
        return -value
    return -number(value)


def _position(name: str, names: Names) -> int:
    for at in range(len(names) - 1, -1, -1):
        if names[at] == name:
            return at
    raise NameError(f"{name} is not defined")


def _path(node: tree.Expression) -> str | None:
    """``losses.huberLoss`` of ``tf.losses.huberLoss``; None where the node is no path below tf."""
    parts: list[str] = []
    while isinstance(node, tree.Member):
        parts.append(node.name)
        node = node.object
    return ".".join(reversed(parts)) if parts and node == tree.Name("tf") else None


def _pattern(pattern: tree.Pattern, names: Names) -> tuple[Callable[[Any], list[Any]], Names]:
    """What a value adds to the environment by a pattern, and the names bound after it."""
    match pattern:
        case tree.Name(name):
            return lambda value: [value], (*names, name)
        case tree.ArrayPattern(parts):
            return lambda value: _first(items(value), len(parts)), (*names, *parts)
        case tree.ObjectPattern(pairs):
            keys = [key for key, _ in pairs]
            return (lambda value: [member(value, key) for key in keys] or _opened(value)), (
                *names,
                *(name for _, name in pairs),
            )


def _first(values: list[Any], count: int) -> list[Any]:
    return values[:count] + [UNDEFINED] * (count - len(values))


def _opened(value: Any) -> list[Any]:
    """``{} = value`` binds nothing, but null and undefined cannot be opened."""
    member(value, "")
    return []
