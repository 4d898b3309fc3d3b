"""Tensors of TensorFlow from and to the tensors of the protocol, bit by bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from conformance.problems import HarnessError
from conformance.tensors import ITEM_SIZE, Tensor, from_numpy, from_strings


def from_message(tensor: Tensor) -> tf.Tensor:
    """The tensor of TensorFlow with these bits; NaN payloads and signs of zeros are kept.

    Raises:
        ValueError: the bytes do not fit dtype and shape.
    """
    problem = tensor.problem()
    if problem is not None:
        raise ValueError(problem)
    if tensor.dtype == "string":
        return tf.constant(tensor.strings(), tf.string, tensor.shape)
    return tf.constant(tensor.numpy())


def to_message(tensor: Any) -> Tensor:
    """The bits of a tensor or variable.

    Raises:
        HarnessError: the dtype is none of tf.js's, so an op is mapped wrongly.
    """
    dtype = tensor.dtype.name
    if dtype == "string":
        items = np.asarray(tensor.numpy(), dtype=object).reshape(-1)
        return from_strings([item.decode("utf-8", "replace") for item in items], _sizes(tensor))
    if dtype not in ITEM_SIZE:
        raise HarnessError(
            f"the result has dtype {dtype}, which tf.js does not have",
            "the op's mapping to TensorFlow must cast to the dtype that tf.js gives",
        )
    return from_numpy(np.asarray(tensor.numpy()))


def _sizes(tensor: Any) -> tuple[int, ...]:
    return tuple(int(size) for size in tensor.shape)
