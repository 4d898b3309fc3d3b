"""One case of the protocol in exact arithmetic: a ``Run`` to what came of it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flint import ctx

from conformance.protocol import Answer, Contract, Optimizer, Returned, Run, Threw
from conformance.tensors import Tensor as Message
from reference_impl.api import execute as api
from reference_impl.api.namespace import Namespace, functions
from reference_impl.exact import gradients, optimizers, rounding, tape
from reference_impl.exact.acceptance import Ran, acceptance
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
    return _certain(request, side)[0]


def answer(request: Run, contracts: Mapping[str, Contract]) -> Answer:
    """The answer to a case, with the balls in which those of an implementation have to lie.

    Args:
        request: the case.
        contracts: what the implementations promise, by name; without any there are no balls.

    Raises:
        KeyError: a contract lacks the bound of a function that the case needs.
    """
    said, library = _certain(request, "convention")
    match said:
        case Threw():
            return Answer(request.id, threw=said)
        case str():
            return Answer(request.id, unsupported=said)
    if not contracts:
        return Answer(request.id, returned=said)
    bits = ctx.prec

    def again(side: Side, forced: Mapping[int, float]) -> Ran | None:
        other = _Exact(side, forced)
        try:
            returned = api.execute(request, other, namespace())
        except Undecided:
            return None
        return other.ran(returned) if isinstance(returned, Returned) else None

    accepted = acceptance(library.ran(said), contracts, again, bits=bits, explain=request.explain)
    return Answer(request.id, returned=said, acceptance=accepted)


def _certain(request: Run, side: Side) -> tuple[Returned | Threw | str, _Exact]:
    """The answer, in a precision that decides it, which stays set; and what it was made with."""
    precision = FIRST_PRECISION
    library = _Exact(side)
    while precision <= LAST_PRECISION:
        ctx.prec = precision
        try:
            return api.execute(request, library, namespace()), library
        except Undecided:
            precision *= 2
    return f"unsure: {LAST_PRECISION} bits of precision do not decide it", library


@functools.cache
def namespace() -> Namespace:
    """All ops of the oracle, and the functions of tf that are no ops."""
    others = functions(gradients.GRADIENTS, gradients.custom_grad, tensor, gradients.variable)
    return Namespace({**OPS, **others}, METHODS, gradients.is_tensor)


class _Exact:
    """The oracle as running a case wants it."""

    is_tensor = staticmethod(gradients.is_tensor)
    from_message = staticmethod(rounding.from_message)

    def __init__(self, side: Side, forced: Mapping[int, float] | None = None) -> None:
        self.gradients = gradients.GRADIENTS
        self._side = side
        self._forced = forced or {}
        self._tape = tape.current()
        self._read: dict[int, tuple[Message, Tensor]] = {}

    def restart(self) -> None:
        gradients.restart(self._side, self._forced)
        self._tape = tape.current()
        self._read.clear()

    def to_message(self, tensor: Tensor) -> Message:
        message = rounding.to_message(tensor)
        self._read[id(message)] = message, tensor
        return message

    def ran(self, returned: Returned) -> Ran:
        """What the run left that gave this answer."""
        places = (returned.value, *returned.grads, *returned.variables)
        tensors = [None if place is None else self._read[id(place)][1] for place in places]
        return Ran(returned, tensors, self._tape)

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
