"""The gradient API of tf.js over any library that can differentiate.

Assertions and their texts are those of tfjs-core's ``gradients.ts`` and ``engine.ts``; the numbers
are the library's. As in tf.js, an input that is passed twice gets the sum of its gradients each
time, a result that is no scalar is differentiated as the sum of its elements, and every function
here may be used inside the function that another one differentiates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from reference_impl.javascript import is_nullish, list_text

Api = Literal["grad", "grads", "valueAndGrad", "valueAndGrads", "variableGrads"]

_UNCONNECTED = (
    "Cannot compute gradient of y=f(x) with respect to x."
    " Make sure that the f you passed encloses all operations that lead from x to y."
)
_PARTLY_UNCONNECTED = _UNCONNECTED.replace("that the", "that\n    the")
# tf.js checks the shape of dy in these three, after it has computed the gradients.
_DY_SHAPE = {
    "grad": "The shape of dy passed in grad(f)(x, dy) must match the shape returned by f(x)",
    "grads": (
        "The shape of dy passed in grads(f)([x1,...], dy) must match the shape returned by"
        " f([x1,...])"
    ),
    "valueAndGrads": (
        "The shape of dy passed in valueAndGrads(f)([x1,...], dy) must match the shape returned by"
        " f([x1,...])"
    ),
}


class GradientError(ValueError):
    """A gradient function was called against its contract; the text is that of tf.js."""


class UnconnectedError(GradientError):
    """There is no gradient of the result with respect to an input."""


class ValueAndGrads(NamedTuple):
    """A value and its gradient per input, in the order of the inputs."""

    value: Any
    grads: list[Any]


class ValueAndGrad(NamedTuple):
    """A value and its gradient."""

    value: Any
    grad: Any


class VariableGrads(NamedTuple):
    """A scalar and its gradients by variable name; None for variables that are not trainable."""

    value: Any
    grads: dict[str, Any | None]


class Computed(NamedTuple):
    """A value and, per input, its gradient or None where there is none."""

    value: Any
    grads: list[Any | None]

    def connected(self) -> list[Any]:
        """The gradients.

        Raises:
            UnconnectedError: some are missing, or all; the two texts of tf.js differ.
        """
        found = [gradient for gradient in self.grads if gradient is not None]
        if not found:
            raise UnconnectedError(_UNCONNECTED)
        if len(found) < len(self.grads):
            raise UnconnectedError(_PARTLY_UNCONNECTED)
        return found


class Library(Protocol):
    """What is asked of a library of tensors. A tensor or variable has a ``shape``."""

    shape_errors: tuple[type[Exception], ...]
    """What ``backpropagate`` raises where dy has a shape that some op cannot take."""

    def is_tensor(self, value: Any) -> bool:
        """Whether the value is a tensor or a variable."""

    def is_variable(self, value: Any) -> bool:
        """Whether the value is a variable; it has ``trainable``."""

    def dtype(self, tensor: Any) -> str:
        """The dtype of a tensor, as tf.js calls it."""

    def name(self, variable: Any) -> str:
        """The name that a variable was given."""

    def convert(self, value: Any, argument: str, op: str, dtype: str) -> Any:
        """The tensor that an op sees for an argument."""

    def run(self, f: Callable[[], Any], xs: Sequence[Any] | None) -> tuple[Any, Any]:
        """What ``f()`` returns, and the tape that watched xs, or all trainable variables."""

    def watched(self, tape: Any) -> list[Any]:
        """The trainable variables that were read while the tape was watching."""

    def backpropagate(
        self, tape: Any, value: Any, xs: Sequence[Any], dy: Any | None
    ) -> list[Any | None]:
        """The gradients of the value; None for an input that has none."""


class Gradients:
    """The functions of tf.js that differentiate, on one library."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def value_and_grads(self, f: Callable[..., Any]) -> Callable[..., ValueAndGrads]:
        """``tf.valueAndGrads``: the function that gives f's value and gradients.

        ``value_and_grads(f)(xs, dy=None)`` calls ``f(*xs)``. ``xs`` is a list of tensors or
        variables, ``dy`` the float32 upstream gradient of the shape of the value, by default ones.

        Raises:
            GradientError: ``f`` is no function; when called, see ``compute``, or ``dy`` has another
                shape than the value.
            UnconnectedError: when called, an input has no gradient.
        """
        _expect_function(f, "valueAndGrads(f)")

        def call(xs: Sequence[Any], dy: Any | None = None) -> ValueAndGrads:
            if not isinstance(xs, list | tuple) or not all(map(self._library.is_tensor, xs)):
                raise GradientError(
                    "The args passed in valueAndGrads(f)(args) must be array of tensors"
                )
            if not is_nullish(dy) and not self._library.is_tensor(dy):
                raise GradientError("The dy passed in valueAndGrads(f)(args, dy) must be a tensor")
            computed = self.compute("valueAndGrads", f, xs, dy)
            return ValueAndGrads(computed.value, computed.connected())

        return call

    def value_and_grad(self, f: Callable[..., Any]) -> Callable[..., ValueAndGrad]:
        """``tf.valueAndGrad``: the function that gives f's value and its gradient for one input.

        ``value_and_grad(f)(x, dy=None)``; as ``value_and_grads``, but a ``dy`` of another shape
        than the value is used as it is, and fails only if the gradient does not get the shape of
        ``x``.
        """
        _expect_function(f, "valueAndGrad(f)")

        def call(x: Any, dy: Any | None = None) -> ValueAndGrad:
            if not self._library.is_tensor(x):
                raise GradientError("The x passed in valueAndGrad(f)(x) must be a tensor")
            if not is_nullish(dy) and not self._library.is_tensor(dy):
                raise GradientError("The dy passed in valueAndGrad(f)(x, dy) must be a tensor")
            computed = self.compute("valueAndGrad", f, [x], dy)
            return ValueAndGrad(computed.value, computed.connected()[0])

        return call

    def grads(self, f: Callable[..., Any]) -> Callable[..., list[Any]]:
        """``tf.grads``: as ``value_and_grads``, without value, and with inputs and dy coerced."""
        _expect_function(f, "grads(f)")

        def call(xs: Sequence[Any], dy: Any = None) -> list[Any]:
            if not isinstance(xs, list | tuple):
                raise GradientError(
                    "The args passed in grads(f)(args) must be an array of `Tensor`s or"
                    " `TensorLike`s"
                )
            tensors = [
                self._library.convert(x, f"args[{at}]", "tf.grads", "string_or_numeric")
                for at, x in enumerate(xs)
            ]
            return self.compute("grads", f, tensors, self.upstream("grads", dy)).connected()

        return call

    def grad(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """``tf.grad``: as ``value_and_grad``, without the value, and with input and dy coerced.

        Here the shape of ``dy`` must be that of the value.
        """
        _expect_function(f, "grad(f)")

        def call(x: Any, dy: Any = None) -> Any:
            tensor = self._library.convert(x, "x", "tf.grad", "string_or_numeric")
            return self.compute("grad", f, [tensor], self.upstream("grad", dy)).connected()[0]

        return call

    def variable_grads(
        self, f: Callable[[], Any], var_list: Sequence[Any] | None = None
    ) -> VariableGrads:
        """``tf.variableGrads``: the value of ``f()``, a scalar, and its gradients by variable name.

        Args:
            f: a function without parameters that reads the variables.
            var_list: the variables; by default all trainable ones that ``f`` reads. Trainable ones
                without a gradient are left out of the result, the others are in it with None.

        Raises:
            GradientError: no trainable variable, or a value that is no scalar.
            UnconnectedError: no variable has a gradient.
        """
        _expect_function(f, "variableGrads(f)")
        variables: list[Any] | None = None
        fixed: list[Any] = []
        if not is_nullish(var_list):
            if not isinstance(var_list, list | tuple) or not all(
                map(self._library.is_variable, var_list)
            ):
                raise GradientError(
                    "The varList passed in variableGrads(f, varList) must be an array of variables"
                )
            variables = [variable for variable in var_list if variable.trainable]
            fixed = [variable for variable in var_list if not variable.trainable]
            if not variables:
                raise GradientError(
                    "variableGrads() expects at least one of the input variables to be trainable,"
                    f" but none of the {len(var_list)} variables is trainable."
                )
        value, tape = self._run(f, variables)
        watched = self._library.watched(tape) if variables is None else variables
        found = self._library.backpropagate(tape, value, watched, None) if watched else []
        expect_any(found)
        expect_scalar(value)
        named: dict[str, Any | None] = {
            self._library.name(variable): gradient
            for variable, gradient in zip(watched, found, strict=True)
            if gradient is not None
        }
        return VariableGrads(value, named | dict.fromkeys(map(self._library.name, fixed)))

    def compute(
        self, api: Api, f: Callable[..., Any], xs: Sequence[Any], dy: Any | None = None
    ) -> Computed:
        """The value of ``f(*xs)`` and its gradients, with None where there is none.

        Args:
            api: the function of tf.js that is called; it decides whether dy's shape is checked.
            f: the function; it is called with the tensors one by one.
            xs: tensors or variables.
            dy: the upstream gradient, by default ones of the shape of the value.

        Raises:
            GradientError: no inputs, a dy that is not float32, a result that is no tensor, a dy of
                a wrong shape (if any input has a gradient), or a gradient that has not its
                input's shape.
        """
        if not xs:
            raise GradientError("gradients() received an empty list of xs.")
        if is_nullish(dy):
            dy = None
        elif dy is not None and self._library.dtype(dy) != "float32":
            raise GradientError(
                f"dy must have 'float32' dtype, but has '{self._library.dtype(dy)}'"
            )
        value, tape = self._run(lambda: f(*xs), xs)
        misfit = _misfit(api, value, dy)
        try:
            found = self._library.backpropagate(tape, value, xs, dy)
        except self._library.shape_errors as error:
            if misfit is None:
                raise
            # Some op met the wrong shape on the way; what is wrong is dy.
            raise GradientError(misfit) from error
        # An input that is not connected is found before dy is looked at, as in tf.js.
        if misfit is not None and any(gradient is not None for gradient in found):
            raise GradientError(misfit)
        for at, (x, gradient) in enumerate(zip(xs, found, strict=True)):
            if gradient is not None and tuple(gradient.shape) != tuple(x.shape):
                raise GradientError(
                    f"The gradient of input '{at}' has shape '{list_text(gradient.shape)}',"
                    f" which does not match the shape of the input '{list_text(x.shape)}'"
                )
        return Computed(value, found)

    def upstream(self, api: Literal["grad", "grads"], dy: Any) -> Any | None:
        """The dy of ``grad`` and ``grads``, which coerce it.

        Raises:
            CoercionError: it cannot become a tensor of numbers.
        """
        return None if is_nullish(dy) else self._library.convert(dy, "dy", f"tf.{api}", "numeric")

    def _run(self, f: Callable[[], Any], xs: Sequence[Any] | None) -> tuple[Any, Any]:
        value, tape = self._library.run(f, xs)
        if not self._library.is_tensor(value):
            raise GradientError("The result y returned by f() must be a tensor.")
        return value, tape


def expect_any(grads: Sequence[Any | None]) -> None:
    """Assert that some variable has a gradient.

    Raises:
        UnconnectedError: none has.
    """
    if all(gradient is None for gradient in grads):
        raise UnconnectedError(
            "Cannot find a connection between any variable and the result of the loss function"
            " y=f(x). Please make sure the operations that use variables are inside the function f"
            " passed to minimize()."
        )


def expect_scalar(value: Any) -> None:
    """Assert what ``variableGrads`` wants of f's result.

    Raises:
        GradientError: the value is no scalar.
    """
    rank = len(value.shape)
    if rank != 0:
        raise GradientError(
            "The f passed in variableGrads(f) must return a scalar,"
            f" but it returned a rank-{rank} tensor"
        )


def _misfit(api: Api, value: Any, dy: Any | None) -> str | None:
    """What is wrong with the shape of dy, where tf.js checks it."""
    if dy is None or api not in _DY_SHAPE or tuple(value.shape) == tuple(dy.shape):
        return None
    return f"{_DY_SHAPE[api]} Shapes {list_text(value.shape)} and {list_text(dy.shape)} must match"


def _expect_function(f: Any, call: str) -> None:
    if not callable(f):
        raise GradientError(f"The f passed in {call} must be a function")
