"""The optimizers of tf.js: the parameters of ``tf.train.*``, in their order, with their defaults.

Source: https://js.tensorflow.org/api/latest/#Training-Optimizers.
"""

from __future__ import annotations

from typing import NamedTuple

from conformance.protocol import Optimizer, OptimizerName

EPSILON = 1e-7
"""What tf.js takes for epsilon where none is given: the epsilon of a backend with float32."""


class Parameter(NamedTuple):
    """A parameter of an optimizer; without a default it has to be given."""

    name: str
    default: float | bool | None = None

    @property
    def is_flag(self) -> bool:
        """Whether it is true or false, and no number."""
        return isinstance(self.default, bool)


_RATE = "learningRate"
PARAMETERS: dict[OptimizerName, tuple[Parameter, ...]] = {
    "sgd": (Parameter(_RATE),),
    "momentum": (Parameter(_RATE), Parameter("momentum"), Parameter("useNesterov", default=False)),
    "adagrad": (Parameter(_RATE), Parameter("initialAccumulatorValue", 0.1)),
    "adadelta": (Parameter(_RATE, 0.001), Parameter("rho", 0.95), Parameter("epsilon", EPSILON)),
    "adam": (
        Parameter(_RATE, 0.001), Parameter("beta1", 0.9), Parameter("beta2", 0.999),
        Parameter("epsilon", EPSILON),
    ),
    "adamax": (
        Parameter(_RATE, 0.002), Parameter("beta1", 0.9), Parameter("beta2", 0.999),
        Parameter("epsilon", EPSILON), Parameter("decay", 0.0),
    ),
    "rmsprop": (
        Parameter(_RATE), Parameter("decay", 0.9), Parameter("momentum", 0.0),
        Parameter("epsilon", EPSILON), Parameter("centered", default=False),
    ),
}  # fmt: skip


def values(optimizer: Optimizer) -> dict[str, float | bool]:
    """The value of each parameter by name, with the defaults of those that are not given."""
    found: dict[str, float | bool] = {}
    for number, parameter in enumerate(PARAMETERS[optimizer.name]):
        given = optimizer.arguments[number] if number < len(optimizer.arguments) else None
        value = parameter.default if given is None else given
        if value is not None:
            found[parameter.name] = value
    return found


def described(optimizer: Optimizer, steps: int) -> str:
    """An optimizer in words: ``adam(learningRate=0.1), 3 steps``."""
    named = zip(PARAMETERS[optimizer.name], optimizer.arguments, strict=False)
    given = [
        f"{parameter.name}={str(value).lower() if parameter.is_flag else repr(value)}"
        for parameter, value in named
        if value is not None
    ]
    count = "1 step" if steps == 1 else f"{steps} steps"
    return f"{optimizer.name}({', '.join(given)}), {count}"
