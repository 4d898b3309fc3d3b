"""Training steps with the parameters of ``tf.train`` and the update kernels of TensorFlow.

What a rule does is what TensorFlow's kernel of that name does, for tf.js' parameters in tf.js'
order, with tf.js' defaults. Keras is not imported: it would double the time of a start. What Keras
does around the kernels is done here: the powers of Adam's decays, epsilon in Adagrad, Adamax'
falling learning rate, and accumulators that start at zero where tf.js has no parameter for it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from reference_impl import gradients

EPSILON = 1e-7
"""tf.js' epsilon where none is given; Keras has the same."""


class Step(NamedTuple):
    """What a rule gets: a variable, its gradient, the step from 1, and the variable's slots."""

    variable: tf.Variable
    grad: tf.Tensor
    number: int
    slots: dict[str, tf.Variable]

    @property
    def var(self) -> Any:
        """The handle of the variable."""
        return self.variable.handle

    def slot(self, name: str, initial: float = 0.0) -> Any:
        """The handle of an accumulator of the variable's shape."""
        if name not in self.slots:
            self.slots[name] = tf.Variable(tf.fill(self.variable.shape, initial))
        return self.slots[name].handle


Rule = Callable[[Step], None]


def minimize(
    f: Callable[[], Any],
    variables: Sequence[tf.Variable],
    name: str,
    arguments: Sequence[float | bool | None],
    steps: int = 1,
) -> tf.Tensor:
    """``tf.train[name](...arguments).minimize(f, true, variables)``, so many times.

    Args:
        f: a function without parameters that reads the variables and gives a scalar.
        variables: float32 variables; they get their new values. One without a gradient keeps its.
        name: the name of the optimizer in ``tf.train``.
        arguments: its parameters in the order of tf.js, None meaning not given.
        steps: how many steps to take.

    Returns:
        What f gave in the last step, before the variables changed for the last time.

    Raises:
        GradientError: a value that is no scalar.
        UnconnectedError: no variable has a gradient.
    """
    parameters = zip(inspect.signature(RULES[name]).parameters, arguments, strict=False)
    rule = RULES[name](**{key: value for key, value in parameters if value is not None})
    slots: list[dict[str, tf.Variable]] = [{} for _ in variables]
    value = None
    for number in range(1, steps + 1):
        value, grads = gradients.compute("variableGrads", lambda *_: f(), variables)
        gradients.expect_any(grads)
        gradients.expect_scalar(value)
        for variable, gradient, own in zip(variables, grads, slots, strict=True):
            if gradient is not None:
                rule(Step(variable, gradient, number, own))
    return value


def sgd(rate: float) -> Rule:
    """``tf.train.sgd``."""

    def rule(step: Step) -> None:
        tf.raw_ops.ResourceApplyGradientDescent(var=step.var, alpha=rate, delta=step.grad)

    return rule


def momentum(rate: float, momentum: float, *, nesterov: bool = False) -> Rule:
    """``tf.train.momentum``."""

    def rule(step: Step) -> None:
        tf.raw_ops.ResourceApplyMomentum(
            var=step.var, accum=step.slot("accumulation"), lr=rate, grad=step.grad,
            momentum=momentum, use_nesterov=nesterov,
        )  # fmt: skip

    return rule


def adagrad(rate: float, initial: float = 0.1) -> Rule:
    """``tf.train.adagrad``."""

    def rule(step: Step) -> None:
        tf.raw_ops.ResourceApplyAdagradV2(
            var=step.var, accum=step.slot("accumulator", initial), lr=rate, epsilon=EPSILON,
            grad=step.grad,
        )  # fmt: skip

    return rule


def adadelta(rate: float = 0.001, rho: float = 0.95, epsilon: float = EPSILON) -> Rule:
    """``tf.train.adadelta``."""

    def rule(step: Step) -> None:
        tf.raw_ops.ResourceApplyAdadelta(
            var=step.var, accum=step.slot("gradients"), accum_update=step.slot("updates"),
            lr=rate, rho=rho, epsilon=epsilon, grad=step.grad,
        )  # fmt: skip

    return rule


def adam(
    rate: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = EPSILON
) -> Rule:
    """``tf.train.adam``."""

    def rule(step: Step) -> None:
        tf.raw_ops.ResourceApplyAdam(
            var=step.var, m=step.slot("m"), v=step.slot("v"),
            beta1_power=tf.pow(beta1, float(step.number)),
            beta2_power=tf.pow(beta2, float(step.number)),
            lr=rate, beta1=beta1, beta2=beta2, epsilon=epsilon, grad=step.grad,
        )  # fmt: skip

    return rule


def adamax(
    rate: float = 0.002,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = EPSILON,
    decay: float = 0.0,
) -> Rule:
    """``tf.train.adamax``; the learning rate falls as rate / (1 + decay * steps before)."""

    def rule(step: Step) -> None:
        tf.raw_ops.ResourceApplyAdaMax(
            var=step.var, m=step.slot("m"), v=step.slot("v"),
            beta1_power=tf.pow(beta1, float(step.number)),
            lr=rate / (1 + decay * tf.constant(step.number - 1, tf.float32)),
            beta1=beta1, beta2=beta2, epsilon=epsilon, grad=step.grad,
        )  # fmt: skip

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

    def rule(step: Step) -> None:
        shared = {
            "var": step.var, "ms": step.slot("squares"), "mom": step.slot("momentum"), "lr": rate,
            "rho": decay, "momentum": momentum, "epsilon": epsilon, "grad": step.grad,
        }  # fmt: skip
        if centered:
            tf.raw_ops.ResourceApplyCenteredRMSProp(mg=step.slot("gradients"), **shared)
        else:
            tf.raw_ops.ResourceApplyRMSProp(**shared)

    return rule


RULES: dict[str, Callable[..., Rule]] = {
    rule.__name__: rule for rule in (sgd, momentum, adagrad, adadelta, adam, adamax, rmsprop)
}
