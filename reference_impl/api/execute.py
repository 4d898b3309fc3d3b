"""One case of the protocol on some library of tensors: a ``Run`` to what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from conformance.protocol import Argument, Optimizer, Phase, Printed, Returned, Run, Threw
from conformance.tensors import Tensor
from reference_impl import interpreter, printing
from reference_impl.api.gradients import Gradients, expect_scalar
from reference_impl.api.namespace import Namespace, UnsupportedOp
from reference_impl.api.taps import Taps

_LONGEST_MESSAGE = 2000
_SPECIAL = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf"), "-0": -0.0}


class RunAgain(BaseException):
    """The case is to be run anew, under other circumstances; it passes through ``execute``."""


class Library(Protocol):
    """What it takes to run a case: tensors from and to bits, and their gradients."""

    gradients: Gradients

    def restart(self) -> None:
        """Forget the case before: its random numbers, its tape."""

    def is_tensor(self, value: Any) -> bool:
        """Whether the value is a tensor or a variable."""

    def tensor(self, values: Any, shape: Any, dtype: Any) -> Any:
        """``tf.tensor(values, shape, dtype)``."""

    def variable(self, tensor: Any, name: str) -> Any:
        """A trainable variable."""

    def from_message(self, tensor: Tensor) -> Any:
        """The tensor with these bits."""

    def to_message(self, tensor: Any) -> Tensor:
        """The bits of a tensor or variable."""

    def minimize(
        self, f: Callable[[], Any], variables: Sequence[Any], optimizer: Optimizer, steps: int, /
    ) -> Any:
        """``tf.train[name](...arguments).minimize(f, true, variables)``, so many times."""


class _Inputs(NamedTuple):
    """The tensors of a request: all inputs in order, those to differentiate, and dy."""

    all: list[Any]
    xs: list[Any]
    dy: Any | None


class _Progress:
    """Which phase a case is in, so that an error can say it."""

    phase: Phase = "parse"


def execute(
    request: Run, library: Library, namespace: Namespace, taps: Taps | None = None
) -> Returned | Threw | str:
    """Run one case; a string says why it is unsupported. ``taps`` hear what its ops do.

    Whatever the case raises becomes ``Threw``. Inputs without a gradient get None. A case with
    random numbers starts them anew, so its answer does not depend on the cases before it.
    """
    progress = _Progress()
    try:
        return _executed(request, library, namespace, taps, progress)
    except RunAgain:
        raise
    except UnsupportedOp as error:
        return str(error)
    except BaseException as error:  # noqa: BLE001  a case must not end the process, exit() included
        message = _message(error)
        return Threw(progress.phase, type(error).__name__, message[:_LONGEST_MESSAGE])


def _executed(
    request: Run, library: Library, namespace: Namespace, taps: Taps | None, progress: _Progress
) -> Returned:
    library.restart()
    if taps is None:
        f = interpreter.function(request.f.tree, namespace)
    else:
        f = interpreter.compiled(request.f.tree, taps.namespace(namespace))
    progress.phase = "inputs"
    inputs = _inputs(request, library)
    progress.phase = "forward"

    def run(*_: Any) -> Any:
        # The tape knows the inputs by their identity, so f gets them as they are.
        progress.phase = "forward"
        value = f(*inputs.all)
        progress.phase = "backward"
        return value

    before = _states(request, inputs, library)
    start = time.perf_counter()
    value, grads = _called(request, run, inputs, library)
    seconds = time.perf_counter() - start
    progress.phase = "read"
    answer = _read(value, grads, seconds, library, print_texts=request.print)
    if request.inspect:
        after = _states(request, inputs, library)
        altered = tuple(name for name, state in before.items() if state != after[name])
        answer = msgspec.structs.replace(answer, altered=altered)
    if request.call != "minimize":
        return answer
    return msgspec.structs.replace(answer, variables=tuple(map(library.to_message, inputs.xs)))


def _states(request: Run, inputs: _Inputs, library: Library) -> dict[str, Tensor]:
    """The bits of every input, and of dy, by name; nothing where nobody asks for them."""
    if not request.inspect:
        return {}
    named = dict(zip(request.names, inputs.all, strict=True))
    if inputs.dy is not None:
        named["dy"] = inputs.dy
    return {name: library.to_message(tensor) for name, tensor in named.items()}


def _inputs(request: Run, library: Library) -> _Inputs:
    if request.call in {"grad", "valueAndGrad"} and len(request.wrt) != 1:
        raise ValueError(
            f"{request.call} differentiates one input, but wrt names {len(request.wrt)}"
        )
    named: dict[str, Any] = {}
    for name, argument in zip(request.names, request.args, strict=True):
        tensor = _tensor(argument, library)
        varies = request.call in {"variableGrads", "minimize"} and name in request.wrt
        named[name] = library.variable(tensor, name) if varies else tensor
    for name in request.wrt:
        if name not in named:
            raise ValueError(f"wrt names {name}, which is no input")
    dy = None if request.dy is None else _tensor(request.dy, library)
    return _Inputs(list(named.values()), [named[name] for name in request.wrt], dy)


def _tensor(argument: Argument, library: Library) -> Any:
    held = argument.tensor()
    if held is not None:
        return library.from_message(held)
    return library.tensor(_value(argument.literal), argument.shape, argument.dtype)


def _value(literal: Any) -> Any:
    """A JavaScript value of its JSON form."""
    match literal:
        case list():
            return [_value(item) for item in literal]
        case {"number": str() as name} if name in _SPECIAL:
            return _SPECIAL[name]
        case None | bool() | int() | float() | str():
            return literal
        case _:
            raise ValueError(f"a literal holds {literal!r}, which stands for no value")


def _called(
    request: Run, run: Callable[..., Any], inputs: _Inputs, library: Library
) -> tuple[Any | None, list[Any | None]]:
    """The value, except for ``grad`` and ``grads``, and the gradients in the order of ``wrt``."""
    xs, dy = inputs.xs, inputs.dy
    match request.call:
        case "value":
            return _value_of(run, library), []
        case "grad" | "grads" as api:
            return None, library.gradients.compute(
                api, run, xs, library.gradients.upstream(api, dy)
            ).grads
        case "valueAndGrad" | "valueAndGrads" as api:
            value, grads = library.gradients.compute(api, run, xs, dy)
            return value, grads
        case "variableGrads" as api:
            value, grads = library.gradients.compute(api, run, xs)
            if any(gradient is not None for gradient in grads):
                expect_scalar(value)
            return value, grads
        case "minimize":
            if request.optimizer is None:
                raise ValueError("minimize needs an optimizer")
            return library.minimize(run, xs, request.optimizer, request.steps), []


def _value_of(run: Callable[..., Any], library: Library) -> Any:
    value = run()
    if not library.is_tensor(value):
        raise TypeError("f returned something that is not a tensor")
    return value


def _read(
    value: Any | None,
    grads: list[Any | None],
    seconds: float,
    library: Library,
    *,
    print_texts: bool,
) -> Returned:
    read_value = _bits(value, library)
    read_grads = tuple(_bits(gradient, library) for gradient in grads)
    printed = None
    if print_texts:
        printed = Printed(_text(read_value), tuple(map(_text, read_grads)))
    return Returned(value=read_value, grads=read_grads, printed=printed, seconds=seconds)


def _bits(tensor: Any | None, library: Library) -> Tensor | None:
    return None if tensor is None else library.to_message(tensor)


def _text(tensor: Tensor | None) -> str | None:
    return None if tensor is None else printing.text(tensor)


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  an error whose own text fails still has a type
        return ""
