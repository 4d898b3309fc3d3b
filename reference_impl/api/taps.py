"""What goes in and out of every op that a case calls, forward and backward.

The ops of a namespace are wrapped: tensors pass a tap on their way into an op and another one on
their way out. A tap is an identity that hears the gradients which come back through it. The tap at
the results hears what has been accumulated for them, the tap at the arguments what this one call
contributes. Ops that are called by ops do not come through the namespace, so nothing hears them.
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from conformance.protocol import Pass, Tapped
from conformance.tensors import Tensor
from reference_impl.api.namespace import DIFFERENTIATING, NO_OPS, Function, Namespace
from reference_impl.javascript import UNDEFINED, number_text

Note = Callable[[Any], None]
"""Takes the gradient that came to a tensor."""


class Library(Protocol):
    """What is asked of a library of tensors."""

    def is_tensor(self, value: Any) -> bool:
        """Whether the value is a tensor or a variable."""

    def to_message(self, tensor: Any) -> Tensor:
        """The bits of a tensor or variable."""

    def tapped(self, tensor: Any, note: Note) -> Any:
        """The same tensor, behind a tap.

        Every gradient pass that comes through it calls ``note`` with the gradient, which goes on as
        it came and can be differentiated again. A tensor of a dtype without gradients is given back
        itself.
        """


@dataclass
class _Pass:
    upstream: dict[str, Tensor]
    gradients: list[Tensor | None]


@dataclass
class _Call:
    """A call while it is recorded.

    It has one pass of each level: a tape is gone through once, and all tapes that saw a call lie
    inside one another.
    """

    op: str
    method: bool
    arguments: tuple[Any, ...]
    inputs: tuple[Tensor, ...]
    sources: tuple[tuple[int, str] | None, ...]
    results: dict[str, Tensor] = field(default_factory=dict)
    passes: dict[int, _Pass] = field(default_factory=dict)

    def at(self, level: int) -> _Pass:
        """The pass of this level, which begins with the first gradient that comes."""
        return self.passes.setdefault(level, _Pass({}, [None] * len(self.inputs)))

    def tapped(self) -> Tapped:
        return Tapped(
            op=self.op,
            arguments=self.arguments,
            inputs=self.inputs,
            sources=self.sources,
            results=self.results,
            method=self.method,
            passes=tuple(
                Pass(level, one.upstream, tuple(one.gradients))
                for level, one in self.passes.items()
            ),
        )


class Taps:
    """The taps of one run of a case."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._calls: list[_Call] = []
        self._sources: dict[int, tuple[int, str]] = {}
        # A tensor that is kept has its identity for itself.
        self._kept: list[Any] = []
        self._level = 0
        # What a function of the case does inside of an op is a part of this op.
        self._running = False

    def namespace(self, namespace: Namespace) -> Namespace:
        """The namespace with a tap on every op and method; what is no op stays as it is."""
        functions = {
            path: self._function(path, function) for path, function in namespace.functions.items()
        }
        methods = {
            name: self._op(name, method, is_method=True)
            for name, method in namespace.methods.items()
        }
        return Namespace(functions, methods, namespace.is_tensor)

    def recorded(self) -> tuple[Tapped, ...]:
        """The calls in the order in which they returned."""
        return tuple(call.tapped() for call in self._calls)

    def _function(self, path: str, function: Function) -> Function:
        if path in DIFFERENTIATING:
            return lambda *given: self._inside(function(*given))
        if path == "variableGrads":
            return self._inside(function)
        if path in NO_OPS:
            return function
        return self._op(path, function, is_method=False)

    def _op(self, op: str, function: Function, *, is_method: bool) -> Function:
        # Who calls a function may ask it how many arguments it takes.
        @functools.wraps(function)
        def call(*given: Any) -> Any:
            if self._running:
                return function(*given)
            return self._called(op, is_method, function, given)

        return call

    def _inside(self, differentiating: Function) -> Function:
        """The function, during which gradients are those of one level more."""

        def call(*given: Any) -> Any:
            with self._deeper():
                return differentiating(*given)

        return call

    @contextlib.contextmanager
    def _deeper(self) -> Iterator[None]:
        self._level += 1
        try:
            yield
        finally:
            self._level -= 1

    def _called(self, op: str, method: bool, function: Function, given: tuple[Any, ...]) -> Any:
        """The result of an op, called and recorded; a call that throws leaves no record."""
        library = self._library
        inputs = [tensor for _, tensor in self._tensors(given)]
        given_ids = {id(tensor) for tensor in inputs}
        numbers = iter(range(len(inputs)))
        call = _Call(
            op,
            method,
            tuple(self._form(value, numbers) for value in given),
            tuple(map(library.to_message, inputs)),
            tuple(self._sources.get(id(tensor)) for tensor in inputs),
        )
        passed = [library.tapped(x, self._went(call, at)) for at, x in enumerate(inputs)]
        self._running = True
        try:
            result = function(*self._replaced(given, iter(passed)))
        finally:
            self._running = False
        named = self._tensors(result)
        call.results = {key: library.to_message(tensor) for key, tensor in named}
        heard = [library.tapped(tensor, self._came(call, key)) for key, tensor in named]
        for (key, _), tensor in zip(named, heard, strict=True):
            # What an op hands back as it got it is still what it was.
            if id(tensor) not in given_ids:
                self._kept.append(tensor)
                self._sources[id(tensor)] = len(self._calls), key
        self._calls.append(call)
        return self._replaced(result, iter(heard))

    def _came(self, call: _Call, key: str) -> Note:
        def note(dy: Any) -> None:
            call.at(self._level).upstream[key] = self._library.to_message(dy)

        return note

    def _went(self, call: _Call, at: int) -> Note:
        def note(dy: Any) -> None:
            call.at(self._level).gradients[at] = self._library.to_message(dy)

        return note

    def _tensors(self, value: Any) -> list[tuple[str, Any]]:
        """The tensors in a value, with their places: ``""``, ``0``, ``name``, ``0.1``."""
        if self._library.is_tensor(value):
            return [("", value)]
        match value:
            case list() | tuple():
                parts = [(str(at), item) for at, item in enumerate(value)]
            case dict():
                parts = list(value.items())
            case _:
                return []
        return [
            (f"{name}.{place}" if place else name, tensor)
            for name, part in parts
            for place, tensor in self._tensors(part)
        ]

    def _replaced(self, value: Any, tensors: Iterator[Any]) -> Any:
        """The value with the next tensors in the places of its own."""
        if self._library.is_tensor(value):
            return next(tensors)
        match value:
            case list() | tuple():
                return type(value)([self._replaced(item, tensors) for item in value])
            case dict():
                return type(value)(
                    {name: self._replaced(part, tensors) for name, part in value.items()}
                )
            case _:
                return value

    def _form(self, value: Any, numbers: Iterator[int]) -> Any:  # noqa: PLR0911  one per form
        """The value of an argument in the form of JSON, tensors numbered as they come."""
        if self._library.is_tensor(value):
            return {"input": next(numbers)}
        match value:
            case list() | tuple():
                return [self._form(item, numbers) for item in value]
            case dict():
                return {name: self._form(part, numbers) for name, part in value.items()}
            case _ if value is UNDEFINED:
                return {"undefined": True}
            case float() if not math.isfinite(value):
                return {"number": number_text(value)}
            case float() if value == 0.0 and math.copysign(1.0, value) < 0:
                return {"number": "-0"}
            case _ if callable(value):
                return {"function": True}
            case _:
                return value
