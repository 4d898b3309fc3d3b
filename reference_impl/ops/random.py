"""Operations / Random: the draws are TensorFlow's own, a seed says which.

As in tf.js, a call with the same seed draws the same numbers again, so all of these are
TensorFlow's stateless generators. What has no seed draws one from a row that every case starts
anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow import Tensor

from reference_impl import coercion, seeds
from reference_impl.javascript import number
from reference_impl.ops._table import op

Shape = list[int]


def key(seed: float | None) -> Tensor:
    """What TensorFlow's stateless generators take for a seed of tf.js."""
    if seed is None:
        return tf.constant([seeds.draw(), 1], tf.int64)
    return tf.constant([int(seed), 0], tf.int64)


def _as_dtype(draw: Tensor, dtype: str | None, allowed: tuple[str, ...]) -> Tensor:
    """The draw itself or rounded; TensorFlow draws floating point only."""
    if dtype is not None and dtype not in allowed:
        raise ValueError(f"Unsupported data type {dtype}")
    # Math.round: halves go up.
    return tf.cast(tf.floor(draw + 0.5), tf.int32) if dtype == "int32" else draw


@op("logits", method=False)
def multinomial(
    logits: Tensor, numSamples: int, seed: float | None = None, normalized: bool = False
) -> Tensor:
    size, rank = logits.shape.num_elements(), logits.shape.rank
    if size < 2:  # noqa: PLR2004  tf.js's own limit, as the next one
        raise ValueError(f"Error in multinomial: you need at least 2 outcomes, but got {size}.")
    if rank > 2:  # noqa: PLR2004
        raise ValueError(f"Rank of probabilities must be 1 or 2, but is {rank}")
    rows = tf.reshape(logits, [1, -1]) if rank == 1 else logits
    rows = tf.math.log(rows) if normalized else rows
    drawn = tf.random.stateless_categorical(rows, numSamples, key(seed), tf.int32)
    return tf.reshape(drawn, [-1]) if rank == 1 else drawn


@op(method=False)
def rand(shape: Shape, randFunction: Callable[[], Any], dtype: str | None = None) -> Tensor:
    if dtype not in {None, "float32", "int32", "bool"}:
        raise ValueError(f"Unknown data type {dtype}")
    drawn = [number(randFunction()) for _ in range(math.prod(tf.zeros(shape).shape))]
    return tf.reshape(coercion.tensor(drawn, [len(drawn)], dtype), shape)


@op(method=False)
def randomGamma(
    shape: Shape, alpha: float, beta: float = 1, dtype: str | None = None, seed: float | None = None
) -> Tensor:
    rate = 1 if beta is None else beta
    draw = tf.random.stateless_gamma(shape, key(seed), float(alpha), float(rate))
    return _as_dtype(draw, dtype, ("float32", "int32"))


@op(method=False)
def randomNormal(
    shape: Shape,
    mean: float = 0,
    stdDev: float = 1,
    dtype: str | None = None,
    seed: float | None = None,
) -> Tensor:
    draw = tf.random.stateless_normal(shape, key(seed), mean, stdDev)
    return _as_dtype(draw, dtype, ("float32", "int32"))


@op(method=False)
def randomStandardNormal(
    shape: Shape, dtype: str | None = None, seed: float | None = None
) -> Tensor:
    return randomNormal(shape, 0, 1, dtype, seed)


@op(method=False)
def randomUniform(
    shape: Shape,
    minval: float = 0,
    maxval: float = 1,
    dtype: str = "float32",
    seed: float | None = None,
) -> Tensor:
    if dtype == "bool":
        # TensorFlow draws no booleans: an integer of the range that is not zero is true.
        return tf.cast(randomUniform(shape, minval, maxval, "int32", seed), tf.bool)
    return tf.random.stateless_uniform(shape, key(seed), minval, maxval, dtype)


@op(method=False)
def randomUniformInt(shape: Shape, minval: int, maxval: int, seed: float | None = None) -> Tensor:
    return randomUniform(shape, minval, maxval, "int32", seed)


@op(method=False)
def truncatedNormal(
    shape: Shape,
    mean: float = 0,
    stdDev: float = 1,
    dtype: str | None = None,
    seed: float | None = None,
) -> Tensor:
    draw = tf.random.stateless_truncated_normal(shape, key(seed), mean, stdDev)
    return _as_dtype(draw, dtype, ("float32", "int32"))
