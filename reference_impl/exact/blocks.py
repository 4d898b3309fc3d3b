"""Functions with a gradient of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from reference_impl.exact import tape
from reference_impl.exact.sweep import block
from reference_impl.exact.tape import Nodes
from reference_impl.exact.tensor import Tensor


def with_gradient(
    value: Tensor, inputs: Sequence[Tensor], rule: Callable[[Tensor], Sequence[Tensor]]
) -> Tensor:
    """The value as a function of the inputs whose gradient is what the rule makes of dy."""
    if value.dtype != "float32":
        return value.of(value.data)
    reals = [at for at, x in enumerate(inputs) if x.dtype == "float32"]

    def gradients(upstream: list[int]) -> list[Nodes]:
        dy = Tensor("float32", np.array(upstream, np.int64).reshape(value.shape))
        given = rule(dy)
        return [given[at].data for at in reals]

    nodes = tuple(inputs[at].data for at in reals)
    made = block(tape.current(), value.data, nodes, gradients)
    return Tensor("float32", made, [inputs[at] for at in reals])
