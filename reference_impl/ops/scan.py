"""Operations / Scan."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.ops._table import op


@op("x")
def cumprod(x: Tensor, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    return tf.math.cumprod(_no_bool(x), axis, bool(exclusive), bool(reverse))


@op("x")
def cumsum(x: Tensor, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    return tf.math.cumsum(_no_bool(x), axis, bool(exclusive), bool(reverse))


def _no_bool(x: Tensor) -> Tensor:
    return tf.cast(x, tf.int32) if x.dtype == tf.bool else x
