"""Operations / Dropout: the mask is TensorFlow's own, a seed says which."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.ops._table import op
from reference_impl.ops.random import key


@op("x", method=False)
def dropout(
    x: Tensor, rate: float, noiseShape: list[int | None] | None = None, seed: float | None = None
) -> Tensor:
    if x.dtype != tf.float32:
        raise ValueError(
            "x has to be a floating point tensor since it's going to be scaled,"
            f" but got a {x.dtype.name} tensor instead."
        )
    if not 0 <= rate < 1:
        raise ValueError(f"rate must be a float in the range [0, 1), but got {rate}.")
    return tf.nn.experimental.stateless_dropout(x, rate, key(seed), noise_shape=noiseShape)
