"""What ``tf`` is for a function under test on TensorFlow."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from reference_impl import coercion, constructors, custom, gradients
from reference_impl.api.namespace import Function, Namespace, Record, UnsupportedOp, functions

__all__ = ["Namespace", "Record", "UnsupportedOp", "namespace", "standard"]

_FUNCTIONS = functions(
    gradients.GRADIENTS, custom.custom_grad, coercion.tensor, constructors.variable
)


@functools.cache
def standard() -> Namespace:
    """All ops of this implementation, and what is defined here."""
    from reference_impl.ops import METHODS, OPS  # noqa: PLC0415  only this function needs all ops

    return namespace(OPS, METHODS)


def namespace(ops: Mapping[str, Function], methods: Mapping[str, Function]) -> Namespace:
    """These ops and methods, and what is defined here."""
    return Namespace({**ops, **_FUNCTIONS}, methods, coercion.is_tensor)
