"""Which registered gradients of tf.js the shipped cases must watch, and what they cannot see.

An entry that is not needed fails the test. Of BROADCASTING and COMPARING, which say what has to be
noticed, a missing one does not: they are for people to complete.
"""

from __future__ import annotations

import json

from conformance import bundle
from conformance.ledger import unreachable
from conformance.suite.case import DAMAGES_MEMORY, Case

OPS: dict[str, str] = {
    "BatchMatMul": "matMul", "ComplexAbs": "abs", "Conv2DBackpropInput": "conv2dTranspose",
    "DepthwiseConv2dNative": "depthwiseConv2d", "FusedBatchNorm": "batchNorm", "GatherV2": "gather",
    "Identity": "clone", "LRN": "localResponseNormalization", "Multiply": "mul", "Pack": "stack",
    "PadV2": "pad", "RealDiv": "div", "Select": "where", "SplitV": "split", "Unpack": "unstack",
}  # fmt: skip
"""The ops of the kernels that do not bear the name of their op."""

LAST_OF_LIST = 2
"""A kernel with a list of inputs treats all alike, so this is the last place that is watched."""

WRONG_ANYWAY: dict[str, str] = {
    "ComplexAbs": "a real gradient for a complex input: every case differs in dtype",
    "FloorDiv": "gradients of a division where TensorFlow has none: every case differs in status",
}
"""Kernels whose gradient is flagged as it is, in every case, so that no fault makes it worse."""

FAULTY_AS_IT_IS = frozenset({
    ("MaxPool3D", "x", "ties"),
    ("Maximum", "a", "unsummed"), ("Maximum", "b", "unsummed"), ("Minimum", "a", "unsummed"),
    ("Minimum", "b", "unsummed"), ("Prelu", "x", "unsummed"),
    ("SquaredDifference", "a", "unsummed"), ("SquaredDifference", "b", "unsummed"),
})  # fmt: skip
"""Faults that tf.js has: cases flag its gradient of ties, or without the sum over the copies."""

ZERO_EVERYWHERE = frozenset({
    ("ArgMax", "x"), ("ArgMin", "x"), ("Ceil", "x"), ("Floor", "x"), ("GreaterEqual", "a"),
    ("GreaterEqual", "b"), ("IsFinite", "x"), ("IsInf", "x"), ("IsNan", "x"), ("OneHot", "indices"),
    ("OnesLike", "x"), ("Round", "x"), ("Select", "condition"), ("Sign", "x"), ("Step", "x"),
    ("ZerosLike", "x"),
})  # fmt: skip
"""Gradients that have no other value than zero: they have no sign, order, or Infinity to lose."""

BROADCASTING = frozenset({
    "Add", "Atan2", "Maximum", "Minimum", "Mod", "Multiply", "Pow", "Prelu", "RealDiv",
    "SquaredDifference", "Sub",
})  # fmt: skip
"""Kernels that broadcast: a gradient that does not add up the copies must be noticed. tf.where
broadcasts before it runs Select, and matMul repeats batches alone, with a gradient that throws."""

COMPARING = frozenset({
    "Dilation2D", "Max", "MaxPool", "MaxPool3D", "Maximum", "Min", "Minimum",
})  # fmt: skip
"""Kernels that choose among elements: a gradient right without ties only must be noticed."""

NEVER_NEGATIVE = frozenset({("Acosh", "x"), ("Rsqrt", "x"), ("Sqrt", "x")})
"""Inputs that have no gradient where they are negative: NaN, or flagged as it is."""

SAME_FOR_BOTH: dict[str, str] = {
    "Add": "both operands have the same gradient",
    "AddN": "all operands have the same gradient",
    "Dilation2D": "the image has rank 4 and the filter rank 3, so no exchange fits",
}
"""Kernels whose first two gradients cannot be exchanged for wrong ones of the same shape."""


def kernels() -> list[str]:
    """The kernels with a registered gradient that some case must reach: all that a case can.

    ``unreachable.yaml`` has the others, and the coverage ledger holds it to be true.
    """
    registered: list[str] = json.loads(bundle.names_file().read_bytes())["gradients"]
    entries = unreachable.load(bundle.cases() / unreachable.FILE, unreachable.FILE)
    return [name for name in registered if not any(e.covers("gradient", name) for e in entries)]


def is_in_scope(case: Case) -> bool:
    """Whether a case is about ops, and can be run and judged by itself in a process of its own.

    Training, laws (held against variants of themselves), writes beyond memory (they need a new
    backend) and what is known to hang somewhere are no test of a gradient's numbers.
    """
    return (
        case.id.startswith("ops/")
        and case.call != "minimize"
        and case.law is None
        and case.timeout is None
        and DAMAGES_MEMORY not in case.tags
    )


def names_op(called: frozenset[str], kernel: str) -> bool:
    """Whether one of these ops, in lower case and without namespaces, is that of the kernel."""
    return OPS.get(kernel, kernel).lower() in called
