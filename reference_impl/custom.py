"""``tf.customGrad`` on ``tf.custom_gradient``: a function with a gradient of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from reference_impl.coercion import is_tensor
from reference_impl.gradients import GradientError
from reference_impl.javascript import list_text

_RETURNS = "The function f passed in customGrad(f) must return an object where"


def custom_grad(f: Callable[..., Any]) -> Callable[..., tf.Tensor]:
    """``tf.customGrad``: the function with f's value and the gradient that f gives for it.

    ``f(*tensors, save)`` returns a dict, or an object with the attributes, of ``value``, a tensor,
    and ``gradFunc``: called as ``gradFunc(dy, saved)``, it returns one gradient per tensor, a
    tensor or a list. ``save(tensors)`` sets what ``saved`` is. As in JavaScript, both functions may
    leave out parameters at the end. The gradient can be differentiated again: by the ops that
    gradFunc uses.

    Raises:
        GradientError: f is no function; when called, an argument is no tensor, or f or gradFunc
            returns something else, or a gradient of another dtype or shape than its input needs.
    """
    if not callable(f):
        raise GradientError("The f passed in customGrad(f) must be a function.")

    def call(*inputs: tf.Tensor) -> tf.Tensor:
        if not all(map(is_tensor, inputs)):
            raise GradientError("The args passed in customGrad(f)(x1, x2,...) must all be tensors")

        def forward(*_: tf.Tensor) -> tuple[tf.Tensor, Callable[..., Any]]:
            saved: list[tf.Tensor] = []
            result = _call(f, *inputs, saved.extend)
            value, grad_func = _part(result, "value"), _part(result, "gradFunc")
            if not is_tensor(value):
                raise GradientError(f"{_RETURNS} `obj.value` is a tensor")
            if not callable(grad_func):
                raise GradientError(f"{_RETURNS} `obj.gradFunc` is a function.")

            def backward(dy: tf.Tensor, variables: Any = None) -> Any:
                gradients = _checked(_call(grad_func, dy, saved), inputs)
                # Variables that f reads without being given them are constants, as in tf.js.
                return (gradients, [None] * len(variables)) if variables else gradients

            return tf.convert_to_tensor(value), backward

        return tf.custom_gradient(forward)(*inputs)

    return call


def _checked(returned: Any, inputs: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    gradients = list(returned) if isinstance(returned, list | tuple) else [returned]
    if len(gradients) != len(inputs):
        raise GradientError(
            f"{_RETURNS} `obj.gradFunc` is a function that returns the same number of tensors"
            " as inputs passed to f(...)."
        )
    if not all(map(is_tensor, gradients)):
        raise GradientError(
            f"{_RETURNS} `obj.gradFunc` is a function that returns a list of only tensors."
        )
    for at, (gradient, x) in enumerate(zip(gradients, inputs, strict=True)):
        # Nothing flows on from an integer; tf.js looks at the inputs on the path only.
        if x.dtype != tf.float32:
            continue
        if gradient.dtype != tf.float32:
            raise GradientError(
                f"Error in gradient for op forward. The gradient of input {at} must have"
                f" 'float32' dtype, but has '{gradient.dtype.name}'"
            )
        if gradient.shape != x.shape:
            raise GradientError(
                f"Error in gradient for op forward. The gradient of input '{at}' has shape"
                f" '{list_text(gradient.shape)}', which does not match the shape of the input"
                f" '{list_text(x.shape)}'"
            )
    return [tf.convert_to_tensor(gradient) for gradient in gradients]


def _part(result: Any, name: str) -> Any:
    return result.get(name) if isinstance(result, dict) else getattr(result, name, None)


def _call(f: Callable[..., Any], *arguments: Any) -> Any:
    """``f(...arguments)`` as in JavaScript: a function ignores arguments that it does not name."""
    positional = 0
    for parameter in inspect.signature(f).parameters.values():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            return f(*arguments)
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            positional += 1
    return f(*arguments[:positional])
