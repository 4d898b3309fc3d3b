"""Taps on TensorFlow: identities that hear the gradients which come back through them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from reference_impl.api.taps import Note


def tapped(tensor: Any, note: Note) -> Any:
    """The same tensor, behind a tap; see ``reference_impl.api.taps.Library``.

    TensorFlow goes through the ops of a tape in the order in which their gradients are complete,
    first in, first out, and in this order it adds up what comes to a tensor. A tap is an op more on
    the way, so the order stays as it is where all ops are tapped alike.
    """
    # Here the value of a variable is read, while the tapes look.
    value = tf.convert_to_tensor(tensor)
    if not (value.dtype.is_floating or value.dtype.is_complex):
        return tensor

    def forward(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[Any], Any]]:
        def backward(dy: Any) -> Any:
            # A gather's gradient is IndexedSlices, and goes on as that.
            note(tf.convert_to_tensor(dy))
            return dy

        return x, backward

    return tf.custom_gradient(forward)(value)
