"""Which registered gradients of tf.js the shipped cases must watch, and what they cannot see."""

from __future__ import annotations

import json

from conformance import bundle

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


BROADCASTING = frozenset({
    "Add", "Atan2", "BatchMatMul", "Maximum", "Minimum", "Mod", "Multiply", "Pow", "Prelu", "RealDiv",
    "Select", "SquaredDifference", "Sub",
})  # fmt: skip
"""Kernels that broadcast: a gradient that does not add up the copies must be noticed."""

COMPARING = frozenset({
    "Max", "MaxPool", "MaxPool3D", "Maximum", "Min", "Minimum",
})  # fmt: skip
"""Kernels that choose among elements: a gradient that is right without ties only must be noticed."""

NEVER_NEGATIVE = frozenset({("Acosh", "x"), ("Sqrt", "x"), ("Rsqrt", "x")})
"""Inputs for which negative numbers have no gradient."""


def kernels() -> list[str]:
    """The kernels with a registered gradient that some case must reach."""
    registered = json.loads(bundle.names_file().read_bytes())["gradients"]
    assert set(registered) >= UNREACHABLE.keys()
    return [kernel for kernel in registered if kernel not in UNREACHABLE]
