"""The three ways to say that an input has no gradient, and which of them say the same.

- ``none``: null in ``grads``, as TensorFlow's ``None`` and the keys that ``variableGrads`` omits;
- ``zeros``: a tensor of zeros, as tf.js gives for ops whose derivative is zero everywhere;
- ``threw``: an error that says that the input is not connected to the result, as tf.js throws.

The pairs that say the same are declared here and nowhere else.
"""

from __future__ import annotations

from typing import Literal

from conformance.tensors import Tensor

Status = Literal["none", "zeros", "threw"]

SAME: frozenset[frozenset[Status]] = frozenset({
    # None and zeros both say that nothing flows: an update with either leaves the input as it is.
    frozenset({"none", "zeros"}),
    # Both say that the input is not connected; the one by a value, the other by an error.
    frozenset({"none", "threw"}),
    # zeros and threw are not the same: zeros claim a connection with derivative 0, and a training
    # loop goes on with it, where the error stops it.
})  # fmt: skip

MARKS = (
    "Cannot compute gradient of y=f(x)",
    "Cannot find a connection between any variable",
)
"""What tf.js's errors about unconnected inputs contain (engine.ts, gradients.ts), and no other."""


def same(one: Status, other: Status) -> bool:
    """Whether two ways of having no gradient are declared to say the same."""
    return one == other or frozenset({one, other}) in SAME


def normalized(text: str) -> str:
    """A text with every run of white space as one blank: two errors of tf.js differ only so."""
    return " ".join(text.split())


def is_unconnected(message: str) -> bool:
    """Whether an error's text says that an input is not connected to the result."""
    text = normalized(message)
    return any(mark in text for mark in MARKS)


def status(gradient: Tensor | None) -> Status | None:
    """How a gradient says that there is none, or None where it is a gradient.

    A tensor of zeros of either sign says so; an empty tensor holds no zeros, but nothing flows.
    """
    if gradient is None:
        return "none"
    if gradient.dtype == "string":
        return None
    if not any(gradient.data):
        return "zeros"
    if gradient.dtype in ("float32", "complex64"):
        signs = gradient.data[3::4]
        rest = (gradient.data[start::4] for start in range(3))
        if not any(any(part) for part in rest) and set(signs) <= {0, 0x80}:
            return "zeros"
    return None
