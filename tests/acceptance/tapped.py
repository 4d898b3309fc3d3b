"""The simulated implementation as one of kernels: it can be tapped, and made wrong in one place.

An op gets tensors of float32s and gives tensors of float32s, forward and backward: what a call
contributes to the gradient of one input is one tensor, and the contributions of several calls are
added up after that. So taps, which are identities between calls, leave its bits as they are.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

import numpy as np

from conformance.protocol import Answer, Returned, Threw
from reference_impl.api import execute as api
from reference_impl.api.namespace import NO_OPS, Namespace
from reference_impl.api.taps import Taps
from reference_impl.exact import execute as exact
from reference_impl.exact import primitives as p
from reference_impl.exact import sweep, tape, values
from reference_impl.exact.pairs import REALS, elements_of, nodes_of
from reference_impl.exact.tensor import Tensor
from reference_impl.exact.values import Undecided
from tests.acceptance.simulated import Dice, installed, single

Backward = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Fault:
    """What one call of an op does wrong.

    ``part`` is ``value`` for its result ``slot`` (the number of the tensor among its results),
    ``gradient`` for what it contributes to its input ``slot``. All elements, or the one ``at``
    alone, are ``factor`` times what they should be. A ``term``, a primitive's name and the position
    of an operand, says that instead all that this part of its derivative contributes is lost.
    """

    call: int
    part: str
    slot: int = 0
    factor: float = 1.0
    at: int | None = None
    term: tuple[str, int] | None = None


def passed(x, backward: Backward, sources=()):
    """The same elements in new nodes; the gradient goes on as ``backward`` gives it.

    To the sources goes a gradient of zeros, as in libraries where the result is constant in pieces:
    so gradients are computed up to there.
    """
    nodes = nodes_of(x.data)
    if not nodes.size:
        return x.of(x.data)
    others = [nodes_of(source.data) for source in sources]
    zeros = [np.full(other.shape, tape.current().zero) for other in others]

    def rule(upstream):
        dy = np.array(upstream, np.int64).reshape(nodes.shape)
        return [nodes_of(backward(Tensor(x.dtype, elements_of(dy, x.dtype))).data), *zeros]

    made = sweep.block(tape.current(), nodes, (nodes, *others), rule)
    return Tensor(x.dtype, elements_of(made, x.dtype), (x,))


def altered(x, change):
    """The tensor with new nodes, whose values are float32s: the change of what they were."""
    found = tape.current()
    nodes = nodes_of(x.data)
    made = found.apply(p.IDENTITY, nodes)
    for at, node in enumerate(made.ravel().tolist()):
        number = change(at, float(found.values[node]))
        found.values[node] = values.exact(single(number))
    return Tensor(x.dtype, elements_of(made, x.dtype), (x,))


class Kernels:
    """The ops of the oracle, each of which gives tensors of float32s; one may have a fault.

    ``spans`` are the calls on the tape that belong to each call: its own, and those inside of it.
    """

    def __init__(self, fault: Fault | None = None) -> None:
        self.spans: list[range] = []
        self._fault = fault
        # What a function of the case does inside of an op is a part of this op.
        self._running = False

    def namespace(self, genuine: Namespace) -> Namespace:
        functions = {
            path: function if path in NO_OPS else self._kernel(function)
            for path, function in genuine.functions.items()
        }
        methods = {name: self._kernel(method) for name, method in genuine.methods.items()}
        return Namespace(functions, methods, genuine.is_tensor)

    def _kernel(self, function):
        @functools.wraps(function)
        def call(*given):
            if self._running:
                return function(*given)
            number, calls = len(self.spans), tape.current().calls
            begin = len(calls)
            inputs: list[Tensor] = []
            self._running = True
            try:
                result = function(*_mapped(given, self._input(number, inputs)))
            finally:
                self._running = False
            self.spans.append(range(begin, len(calls)))
            return _mapped(result, self._result(number, inputs))

        return call

    def _input(self, call, inputs):
        change = functools.partial(self._change, call, "gradient")

        def through(slot, x):
            if x.dtype not in REALS:
                return x
            inputs.append(passed(x, lambda dy: altered(dy, change(slot))))
            return inputs[-1]

        return through

    def _result(self, call, inputs):
        def through(slot, y):
            if y.dtype not in REALS:
                return y
            change = self._change(call, "value", slot)
            return passed(altered(y, change), lambda dy: dy, inputs)

        return through

    def _change(self, call, part, slot):
        fault = self._fault
        if fault is None or (fault.call, fault.part, fault.slot) != (call, part, slot):
            return lambda _, number: number
        return lambda at, number: number * (fault.factor if fault.at in {None, at} else 1.0)


def _mapped(value: Any, change: Callable[[int, Tensor], Tensor]) -> Any:
    """The value with other tensors, numbered as they come, in the places of its own."""
    count = 0

    def mapped(part):
        nonlocal count
        match part:
            case Tensor():
                count += 1
                return change(count - 1, part)
            case list() | tuple():
                return type(part)([mapped(one) for one in part])
            case dict():
                return type(part)({name: mapped(one) for name, one in part.items()})
            case _:
                return part

    return mapped(value)


class _Library(exact._Exact):
    """The library of a run: that of the oracle, and taps."""

    @staticmethod
    def tapped(tensor, note):
        """As ``reference_impl.api.taps.Library``."""
        if tensor.dtype not in REALS:
            return tensor

        def backward(dy):
            note(dy)
            return dy

        return passed(tensor, backward)


class Run(NamedTuple):
    """An answer, and the terms that the derivatives of each call have; see ``Fault``."""

    answer: Answer
    terms: list[list[tuple[str, int]]]


def run(request, contract, seed, mode="uniform", *, fault=None):
    """What the implementation answers, with taps where the request wants them."""
    precision = exact.FIRST_PRECISION
    while True:
        exact.ctx.prec = precision
        dice = Dice(contract, Random(seed), mode)  # noqa: S311  reproducible, not secret
        kernels = Kernels(fault)
        try:
            with installed(dice), _lost(fault, kernels):
                return _ran(request, kernels)
        except Undecided:
            precision *= 2
            if precision > exact.LAST_PRECISION:
                return Run(Answer(request.id, unsupported="unsure"), [])


def _ran(request, kernels):
    library = _Library("convention")
    taps = Taps(library) if request.tap else None
    said = api.execute(request, library, kernels.namespace(exact.namespace()), taps)
    recorded = () if taps is None else taps.recorded()
    terms = _terms(tape.current(), kernels.spans)
    match said:
        case Returned():
            return Run(Answer(request.id, returned=said, taps=recorded), terms)
        case Threw():
            return Run(Answer(request.id, threw=said, taps=recorded), terms)
        case reason:
            return Run(Answer(request.id, unsupported=reason), terms)


def _terms(found, spans):
    """The terms by call, each once."""
    of_call = {inner: call for call, span in enumerate(spans) for inner in span}
    terms = [{} for _ in spans]
    ends = [scope.start for scope in found.scopes[1:]] + [len(found)]
    for scope, end in zip(found.scopes, ends, strict=True):
        if scope.order == 0 and scope.call in of_call:
            for node in range(scope.start, end):
                for at in range(len(found.parents[node])):
                    terms[of_call[scope.call]][found.primitives[node].name, at] = None
    return list(map(list, terms))


@contextlib.contextmanager
def _lost(fault, kernels):
    """While a term of the derivative of one call is lost."""
    genuine = sweep._parts
    if fault is None or fault.term is None:
        yield
        return
    name, at = fault.term

    def parts(found, node, gradient, start, reached):
        lost = None
        is_there = found.scopes[-1].call in kernels.spans[fault.call]
        if is_there and found.primitives[node].name == name and at < len(found.parents[node]):
            lost = found.parents[node][at]
        for parent, part in genuine(found, node, gradient, start, reached):
            if parent != lost:
                yield parent, part

    sweep._parts = parts
    try:
        yield
    finally:
        sweep._parts = genuine
