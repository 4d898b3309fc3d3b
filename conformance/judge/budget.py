"""The budget of a case: how many ULP its ops may put between two implementations.

    budget(value) = 2 * Σ forward
    budget(grads) = 2 * (Σ forward + Σ backward + broadcast + repeated)

Σ runs over the op calls in the function's tree. ``forward`` and ``backward`` come from the contract
of the op; n, where it needs one, is bounded by the largest tensor (or the longest axis) among the
inputs and results. ``broadcast`` is the largest size where an op broadcasts and the inputs' shapes
are not all the same: the gradient then sums over the broadcast axes. ``repeated`` is the number of
uses of the most used input, minus one: so many partial gradients are added. A call at gradient
level L, inside a function that the case itself differentiates, counts 2^L * (forward + backward).
The factor 2 stands for two sides that may both be off.

Training steps are one long chain of calls, as if f were written out once for each step:

    step = Σ forward + Σ backward + broadcast + repeated + rule
    budget(variables) = 2 * (steps * step + decay(steps))
    budget(value) = 2 * (Σ forward + (steps - 1) * step + decay(steps - 1))

``rule`` is the optimizer's contract. ``decay`` is what comes of rounding a decay d to float32, half
a unit: a weight 1 - d is then off by d / (1 - d) halves, in every step, and where the mean is
corrected by 1 - d^t, that is off by (t - 1) * d^t / (1 - d^t) halves for the t - 1 products of d^t.

Amplification of an error by the ops behind it is not counted: that takes an exact oracle.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from conformance.judge.op_costs import contract, contracts
from conformance.language.tree import Arrow, Call, Const, Expression, Member, Name, Node
from conformance.optimizers import values
from conformance.protocol import Optimizer

GRADIENT_FUNCTIONS = frozenset({"grad", "grads", "valueAndGrad", "valueAndGrads", "variableGrads"})


class Budget(msgspec.Struct, frozen=True):
    """What is allowed between two implementations, in ULP of the reference."""

    value: float
    grads: float
    variables: float = 0.0


def budget(
    tree: Arrow,
    inputs: Iterable[tuple[int, ...]],
    results: Iterable[tuple[int, ...]],
    optimizer: Optimizer | None = None,
    steps: int = 1,
) -> Budget:
    """The budget of a function, given the shapes of its inputs and of its results.

    With an optimizer, it is the budget of so many training steps.

    Raises:
        PolicyError: an op has no contract.
    """
    shapes = list(inputs)
    every = [*shapes, *results]
    size = max((_size(shape) for shape in every), default=1)
    axis = max((length for shape in every for length in shape), default=1)
    forward = backward = 0.0
    broadcasts = False
    for op, level in calls(tree):
        found = contract(op)
        ahead, back = found.forward(size, axis), found.backward(size, axis)
        if level:
            ahead = 2**level * (ahead + back)
            back = 2 * ahead
        forward += ahead
        backward += back
        broadcasts |= found.broadcasts
    added = size if broadcasts and len(set(shapes)) > 1 else 0
    grads = forward + backward + added + _repeated(tree)
    if optimizer is None:
        return Budget(value=2 * forward, grads=2 * grads)
    step = grads + contracts().optimizers[optimizer.name]
    before = (steps - 1) * step + _decayed(optimizer, steps - 1)
    trained = steps * step + _decayed(optimizer, steps)
    return Budget(value=2 * (forward + before), grads=2 * grads, variables=2 * trained)


def _decayed(optimizer: Optimizer, steps: int) -> float:
    """What the rounding of the optimizer's decays adds up to, in ULP."""
    given = values(optimizer)
    match optimizer.name:
        case "rmsprop":
            return steps * _half(given["decay"])
        case "adadelta":
            return steps * 2 * _half(given["rho"])
        case "adam" | "adamax":
            names = ("beta1", "beta2") if optimizer.name == "adam" else ("beta1",)
            return sum(
                (step - 1) * _half(given[name] ** step)
                for name in names
                for step in range(2, steps + 1)
            )
        case _:
            return 0.0


def _half(decay: float) -> float:
    """Half a unit in the last place of a decay, in units of what it leaves of 1."""
    left = abs(1 - decay)
    return 0.5 * abs(decay) / left if left > 0 else math.inf


@functools.lru_cache(maxsize=4096)
def calls(tree: Arrow) -> tuple[tuple[str, int], ...]:
    """The ops that a function calls, in order, each with its gradient level.

    An op is named as in tf.js without ``tf.``, be it called as ``tf.linalg.qr(x)`` or as a method.
    """
    return tuple(_calls(tree, 0, differentiates=_differentiates_a_name(tree)))


def _calls(node: object, level: int, *, differentiates: bool) -> Iterator[tuple[str, int]]:
    if isinstance(node, tuple):
        for item in node:
            yield from _calls(item, level, differentiates=differentiates)
        return
    if not isinstance(node, Node):
        return
    below = level
    if isinstance(node, Call):
        op = op_of(node.callee)
        if op is not None:
            yield op, level
            below += op in GRADIENT_FUNCTIONS
    elif isinstance(node, Const) and isinstance(node.value, Arrow):
        # A function that has a name may be the one that tf.grad is given.
        below += differentiates
    for field in node.__struct_fields__:
        yield from _calls(getattr(node, field), below, differentiates=differentiates)


def op_of(callee: Expression) -> str | None:
    """The op that a call calls; None for a function that was returned or declared."""
    if not isinstance(callee, Member):
        return None
    path = [callee.name]
    owner = callee.object
    while isinstance(owner, Member):
        path.append(owner.name)
        owner = owner.object
    if owner == Name(name="tf"):
        return ".".join(reversed(path))
    return callee.name


def _nodes(node: object) -> Iterator[Node]:
    if isinstance(node, tuple):
        for item in node:
            yield from _nodes(item)
    elif isinstance(node, Node):
        yield node
        for field in node.__struct_fields__:
            yield from _nodes(getattr(node, field))


def _differentiates_a_name(tree: Arrow) -> bool:
    return any(
        isinstance(node, Call)
        and op_of(node.callee) in GRADIENT_FUNCTIONS
        and any(isinstance(argument, Name) for argument in node.arguments)
        for node in _nodes(tree)
    )


@functools.lru_cache(maxsize=4096)
def _repeated(tree: Arrow) -> int:
    parameters = {pattern.name for pattern in tree.parameters if isinstance(pattern, Name)}
    body: object = tree.body
    uses = Counter(
        node.name for node in _nodes(body) if isinstance(node, Name) and node.name in parameters
    )
    return max(uses.values(), default=1) - 1


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size
