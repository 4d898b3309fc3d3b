"""``tf.scalar``, ``tf.tensor1d`` to ``tf.tensor6d`` and ``tf.variable``, with tf.js's checks."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import tensorflow as tf

from reference_impl.api import constructors
from reference_impl.coercion import CoercionError, is_tensor, tensor
from reference_impl.javascript import is_nullish

scalar = functools.partial(constructors.scalar, tensor)
tensor1d = functools.partial(constructors.tensor1d, tensor)
of_rank = functools.partial(constructors.of_rank, tensor)
_unnamed = itertools.count()


def variable(initial: Any, trainable: Any, name: Any, dtype: Any) -> tf.Variable:
    """``tf.variable``: trainable unless told otherwise; without a name it gets a number.

    Raises:
        CoercionError: the initial value is no tensor.
    """
    if not is_tensor(initial):
        raise CoercionError("the initial value passed to variable() must be a tensor")
    value = initial if is_nullish(dtype) else tf.cast(initial, dtype)
    label = str(next(_unnamed)) if is_nullish(name) or not name else name
    return tf.Variable(value, trainable=trainable is not False, name=label)
