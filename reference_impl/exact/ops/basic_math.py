"""Operations / Basic math."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from reference_impl.exact import tape
from reference_impl.exact import tensor as t
from reference_impl.exact.blocks import with_gradient
from reference_impl.exact.complex import magnitude
from reference_impl.exact.ops._table import cast, op, real, upcast
from reference_impl.exact.tensor import Array, Tensor

_SELU_SCALE = 1.0507009873554805
_SELU_SCALE_ALPHA = 1.7580993408473766


@op("x")
def abs(x: Tensor) -> Tensor:
    if x.dtype == "complex64":
        return magnitude(x)
    if x.dtype != "float32":
        return _integers(np.abs, x)
    order = t.compare(x, 0)
    # At zero TensorFlow's gradient is sign(0), half of each; at NaN it is NaN.
    size = t.choose(order > 0, x, -x, kink=order == 0, shares=(1, 1))
    return t.select(order == 2, x * math.nan, size)  # noqa: PLR2004  NaN


@op("x")
def acos(x: Tensor) -> Tensor:
    return t.acos(real(x))


@op("x")
def acosh(x: Tensor) -> Tensor:
    return t.acosh(real(x))


@op("x")
def asin(x: Tensor) -> Tensor:
    return t.asin(real(x))


@op("x")
def asinh(x: Tensor) -> Tensor:
    return t.asinh(real(x))


@op("x")
def atan(x: Tensor) -> Tensor:
    return t.atan(real(x))


@op("a", "b")
def atan2(a: Tensor, b: Tensor) -> Tensor:
    a, b = upcast(a, b)
    return t.atan2(real(a), real(b))


@op("x")
def atanh(x: Tensor) -> Tensor:
    return t.atanh(real(x))


@op(gradient=False, x="float32")
def ceil(x: Tensor) -> Tensor:
    return t.floats(-t.floors(-x))


@op("x")
def clipByValue(x: Tensor, clipValueMin: float, clipValueMax: float = math.nan) -> Tensor:
    # A bound that is missing compares like NaN in JavaScript.
    if not clipValueMin <= clipValueMax:
        raise ValueError(
            f"Error in clip: min ({clipValueMin}) must be less than or equal to"
            f" max ({clipValueMax})."
        )
    if x.dtype != "float32":
        return x.of(np.clip(x.data, int(clipValueMin), int(clipValueMax)))
    # At a bound TensorFlow's gradient is that of x.
    lower, upper = np.float32(clipValueMin), np.float32(clipValueMax)
    return t.minimum(t.maximum(x, lower), upper)


@op(x="float32")
def cos(x: Tensor) -> Tensor:
    return t.cos(x)


@op(x="float32")
def cosh(x: Tensor) -> Tensor:
    return t.cosh(x)


@op(x="float32")
def elu(x: Tensor) -> Tensor:
    below = t.compare(x, 0) < 0
    y = t.select(below, t.expm1(x), t.copy(x))

    def slope(dy: Tensor) -> list[Tensor]:
        # Of the rounded result, as the kernels get nothing else: EluGrad is defined as this.
        return [t.select(below, dy * (y + 1), t.copy(dy))]

    return with_gradient(y, [x], slope)


@op("x")
def erf(x: Tensor) -> Tensor:
    if x.dtype not in {"int32", "float32"}:
        raise ValueError("Input dtype must be `int32` or `float32`.")
    return t.erf(real(x))


@op("x")
def exp(x: Tensor) -> Tensor:
    return t.exp(real(x))


@op("x")
def expm1(x: Tensor) -> Tensor:
    return t.expm1(real(x))


@op(gradient=False, x="float32")
def floor(x: Tensor) -> Tensor:
    return t.floats(t.floors(x))


@op("x")
def isFinite(x: Tensor) -> Tensor:
    return _classified(math.isfinite, x)


@op("x")
def isInf(x: Tensor) -> Tensor:
    return _classified(math.isinf, x)


@op("x")
def isNaN(x: Tensor) -> Tensor:
    return _classified(math.isnan, x)


@op("x")
def leakyRelu(x: Tensor, alpha: float = 0.2) -> Tensor:
    slope = t.floats(np.float32(alpha))
    # TensorFlow's slope is a float32, that of tf.js the double, which is nearer to it than half a
    # unit in the last place.
    is_exact = float(np.float32(alpha)) == alpha
    return _leaky(real(x), slope if is_exact else t.through(slope, slope))


@op(x="float32")
def log(x: Tensor) -> Tensor:
    return t.log(x)


@op("x")
def log1p(x: Tensor) -> Tensor:
    return t.log1p(real(x))


@op("x")
def logSigmoid(x: Tensor) -> Tensor:
    return -t.softplus(-real(x))


@op("x")
def neg(x: Tensor) -> Tensor:
    return -x if x.dtype == "float32" else _integers(np.negative, x)


@op("x", "alpha")
def prelu(x: Tensor, alpha: Tensor) -> Tensor:
    return _leaky(real(x), real(alpha))


@op("x")
def reciprocal(x: Tensor) -> Tensor:
    return 1 / real(x)


@op("x")
def relu(x: Tensor) -> Tensor:
    # At zero the gradient is none.
    return (
        t.maximum(x, 0, (0, 1))
        if x.dtype == "float32"
        else _integers(lambda data: np.maximum(data, 0), x)
    )


@op("x")
def relu6(x: Tensor) -> Tensor:
    if x.dtype != "float32":
        return _integers(lambda data: np.clip(data, 0, 6), x)
    return t.minimum(t.maximum(x, 0, (0, 1)), 6, (0, 1))


@op("x", gradient=False)
def round(x: Tensor) -> Tensor:
    if x.dtype != "float32":
        return _integers(np.copy, x)
    up = t.floors(x + 0.5)
    # What is half-way goes to the even one.
    half = t.compare(x + 0.5, t.floats(up)) == 0
    odd = np.array([one % 2 == 1 for one in up.ravel().tolist()], bool).reshape(up.shape)
    rounded = up - (half & odd)
    order = t.compare(x, 0)
    zero = t.select(order == 0, t.constant(x), np.where(order < 0, -0.0, 0.0))
    return t.select(rounded == 0, zero, t.floats(rounded))


@op(x="float32")
def rsqrt(x: Tensor) -> Tensor:
    return t.rsqrt(x)


@op("x")
def selu(x: Tensor) -> Tensor:
    x = real(x)
    order = t.compare(x, 0)
    below = _SELU_SCALE_ALPHA * t.expm1(x)
    # At zero TensorFlow's gradient is that of positive numbers.
    return t.choose(order < 0, below, _SELU_SCALE * x, kink=order == 0, shares=(0, 1))


@op(x="float32")
def sigmoid(x: Tensor) -> Tensor:
    return t.sigmoid(x)


@op("x")
def sign(x: Tensor) -> Tensor:
    if x.dtype != "float32":
        return _integers(np.sign, x)
    order = t.compare(x, 0)
    signs = np.where(order == 2, np.nan, order)  # noqa: PLR2004  NaN
    return t.floats(signs)


@op(x="float32")
def sin(x: Tensor) -> Tensor:
    return t.sin(x)


@op("x")
def sinh(x: Tensor) -> Tensor:
    return t.sinh(real(x))


@op("x")
def softplus(x: Tensor) -> Tensor:
    return t.softplus(real(x))


@op(x="float32")
def sqrt(x: Tensor) -> Tensor:
    return t.sqrt(x)


@op("x")
def square(x: Tensor) -> Tensor:
    return x * x if x.dtype == "float32" else _integers(np.square, x)


@op("x", gradient=False)
def step(x: Tensor, alpha: float = 0) -> Tensor:
    if x.dtype != "float32":
        return _integers(lambda data: np.where(data > 0, 1, alpha), x)
    return t.floats(np.where(_positive(x), 1, np.float32(alpha)))


@op(x="float32")
def tan(x: Tensor) -> Tensor:
    return t.tan(x)


@op(x="float32")
def tanh(x: Tensor) -> Tensor:
    return t.tanh(x)


def _positive(x: Tensor) -> Array:
    found: Array = t.compare(x, 0) == 1
    return found


def _leaky(x: Tensor, alpha: Tensor) -> Tensor:
    """X where it is positive, else alpha times x; at zero the gradient is that of the latter."""
    order = t.compare(x, 0)
    return t.choose(order == 1, x, alpha * x, kink=order == 0, shares=(0, 1))


def _classified(test: Callable[[float], bool], x: Tensor) -> Tensor:
    """What is true of the specials; all other numbers are like zero."""
    known = tape.current().values
    nodes = real(x).data.ravel().tolist()
    values = [known[node] for node in nodes]
    found = [test(value if isinstance(value, float) else 0.0) for value in values]
    return Tensor("bool", np.array(found, bool).reshape(x.shape))


def _integers(function: Callable[[Array], Array], x: Tensor) -> Tensor:
    return Tensor("int32", function(cast(x, "int32").data))
