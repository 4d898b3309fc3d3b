"""Operations / Normalization, and the moments that it starts from."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.coercion import upcast
from reference_impl.namespace import Record
from reference_impl.ops._table import op


@op("x", "mean", "variance", "offset", "scale")
def batchNorm(  # noqa: PLR0913, PLR0917  as in tf.js
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    offset: Tensor | None = None,
    scale: Tensor | None = None,
    varianceEpsilon: float | None = None,
) -> Tensor:
    for name, operand in (("variance", variance), ("offset", offset), ("scale", scale)):
        if operand is not None and operand.shape.rank != mean.shape.rank:
            raise ValueError(
                f"Batch normalization gradient requires mean and {name} to have equal ranks."
            )
    epsilon = 0.001 if varianceEpsilon is None else varianceEpsilon
    x, mean = upcast(x, mean)
    normalized = tf.nn.batch_normalization(x, mean, variance, offset, scale, epsilon)
    # TensorFlow broadcasts x as well; tf.js gives the result the shape of x.
    return tf.ensure_shape(normalized, x.shape)


@op("x", "mean", method=False)
def batchNorm2d(x: Tensor, mean: Tensor, *others: Any) -> Tensor:
    return _batch_norm_of_rank(2, x, mean, others)


@op("x", "mean", method=False)
def batchNorm3d(x: Tensor, mean: Tensor, *others: Any) -> Tensor:
    return _batch_norm_of_rank(3, x, mean, others)


@op("x", "mean", method=False)
def batchNorm4d(x: Tensor, mean: Tensor, *others: Any) -> Tensor:
    return _batch_norm_of_rank(4, x, mean, others)


def _batch_norm_of_rank(rank: int, x: Tensor, mean: Tensor, others: tuple[Any, ...]) -> Tensor:
    # The other operands must have the rank of the mean, which batchNorm sees to.
    if x.shape.rank != rank:
        raise ValueError(
            f"Error in batchNorm{rank}D: x must be rank {rank} but got rank {x.shape.rank}."
        )
    if mean.shape.rank not in {rank, 1}:
        raise ValueError(
            f"Error in batchNorm{rank}D: mean must be rank {rank} or rank 1"
            f" but got rank {mean.shape.rank}."
        )
    return batchNorm(x, mean, *others)


@op("x")
def localResponseNormalization(
    x: Tensor, depthRadius: int = 5, bias: float = 1, alpha: float = 1, beta: float = 0.5
) -> Tensor:
    if x.shape.rank not in {3, 4}:
        raise ValueError(
            "Error in localResponseNormalization: x must be rank 3 or 4"
            f" but got rank {x.shape.rank}."
        )
    if not isinstance(depthRadius, int):
        raise ValueError(  # noqa: TRY004  every misuse of an op is a ValueError
            "Error in localResponseNormalization: depthRadius must be an integer"
            f" but got depthRadius {depthRadius}."
        )
    attributes = {"depth_radius": depthRadius, "bias": bias, "alpha": alpha, "beta": beta}
    if x.shape.rank == 4:  # noqa: PLR2004  TensorFlow's only rank
        return _lrn(x, attributes)
    return tf.squeeze(_lrn(tf.expand_dims(x, 0), attributes), 0)


def _lrn(x: Tensor, attributes: dict[str, Any]) -> Tensor:
    """TensorFlow's kernels, LRN and LRNGrad; the latter has no gradient, so it gets one here."""

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def forward(x: Tensor) -> Any:
        y = tf.raw_ops.LRN(input=x, **attributes)

        @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
        def backward(x: Tensor, dy: Tensor) -> Any:
            dx = tf.raw_ops.LRNGrad(input_grads=dy, input_image=x, output_image=y, **attributes)
            return dx, lambda ddx: _lrn_second_order(x, dy, ddx, attributes)

        return y, lambda dy: backward(x, dy)

    return forward(x)


def _lrn_second_order(x: Tensor, dy: Tensor, ddx: Tensor, attributes: dict[str, Any]) -> Any:
    with tf.GradientTape() as outer:
        outer.watch([x, dy])
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = _lrn_by_formula(x, **attributes)
        dx = inner.gradient(y, x, dy)
    return outer.gradient(dx, [x, dy], ddx)


def _lrn_by_formula(x: Tensor, depth_radius: int, bias: float, alpha: float, beta: float) -> Tensor:
    """The formula of TensorFlow's documentation: x / (bias + alpha · sum of squares) ^ beta."""
    depth = x.shape[-1]
    radius = min(depth_radius, depth)
    squares = tf.pad(tf.square(x), [[0, 0], [0, 0], [0, 0], [radius, radius]])
    sums = tf.add_n([squares[..., at : at + depth] for at in range(2 * radius + 1)])
    return x * tf.pow(bias + alpha * sums, -beta)


@op("logits")
def logSoftmax(logits: Tensor, axis: int = -1) -> Tensor:
    rank = logits.shape.rank
    # TensorFlow takes every axis; the limit is tf.js's own.
    if axis not in {-1, rank - 1}:
        raise ValueError(
            "Log Softmax along a non-last dimension is not yet supported."
            f" Logits was rank {rank} and axis was {axis}"
        )
    return tf.nn.log_softmax(tf.cast(logits, tf.float32))


@op("x", method=False)
def moments(x: Tensor, axis: int | list[int] | None = None, keepDims: bool = False) -> Record:
    # tf.nn.moments holds the mean for a constant in the gradient of the variance, which is right
    # in first order only.
    x = tf.cast(x, tf.float32)
    mean = tf.reduce_mean(x, axis, keepdims=True)
    variance = tf.reduce_mean(tf.square(x - mean), axis, bool(keepDims))
    return Record(mean=tf.reshape(mean, variance.shape), variance=variance)


@op(logits="float32")
def softmax(logits: Tensor, dim: int = -1) -> Tensor:
    rank = logits.shape.rank
    # TensorFlow takes every axis; the limit is tf.js's own.
    if dim not in {-1, rank - 1}:
        raise ValueError(
            "Softmax along a non-last dimension is not yet supported."
            f" Logits was rank {rank} and dim was {dim}"
        )
    return tf.nn.softmax(logits)
