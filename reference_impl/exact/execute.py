"""One case of the protocol in exact arithmetic: a ``Run`` to what came of it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from flint import ctx

from conformance.protocol import Optimizer, Returned, Run, Threw
from reference_impl.api import execute as api
from reference_impl.api.namespace import Namespace, functions
from reference_impl.exact import gradients, optimizers, rounding
from reference_impl.exact.ops import METHODS, OPS
from reference_impl.exact.ops._table import tensor
from reference_impl.exact.tape import Side
from reference_impl.exact.tensor import Tensor, Variable
from reference_impl.exact.values import Undecided

FIRST_PRECISION = 128
LAST_PRECISION = 4096


def execute(request: Run, side: Side = "convention") -> Returned | Threw | str:
    """Run one case, with more and more precision until its answer is certain.

    ``side`` says which one-sided derivative is taken at a kink. A string says why the case is
    unsupported, which it also is where the oracle stays unsure.
    """
    precision = FIRST_PRECISION
    while precision <= LAST_PRECISION:
        ctx.prec = precision
        try:
            return api.execute(request, _Exact(side), namespace())
        except Undecided:
            precision *= 2
    return f"unsure: {LAST_PRECISION} bits of precision do not decide it"


@functools.cache
def namespace() -> Namespace:
    """All ops of the oracle, and the functions of tf that are no ops."""
    others = functions(gradients.GRADIENTS, gradients.custom_grad, tensor, gradients.variable)
    return Namespace({**OPS, **others}, METHODS, gradients.is_tensor)


class _Exact:
    """The oracle as running a case wants it."""

    is_tensor = staticmethod(gradients.is_tensor)
    from_message = staticmethod(rounding.from_message)
    to_message = staticmethod(rounding.to_message)

    def __init__(self, side: Side) -> None:
        self.gradients = gradients.GRADIENTS
        self._side = side

    def restart(self) -> None:
        gradients.restart(self._side)

    @staticmethod
    def tensor(values: Any, shape: Any, dtype: Any) -> Tensor:
        return tensor(values, shape, dtype)

    @staticmethod
    def variable(tensor: Tensor, name: str) -> Variable:
        return gradients.variable(tensor, True, name, None)

    @staticmethod
    def minimize(
        f: Callable[[], Any], variables: Sequence[Variable], optimizer: Optimizer, steps: int
    ) -> Tensor:
        return optimizers.minimize(f, variables, optimizer.name, optimizer.arguments, steps)
