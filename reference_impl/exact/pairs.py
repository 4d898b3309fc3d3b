"""The elements of complex tensors: pairs of nodes, which are the real and the imaginary part.

As elements of one NumPy array they move together. The gradient of a real result for a pair is the
pair of the two derivatives, which is how TensorFlow defines the gradient for a complex number.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

PAIR = np.dtype([("real", np.int64), ("imag", np.int64)])

REALS = frozenset({"float32", "complex64"})
"""The dtypes whose elements are nodes, or pairs of them."""

_OF_COMPLEX = frozenset(
    {
        "abs",
        "add",
        "bandPart",
        "broadcastTo",
        "cast",
        "clone",
        "concat",
        "expandDims",
        "fft",
        "frame",
        "gather",
        "gatherND",
        "ifft",
        "imag",
        "irfft",
        "mirrorPad",
        "mul",
        "onesLike",
        "pad",
        "real",
        "reshape",
        "reverse",
        "rfft",
        "slice",
        "split",
        "squeeze",
        "stack",
        "stridedSlice",
        "sub",
        "tile",
        "transpose",
        "unstack",
        "where",
        "zerosLike",
    }
)


def nodes_of(elements: NDArray[Any]) -> NDArray[np.int64]:
    """The nodes of such elements; those of pairs have a last axis of size 2."""
    if elements.dtype != PAIR:
        return elements
    return np.stack([elements["real"], elements["imag"]], -1)


def elements_of(nodes: NDArray[np.int64], dtype: str) -> NDArray[Any]:
    """The elements of a tensor of the dtype with these nodes; the inverse of ``nodes_of``."""
    if dtype != "complex64":
        return nodes
    pairs = np.empty(nodes.shape[:-1], PAIR)
    pairs["real"], pairs["imag"] = nodes[..., 0], nodes[..., 1]
    return pairs


def takes_complex(op: str) -> bool:
    """Whether the op of this name is defined here for complex tensors too, or refuses them itself.

    What is only a method is defined by such ops.
    """
    return op.startswith("_") or re.sub(r"[1-6]d$", "", op) in _OF_COMPLEX
