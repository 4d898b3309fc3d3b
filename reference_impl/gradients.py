"""The gradient API of tf.js on ``tf.GradientTape``; see ``reference_impl.api.gradients``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from reference_impl.api.gradients import (
    Api,
    Computed,
    GradientError,
    Gradients,
    UnconnectedError,
    ValueAndGrad,
    ValueAndGrads,
    VariableGrads,
    expect_any,
    expect_scalar,
)
from reference_impl.coercion import convert, is_tensor

__all__ = [
    "GRADIENTS",
    "Api",
    "Computed",
    "GradientError",
    "UnconnectedError",
    "ValueAndGrad",
    "ValueAndGrads",
    "VariableGrads",
    "compute",
    "expect_any",
    "expect_scalar",
    "grad",
    "grads",
    "upstream",
    "value_and_grad",
    "value_and_grads",
    "variable_grads",
    "variable_name",
]


def variable_name(variable: tf.Variable) -> str:
    """The name that the variable was given; TensorFlow appends the number of an output."""
    return str(variable.name).removesuffix(":0")


class _TensorFlow:
    """TensorFlow as the gradient API wants it."""

    shape_errors: tuple[type[Exception], ...] = (tf.errors.InvalidArgumentError,)
    is_tensor = staticmethod(is_tensor)
    name = staticmethod(variable_name)
    convert = staticmethod(convert)

    @staticmethod
    def is_variable(value: Any) -> bool:
        return isinstance(value, tf.Variable)

    @staticmethod
    def dtype(tensor: Any) -> str:
        return str(tensor.dtype.name)

    @staticmethod
    def run(
        f: Callable[[], Any], xs: Sequence[tf.Tensor] | None
    ) -> tuple[tf.Tensor, tf.GradientTape]:
        with tf.GradientTape(watch_accessed_variables=xs is None) as tape:
            # TensorFlow has no gradients for integers, and says so in a log line for each.
            tape.watch([x for x in xs or () if _is_continuous(x)])
            value = f()
            if is_tensor(value):
                # The value of a variable is read while the tape looks.
                value = tf.convert_to_tensor(value)
        return value, tape

    @staticmethod
    def watched(tape: tf.GradientTape) -> list[tf.Variable]:
        return list(tape.watched_variables())

    @staticmethod
    def backpropagate(
        tape: tf.GradientTape, value: tf.Tensor, xs: Sequence[tf.Tensor], dy: tf.Tensor | None
    ) -> list[tf.Tensor | None]:
        gradients = tape.gradient(value, list(xs), output_gradients=dy)
        return [
            # A gather's gradient is IndexedSlices; an integer that is its own value would get ones.
            None if gradient is None or not _is_continuous(x) else tf.convert_to_tensor(gradient)
            for x, gradient in zip(xs, gradients, strict=True)
        ]


def _is_continuous(x: tf.Tensor) -> bool:
    return bool(x.dtype.is_floating or x.dtype.is_complex)


GRADIENTS = Gradients(_TensorFlow())
value_and_grads = GRADIENTS.value_and_grads
value_and_grad = GRADIENTS.value_and_grad
grads = GRADIENTS.grads
grad = GRADIENTS.grad
variable_grads = GRADIENTS.variable_grads
compute = GRADIENTS.compute
upstream = GRADIENTS.upstream
