"""Operations / Fused: a convolution or product, then a bias, then an activation.

TensorFlow's public API has no such ops: they are what their parts are.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.api.table import plain
from reference_impl.coercion import convert, upcast
from reference_impl.javascript import UNDEFINED
from reference_impl.ops._table import op
from reference_impl.ops.basic_math import elu, leakyRelu, prelu, relu, relu6, sigmoid
from reference_impl.ops.convolution import conv2d, depthwiseConv2d
from reference_impl.ops.matrices import matMul

_CONVOLUTION = ("x", "filter", "strides", "pad", "dataFormat", "dilations", "dimRoundingMode")
_CHANNELS_RANK = 1
_ACTIVATIONS = {"relu": relu, "elu": elu, "relu6": relu6, "sigmoid": sigmoid}


@op(name="fused.conv2d", method=False)
def fused_conv2d(options: dict[str, Any]) -> Tensor:
    given = _given(options)
    return _activated(conv2d(*_arguments(given, _CONVOLUTION)), given)


@op(name="fused.depthwiseConv2d", method=False)
def fused_depthwise_conv2d(options: dict[str, Any]) -> Tensor:
    given = _given(options)
    return _activated(depthwiseConv2d(*_arguments(given, _CONVOLUTION)), given)


@op(name="fused.matMul", method=False)
def fused_mat_mul(options: dict[str, Any]) -> Tensor:
    given = _given(options)
    return _activated(matMul(*_arguments(given, ("a", "b", "transposeA", "transposeB"))), given)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in options.items()}


def _arguments(given: dict[str, Any], names: tuple[str, ...]) -> list[Any]:
    return [given.get(name, UNDEFINED) for name in names]


def _activated(y: Tensor, given: dict[str, Any]) -> Tensor:
    bias = given.get("bias")
    if bias is not None and bias is not UNDEFINED:
        y = tf.add(*upcast(y, _aligned(convert(bias, "bias", "fused"), given)))
    activation = given.get("activation") or "linear"
    if activation == "linear":
        return y
    if activation == "prelu":
        weights = convert(given.get("preluActivationWeights"), "prelu weights", "fused")
        return prelu(y, _aligned(weights, given))
    if activation == "leakyrelu":
        return leakyRelu(y, given.get("leakyreluAlpha", UNDEFINED))
    if activation not in _ACTIVATIONS:
        raise ValueError(f"Unknown fused activation {activation}.")
    return _ACTIVATIONS[activation](y)


def _aligned(values: Tensor, given: dict[str, Any]) -> Tensor:
    """One number for each channel, where the channels are."""
    if given.get("dataFormat") == "NCHW" and values.shape.rank == _CHANNELS_RANK:
        return tf.reshape(values, [-1, 1, 1])
    return values
