"""Operations / Basic math."""

from __future__ import annotations

import math

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.coercion import upcast
from reference_impl.ops._table import op


@op("x")
def abs(x: Tensor) -> Tensor:
    return tf.abs(x)


@op("x")
def acos(x: Tensor) -> Tensor:
    return tf.acos(x)


@op("x")
def acosh(x: Tensor) -> Tensor:
    return tf.acosh(x)


@op("x")
def asin(x: Tensor) -> Tensor:
    return tf.asin(x)


@op("x")
def asinh(x: Tensor) -> Tensor:
    return tf.asinh(x)


@op("x")
def atan(x: Tensor) -> Tensor:
    return tf.atan(x)


@op("a", "b")
def atan2(a: Tensor, b: Tensor) -> Tensor:
    return tf.atan2(*upcast(a, b))


@op("x")
def atanh(x: Tensor) -> Tensor:
    return tf.atanh(x)


@op(x="float32")
def ceil(x: Tensor) -> Tensor:
    return tf.math.ceil(x)


@op("x")
def clipByValue(x: Tensor, clipValueMin: float, clipValueMax: float = math.nan) -> Tensor:
    # A bound that is missing compares like NaN in JavaScript.
    if not clipValueMin <= clipValueMax:
        raise ValueError(
            f"Error in clip: min ({clipValueMin}) must be less than or equal to"
            f" max ({clipValueMax})."
        )
    return tf.clip_by_value(x, tf.cast(clipValueMin, x.dtype), tf.cast(clipValueMax, x.dtype))


@op(x="float32")
def cos(x: Tensor) -> Tensor:
    return tf.cos(x)


@op(x="float32")
def cosh(x: Tensor) -> Tensor:
    return tf.cosh(x)


@op(x="float32")
def elu(x: Tensor) -> Tensor:
    return tf.nn.elu(x)


@op("x")
def erf(x: Tensor) -> Tensor:
    if x.dtype not in {tf.int32, tf.float32}:
        raise ValueError("Input dtype must be `int32` or `float32`.")
    return tf.math.erf(_float(x))


@op("x")
def exp(x: Tensor) -> Tensor:
    return tf.exp(_float(x))


@op("x")
def expm1(x: Tensor) -> Tensor:
    return tf.math.expm1(x)


@op(x="float32")
def floor(x: Tensor) -> Tensor:
    return tf.floor(x)


@op("x")
def isFinite(x: Tensor) -> Tensor:
    return tf.math.is_finite(_float(x))


@op("x")
def isInf(x: Tensor) -> Tensor:
    return tf.math.is_inf(_float(x))


@op("x")
def isNaN(x: Tensor) -> Tensor:
    return tf.math.is_nan(_float(x))


@op("x")
def leakyRelu(x: Tensor, alpha: float = 0.2) -> Tensor:
    return tf.nn.leaky_relu(_float(x), alpha)


@op(x="float32")
def log(x: Tensor) -> Tensor:
    return tf.math.log(x)


@op("x")
def log1p(x: Tensor) -> Tensor:
    return tf.math.log1p(x)


@op("x")
def logSigmoid(x: Tensor) -> Tensor:
    return tf.math.log_sigmoid(x)


@op("x")
def neg(x: Tensor) -> Tensor:
    return tf.negative(x)


@op("x", "alpha")
def prelu(x: Tensor, alpha: Tensor) -> Tensor:
    # TensorFlow has no such op. The inner where keeps alpha's gradient free of 0 * Infinity.
    x, alpha = _float(x), _float(alpha)
    return tf.where(x > 0, x, alpha * tf.where(x > 0, tf.zeros_like(x), x))


@op("x")
def reciprocal(x: Tensor) -> Tensor:
    return tf.math.reciprocal(x)


@op("x")
def relu(x: Tensor) -> Tensor:
    return tf.nn.relu(x)


@op("x")
def relu6(x: Tensor) -> Tensor:
    return tf.nn.relu6(x)


@op("x")
def round(x: Tensor) -> Tensor:
    return tf.round(x)


@op(x="float32")
def rsqrt(x: Tensor) -> Tensor:
    return tf.math.rsqrt(x)


@op("x")
def selu(x: Tensor) -> Tensor:
    return tf.nn.selu(x)


@op(x="float32")
def sigmoid(x: Tensor) -> Tensor:
    return tf.sigmoid(x)


@op("x")
def sign(x: Tensor) -> Tensor:
    return tf.sign(x)


@op(x="float32")
def sin(x: Tensor) -> Tensor:
    return tf.sin(x)


@op("x")
def sinh(x: Tensor) -> Tensor:
    return tf.sinh(x)


@op("x")
def softplus(x: Tensor) -> Tensor:
    return tf.math.softplus(x)


@op(x="float32")
def sqrt(x: Tensor) -> Tensor:
    return tf.sqrt(x)


@op("x")
def square(x: Tensor) -> Tensor:
    return tf.square(x)


@op("x")
def step(x: Tensor, alpha: float = 0) -> Tensor:
    # TensorFlow has no such op; tf.js documents it as x > 0 ? 1 : alpha.
    return tf.where(x > 0, tf.cast(1, x.dtype), tf.cast(alpha, x.dtype))


@op(x="float32")
def tan(x: Tensor) -> Tensor:
    return tf.tan(x)


@op(x="float32")
def tanh(x: Tensor) -> Tensor:
    return tf.tanh(x)


def _float(x: Tensor) -> Tensor:
    """Where tf.js computes int32 and bool as float32 and TensorFlow refuses them."""
    return tf.cast(x, tf.float32) if x.dtype in {tf.int32, tf.bool} else x
