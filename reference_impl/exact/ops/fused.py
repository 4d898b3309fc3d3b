"""Operations / Fused: a convolution or product, then a bias, then an activation."""

from __future__ import annotations

from typing import Any

from reference_impl.api.table import plain
from reference_impl.exact.ops._table import convert, op
from reference_impl.exact.ops.arithmetic import add
from reference_impl.exact.ops.basic_math import elu, leakyRelu, prelu, relu, relu6, sigmoid
from reference_impl.exact.ops.convolution import conv2d, depthwiseConv2d
from reference_impl.exact.ops.matrices import matMul
from reference_impl.exact.tensor import Tensor
from reference_impl.javascript import UNDEFINED

_CONVOLUTION = ("x", "filter", "strides", "pad", "dataFormat", "dilations", "dimRoundingMode")
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
        y = add(y, _aligned(convert(bias, "bias", "fused"), given))
    activation = given.get("activation") or "linear"
    if activation == "linear":
        return y.of(y.data)
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
    if given.get("dataFormat") == "NCHW" and values.rank == 1:
        return values.reshape(-1, 1, 1)
    return values
