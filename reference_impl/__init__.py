"""The reference implementation: tf.js's gradient API on ``tf.GradientTape``.

    from reference_impl import value_and_grads
    value, grads = value_and_grads(lambda x, y: x / y)([x, y])

The functions are those of ``gradients`` and ``custom``; they are imported when they are first asked
for, because the worker has to set up TensorFlow before anything imports it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reference_impl.custom import custom_grad
    from reference_impl.gradients import (
        grad,
        grads,
        value_and_grad,
        value_and_grads,
        variable_grads,
    )

__all__ = [
    "custom_grad",
    "grad",
    "grads",
    "value_and_grad",
    "value_and_grads",
    "variable_grads",
]


def __getattr__(name: str) -> Any:
    """Import a public function; PEP 562."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "custom" if name == "custom_grad" else "gradients"
    return getattr(import_module(f"{__name__}.{module}"), name)
