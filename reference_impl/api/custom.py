"""What all implementations of ``tf.customGrad`` share: how it calls, and what it refuses."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from reference_impl.api.gradients import GradientError
from reference_impl.javascript import list_text

_RETURNS = "The function f passed in customGrad(f) must return an object where"


def parts(result: Any, is_tensor: Callable[[Any], bool]) -> tuple[Any, Callable[..., Any]]:
    """The value and the gradFunc that f returned, in a dict or an object with these attributes.

    Raises:
        GradientError: they are no tensor and no function.
    """
    value, grad_func = _part(result, "value"), _part(result, "gradFunc")
    if not is_tensor(value):
        raise GradientError(f"{_RETURNS} `obj.value` is a tensor")
    if not callable(grad_func):
        raise GradientError(f"{_RETURNS} `obj.gradFunc` is a function.")
    return value, grad_func


def checked(
    returned: Any,
    inputs: Sequence[Any],
    is_tensor: Callable[[Any], bool],
    dtype: Callable[[Any], str],
) -> list[Any]:
    """The gradients that gradFunc returned, one tensor or a list, one for each input.

    Raises:
        GradientError: something else, or a gradient of another dtype or shape than its input needs.
    """
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
        if dtype(x) != "float32":
            continue
        if dtype(gradient) != "float32":
            raise GradientError(
                f"Error in gradient for op forward. The gradient of input {at} must have"
                f" 'float32' dtype, but has '{dtype(gradient)}'"
            )
        if tuple(gradient.shape) != tuple(x.shape):
            raise GradientError(
                f"Error in gradient for op forward. The gradient of input '{at}' has shape"
                f" '{list_text(gradient.shape)}', which does not match the shape of the input"
                f" '{list_text(x.shape)}'"
            )
    return gradients


def _part(result: Any, name: str) -> Any:
    return result.get(name) if isinstance(result, dict) else getattr(result, name, None)


def call(f: Callable[..., Any], *arguments: Any) -> Any:
    """``f(...arguments)`` as in JavaScript: a function ignores arguments that it does not name."""
    positional = 0
    for parameter in inspect.signature(f).parameters.values():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            return f(*arguments)
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            positional += 1
    return f(*arguments[:positional])
