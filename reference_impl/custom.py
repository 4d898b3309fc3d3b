"""``tf.customGrad`` on ``tf.custom_gradient``: a function with a gradient of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from reference_impl.api import custom
from reference_impl.api.gradients import GradientError
from reference_impl.coercion import is_tensor


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
            result = custom.call(f, *inputs, saved.extend)
            value, grad_func = custom.parts(result, is_tensor)

            def backward(dy: tf.Tensor, variables: Any = None) -> Any:
                returned = custom.call(grad_func, dy, saved)
                checked = custom.checked(returned, inputs, is_tensor, _dtype)
                gradients = [tf.convert_to_tensor(gradient) for gradient in checked]
                # Variables that f reads without being given them are constants, as in tf.js.
                return (gradients, [None] * len(variables)) if variables else gradients

            return tf.convert_to_tensor(value), backward

        return tf.custom_gradient(forward)(*inputs)

    return call


def _dtype(tensor: tf.Tensor) -> str:
    return str(tensor.dtype.name)
