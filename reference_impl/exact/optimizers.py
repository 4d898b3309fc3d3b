"""Training steps in exact arithmetic, with the parameters of ``tf.train``.

The rules are the formulas that TensorFlow documents for its kernels ``ResourceApply...``. Nothing
is rounded from step to step, and a parameter is the double that the caller gave: it is the
trajectory of the mathematics. A variable that leaves the range of float32 becomes infinite.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from reference_impl.api.gradients import expect_any, expect_scalar
from reference_impl.exact import tape
from reference_impl.exact import tensor as t
from reference_impl.exact.gradients import GRADIENTS
from reference_impl.exact.tensor import Tensor, Variable

EPSILON = 1e-7
"""tf.js' epsilon where none is given."""


class Step(NamedTuple):
    """What a rule gets: a variable's gradient, the step from 1, and the variable's slots."""

    grad: Tensor
    number: int
    slots: dict[str, Tensor]

    def slot(self, name: str, initial: float = 0.0) -> Tensor:
        """What a slot holds since the step before; at first it is a constant."""
        return self.slots.get(name, t.floats(initial))

    def average(self, name: str, rate: float, x: Tensor) -> Tensor:
        """The slot's moving average with x taken in: rate * slot + (1 - rate) * x."""
        kept = t.floats(rate)
        self.slots[name] = kept * self.slot(name) + (1 - kept) * x
        return self.slots[name]

    def mean(self, name: str, rate: float, x: Tensor) -> Mean:
        """The slot's moving average with x taken in, and corrected for its beginning with 0.

        The average is 1 - rate times a sum, as the weight of all gradients so far is: what that
        factor is rounded to does not matter for their quotient.
        """
        kept, taken = t.floats(rate), float(rate != 1)
        total = kept * self.slot(name) + x * taken
        weight = kept * self.slot(f"{name}: weight") + taken
        self.slots.update({name: total, f"{name}: weight": weight})
        left = 1 - kept
        if self.number > 1 and taken:
            # Libraries subtract the powers of the rate from 1, which are rounded in every step.
            power = abs(rate) ** self.number
            weight = t.through(weight, 2 * (self.number - 1) * power / abs(1 - rate))
        return Mean(total / weight, left * weight)


class Mean(NamedTuple):
    """A moving average that is corrected, and the weight that it was divided by, 1 - rate^steps."""

    value: Tensor
    weight: Tensor


Rule = Callable[[Step], Tensor]
"""What is to be subtracted from the variable."""


def minimize(
    f: Callable[[], Any],
    variables: Sequence[Variable],
    name: str,
    arguments: Sequence[float | bool | None],
    steps: int = 1,
) -> Tensor:
    """``tf.train[name](...arguments).minimize(f, true, variables)``, so many times.

    Args:
        f: a function without parameters that reads the variables and gives a scalar.
        variables: float32 variables; they get their new values. One without a gradient keeps its.
        name: the name of the optimizer in ``tf.train``.
        arguments: its parameters in the order of tf.js, None meaning not given.
        steps: how many steps to take, at least one.

    Returns:
        What f gave in the last step, before the variables changed for the last time.

    Raises:
        GradientError: a value that is no scalar.
        UnconnectedError: no variable has a gradient.
    """
    parameters = zip(inspect.signature(RULES[name]).parameters, arguments, strict=False)
    rule = RULES[name](**{key: value for key, value in parameters if value is not None})
    slots: list[dict[str, Tensor]] = [{} for _ in variables]
    value: Any = None
    for number in range(1, steps + 1):
        before = _state(variables, slots)
        value, grads = GRADIENTS.compute("variableGrads", lambda *_: f(), variables)
        expect_any(grads)
        expect_scalar(value)
        for variable, gradient, own in zip(variables, grads, slots, strict=True):
            if gradient is not None:
                _subtract(variable, rule(Step(gradient, number, own)))
        if number > 1:
            # Before the first step nothing is off that the steps could take back.
            tape.current().iterated(before, _state(variables, slots))
    result: Tensor = value
    return result


def _state(variables: Sequence[Variable], slots: Sequence[dict[str, Tensor]]) -> frozenset[int]:
    """The nodes of all that a step leaves to the next."""
    tensors = itertools.chain(variables, *(own.values() for own in slots))
    return frozenset(node for one in tensors for node in one.data.ravel().tolist())


def _subtract(variable: Variable, update: Tensor) -> None:
    variable.data = (variable - update).data
    for node in variable.data.ravel().tolist():
        tape.current().store(node)


def sgd(rate: float) -> Rule:
    """``tf.train.sgd``."""
    return lambda step: step.grad * rate


def momentum(rate: float, momentum: float, *, nesterov: bool = False) -> Rule:
    """``tf.train.momentum``."""

    def rule(step: Step) -> Tensor:
        accumulated = step.slot("accumulation") * momentum + step.grad
        step.slots["accumulation"] = accumulated
        return (step.grad + accumulated * momentum if nesterov else accumulated) * rate

    return rule


def adagrad(rate: float, initial: float = 0.1) -> Rule:
    """``tf.train.adagrad``."""

    def rule(step: Step) -> Tensor:
        squares = step.slot("squares", initial) + step.grad * step.grad
        step.slots["squares"] = squares
        return rate * step.grad / (t.sqrt(squares) + EPSILON)

    return rule


def adadelta(rate: float = 0.001, rho: float = 0.95, epsilon: float = EPSILON) -> Rule:
    """``tf.train.adadelta``."""

    def rule(step: Step) -> Tensor:
        squares = step.average("squares", rho, step.grad * step.grad)
        updates = step.slot("updates")
        update = t.sqrt(updates + epsilon) * t.rsqrt(squares + epsilon) * step.grad
        step.average("updates", rho, update * update)
        return rate * update

    return rule


def adam(
    rate: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = EPSILON
) -> Rule:
    """``tf.train.adam``, where epsilon is added before the correction of the bias."""

    def rule(step: Step) -> Tensor:
        mean = step.mean("mean", beta1, step.grad)
        squares = step.mean("squares", beta2, step.grad * step.grad)
        return rate * mean.value / (t.sqrt(squares.value) + epsilon / t.sqrt(squares.weight))

    return rule


def adamax(
    rate: float = 0.002,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = EPSILON,
    decay: float = 0.0,
) -> Rule:
    """``tf.train.adamax``; the learning rate falls as rate / (1 + decay * steps before)."""

    def rule(step: Step) -> Tensor:
        mean = step.mean("mean", beta1, step.grad)
        size = t.maximum(step.grad, -step.grad)
        largest = t.maximum(step.slot("largest") * beta2, size)
        step.slots["largest"] = largest
        falling = rate / (1 + t.floats(decay) * (step.number - 1))
        return falling * mean.value / (largest + epsilon)

    return rule


def rmsprop(
    rate: float,
    decay: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = EPSILON,
    *,
    centered: bool = False,
) -> Rule:
    """``tf.train.rmsprop``."""

    def rule(step: Step) -> Tensor:
        spread = step.average("squares", decay, step.grad * step.grad)
        if centered:
            mean = step.average("mean", decay, step.grad)
            spread = spread - mean * mean
        update = rate * step.grad * t.rsqrt(spread + epsilon)
        step.slots["update"] = step.slot("update") * momentum + update
        return step.slots["update"]

    return rule


RULES: dict[str, Callable[..., Rule]] = {
    rule.__name__: rule for rule in (sgd, momentum, adagrad, adadelta, adam, adamax, rmsprop)
}
