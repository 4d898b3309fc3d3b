"""How an op enters the tables of an implementation: for ``tf.name(...)`` and ``x.name(...)``.

A declaration says which arguments tf.js converts to tensors and which dtype it requires of them;
the body then sees tensors only, and says what its library is asked.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from reference_impl.javascript import UNDEFINED

Op = Callable[..., Any]
Convert = Callable[[Any, str, str, str], Any]
"""The tensor of a value, for the argument and the op of these names, of a required dtype."""

_EXACT = 2.0**53
"""Below this every integral JavaScript number is exactly that integer."""


class Table:
    """The ops of one implementation: ``ops`` by their name below tf, ``methods`` of tensors.

    ``convert`` makes a tensor of what an op is called with.
    """

    def __init__(self, convert: Convert) -> None:
        self.ops: dict[str, Op] = {}
        self.methods: dict[str, Op] = {}
        self._convert = convert

    def op(
        self, *arguments: str, name: str = "", method: bool = True, **dtypes: str
    ) -> Callable[[Op], Op]:
        """Register a function as the tf.js op of the same name.

        Args:
            *arguments: the arguments that tf.js converts to a tensor of any numeric dtype.
            name: the op's name where it is not the function's, as ``linalg.qr``.
            method: whether ``Tensor`` has the op as a method, the receiver being the first
                argument.
            **dtypes: the arguments that tf.js converts, each with what it requires there: a dtype,
                ``"numeric"`` or ``"string_or_numeric"``; with ``[]`` behind it, a list of tensors.

        The registered function is called as in JavaScript: what is missing is undefined, undefined
        becomes the default, what is too much is ignored. An argument with default None may be null.
        """
        wanted = dict.fromkeys(arguments, "numeric") | dtypes

        def register(function: Op) -> Op:
            public = name or function.__name__
            self.ops[public] = _as_in_javascript(function, public, wanted, self._convert)
            if method:
                self.methods[public] = self.ops[public]
            return self.ops[public]

        return register

    def method(self, name: str) -> Callable[[Op], Op]:
        """Register a function as a method of ``Tensor``: the receiver is a tensor already."""

        def register(function: Op) -> Op:
            self.methods[name] = _as_in_javascript(function, name, {}, self._convert)
            return self.methods[name]

        return register


def _as_in_javascript(function: Op, name: str, wanted: dict[str, str], convert: Convert) -> Op:
    parameters = list(inspect.signature(function).parameters.values())
    rest = parameters.pop() if parameters[-1].kind is inspect.Parameter.VAR_POSITIONAL else None

    @functools.wraps(function)
    def call(*given: Any) -> Any:
        values = [*given[: len(parameters)], *[UNDEFINED] * (len(parameters) - len(given))]
        passed = [
            _passed(value, parameter, name, wanted.get(parameter.name), convert)
            for value, parameter in zip(values, parameters, strict=True)
        ]
        if rest is not None:
            more = list(given[len(parameters) :])
            passed += _passed(more, rest, name, wanted.get(rest.name), convert)
        return function(*passed)

    call.__name__ = name
    return call


def _passed(
    value: Any, parameter: inspect.Parameter, name: str, dtype: str | None, convert: Convert
) -> Any:
    """What the op's function gets for an argument: its default, a tensor, tensors, or a value."""
    optional = parameter.default is not inspect.Parameter.empty
    if value is UNDEFINED and optional:
        return parameter.default
    if dtype is None:
        return plain(value)
    if value is None and optional and parameter.default is None:
        return None
    if not dtype.endswith("[]"):
        return convert(value, parameter.name, name, dtype)
    if not isinstance(value, list | tuple):
        raise ValueError(  # noqa: TRY004  every misuse of an op is a ValueError
            f"Argument {parameter.name} passed to {name} must be a `Tensor[]` or `TensorLike[]`"
        )
    return [
        convert(item, f"{parameter.name}[{at}]", name, dtype.removesuffix("[]"))
        for at, item in enumerate(value)
    ]


def plain(value: Any) -> Any:
    """A JavaScript value for a library that wants integers where JavaScript has only numbers."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return value if value == 0.0 and str(value) == "-0.0" else int(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
