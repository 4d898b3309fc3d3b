"""Which registered gradients of tf.js the shipped cases must watch, and what they cannot see."""

from __future__ import annotations

import json

from conformance import bundle

OTHER_CATEGORIES: dict[str, tuple[str, ...]] = {
    "convolution": (
        "AvgPool", "AvgPool3D", "Conv2D", "Conv2DBackpropInput", "Conv3D", "DepthwiseConv2dNative",
        "Dilation2D", "MaxPool", "MaxPool3D",
    ),
    "normalization": ("FusedBatchNorm", "LRN", "LogSoftmax", "Softmax"),
    "images": ("ResizeBilinear", "ResizeNearestNeighbor"),
    "scan": ("Cumsum",),
    "segment": ("UnsortedSegmentSum",),
}  # fmt: skip
"""Kernels of the ops of API categories that have no cases yet."""

UNREACHABLE: dict[str, str] = {
    "BroadcastTo": "tf.broadcastTo runs the kernel Tile; no op of tf.js runs this one",
}
"""Kernels that no function of tf.js runs, and why."""

WRONG_ANYWAY: dict[str, str] = {
    "ComplexAbs": "a real gradient for a complex input: every case differs in dtype",
    "FloorDiv": "gradients of a division where TensorFlow has none: every case differs in status",
}
"""Kernels whose gradient is flagged as it is, in every case, so that no fault makes it worse."""

ZERO_EVERYWHERE = frozenset({
    ("ArgMax", "x"), ("ArgMin", "x"), ("Ceil", "x"), ("Floor", "x"), ("GreaterEqual", "a"),
    ("GreaterEqual", "b"), ("IsFinite", "x"), ("IsInf", "x"), ("IsNan", "x"), ("OneHot", "indices"),
    ("OnesLike", "x"), ("Round", "x"), ("Select", "condition"), ("Sign", "x"), ("Step", "x"),
    ("ZerosLike", "x"),
})  # fmt: skip
"""Gradients that have no other value than zero; only a wrong element makes sense there."""

SAME_FOR_BOTH = frozenset({"Add", "AddN"})
"""Kernels whose operands have the same gradient where they have the same shape."""


def kernels() -> list[str]:
    """The kernels with a registered gradient that some case must reach."""
    registered = json.loads(bundle.names_file().read_bytes())["gradients"]
    others = {kernel for names in OTHER_CATEGORIES.values() for kernel in names}
    assert others | UNREACHABLE.keys() <= set(registered)
    return [kernel for kernel in registered if kernel not in others | UNREACHABLE.keys()]
