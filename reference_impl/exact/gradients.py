"""The gradient API of tf.js on the tape of scalar primitives, and ``tf.customGrad``."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reference_impl.api import custom
from reference_impl.api.gradients import GradientError, Gradients
from reference_impl.api.literals import CoercionError
from reference_impl.exact import primitives as p
from reference_impl.exact import tape
from reference_impl.exact.blocks import with_gradient
from reference_impl.exact.ops._table import cast, convert
from reference_impl.exact.pairs import REALS, elements_of, nodes_of
from reference_impl.exact.sweep import reach, sweep
from reference_impl.exact.tape import Nodes
from reference_impl.exact.tensor import Array, Tensor, Variable
from reference_impl.javascript import is_nullish

_unnamed = itertools.count()


@dataclass(frozen=True, eq=False)
class Watch:
    """What a gradient function saw: the part of the tape that f made, and who x was in it.

    ``start`` is the first node of that part, ``since`` the serial number of the first tensor.
    ``inputs`` are the tensors watched, and their nodes, by identity.
    """

    start: int
    since: int
    inputs: dict[int, tuple[Tensor, Nodes]]


def is_tensor(value: Any) -> bool:
    """Whether the value is a tensor or a variable."""
    return isinstance(value, Tensor)


def dtype(tensor: Tensor) -> str:
    """The dtype of a tensor."""
    return tensor.dtype


def variable(initial: Any, trainable: Any, name: Any, dtype: Any) -> Variable:
    """``tf.variable``: trainable unless told otherwise; without a name it gets a number.

    Raises:
        CoercionError: the initial value is no tensor.
    """
    if not is_tensor(initial):
        raise CoercionError("the initial value passed to variable() must be a tensor")
    value = initial if is_nullish(dtype) else cast(initial, dtype)
    label = str(next(_unnamed)) if is_nullish(name) or not name else name
    # A variable has the value of the tensor, and nothing leads from the one to the other.
    constant = with_gradient(value, (), lambda _: ())
    made = Variable(constant, label, trainable=trainable is not False)
    _variables.append(made)
    return made


_variables: list[Variable] = []
"""The variables of the case that is being run."""


def restart(side: tape.Side = "convention", forced: Mapping[int, float] | None = None) -> None:
    """A new tape without variables, in which some decisions are forced."""
    tape.begin(side, forced)
    _variables.clear()


class _Exact:
    """The oracle as the gradient API wants it."""

    shape_errors: tuple[type[Exception], ...] = (ValueError,)
    is_tensor = staticmethod(is_tensor)
    dtype = staticmethod(dtype)
    convert = staticmethod(convert)

    @staticmethod
    def is_variable(value: Any) -> bool:
        return isinstance(value, Variable)

    @staticmethod
    def name(variable: Variable) -> str:
        return variable.name

    @staticmethod
    def run(f: Callable[[], Any], xs: Sequence[Tensor] | None) -> tuple[Any, Watch]:
        """``f()``, while each x has new nodes: what f computes of x by itself is of this run."""
        found = tape.current()
        start = len(found)
        watched = [one for one in _variables if one.trainable] if xs is None else xs
        before = {id(x): (x, x.data) for x in watched if x.dtype in REALS}
        for x, nodes in before.values():
            x.data = elements_of(found.apply(p.IDENTITY, nodes_of(nodes)), x.dtype)
        inputs = {key: (x, x.data) for key, (x, _) in before.items()}
        # The serial number of a tensor says whether it was made in this run.
        since = Tensor("bool", False).serial
        try:
            value = f()
            if is_tensor(value):
                value = Tensor(value.dtype, value.data, (value,))
        finally:
            for x, nodes in before.values():
                x.data = nodes
        return value, Watch(start, since, inputs)

    @staticmethod
    def watched(watch: Watch) -> list[Any]:
        return [x for x, _ in watch.inputs.values()]

    @staticmethod
    def backpropagate(
        watch: Watch, value: Tensor, xs: Sequence[Tensor], dy: Tensor | None
    ) -> list[Tensor | None]:
        connected = _connected(value, watch)
        if not any(id(x) in connected for x in xs):
            return [None] * len(xs)
        found = tape.current()
        upstream = np.full(value.shape, found.one) if dy is None else dy.data
        if value.dtype == "complex64":
            upstream = np.stack([upstream, np.full(upstream.shape, found.zero)], -1)
        results, upstream = np.broadcast_arrays(nodes_of(value.data), upstream)
        seeds = list(zip(results.ravel().tolist(), upstream.ravel().tolist(), strict=True))
        nodes = [node for _, own in watch.inputs.values() for node in _flat(own)]
        swept = dict(zip(nodes, sweep(found, watch.start, seeds, nodes), strict=True))
        grads: list[Tensor | None] = []
        for x in xs:
            if id(x) not in connected:
                grads.append(None)
                continue
            _, own = watch.inputs[id(x)]
            flat = [swept[node] for node in _flat(own)]
            for node in flat:
                found.store(node)
            nodes_there = np.array(flat, np.int64).reshape(nodes_of(own).shape)
            made = Tensor(x.dtype, elements_of(nodes_there, x.dtype))
            # What a gradient depends on is what its nodes depend on: a constant slope on nothing.
            made.sources = None
            grads.append(made)
        return grads


def _flat(elements: Array) -> list[int]:
    """The nodes of the elements, one after the other."""
    flat: list[int] = nodes_of(elements).ravel().tolist()
    return flat


def _connected(value: Tensor, watch: Watch) -> set[int]:
    """The identities of the inputs that the value is a differentiable function of."""
    found: set[int] = set()
    seen: set[int] = set()
    stack = [value]
    while stack:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if id(one) in watch.inputs:
            found.add(id(one))
        elif one.sources is None:
            found |= _connected_by_nodes(one, watch)
        elif one.serial > watch.since:
            stack += one.sources
    return found


def _connected_by_nodes(value: Tensor, watch: Watch) -> set[int]:
    results = [node for node in _flat(value.data) if node >= watch.start]
    tape_now = tape.current()
    found = set()
    for key, (_, own) in watch.inputs.items():
        reached = reach(tape_now, watch.start, len(tape_now), _flat(own))
        if any(reached[node - watch.start] for node in results):
            found.add(key)
    return found


def custom_grad(f: Callable[..., Any]) -> Callable[..., Tensor]:
    """``tf.customGrad``: the function with f's value and the gradient that f gives for it.

    Raises:
        GradientError: as that of TensorFlow, in ``reference_impl.custom``.
    """
    if not callable(f):
        raise GradientError("The f passed in customGrad(f) must be a function.")

    def call(*inputs: Tensor) -> Tensor:
        if not all(map(is_tensor, inputs)):
            raise GradientError("The args passed in customGrad(f)(x1, x2,...) must all be tensors")
        saved: list[Tensor] = []
        result = custom.call(f, *inputs, saved.extend)
        value, grad_func = custom.parts(result, is_tensor)

        def rule(dy: Tensor) -> list[Tensor]:
            return custom.checked(custom.call(grad_func, dy, saved), inputs, is_tensor, dtype)

        return with_gradient(value, inputs, rule)

    return call


GRADIENTS = Gradients(_Exact())
