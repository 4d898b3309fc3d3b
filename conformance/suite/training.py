"""``optimizer:`` and ``steps:`` of a case file."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence

from conformance.optimizers import PARAMETERS, Parameter
from conformance.protocol import Optimizer
from conformance.suite import inputs, nodes
from conformance.suite.inputs import Invalid
from conformance.suite.nodes import Node, Scalar

MAX_STEPS = 1000
"""A case shows a rule, and trains no model: beyond this, steps are a mistake."""


def training(
    node: nodes.Mapping, filled: Mapping[str, Node], call: str
) -> tuple[Optimizer | None, int]:
    """The optimizer and the number of steps of a case; none and 1 for all calls but ``minimize``.

    ``filled`` has the fields of the case ``node`` with their templates filled in.

    Raises:
        Invalid: they are wrong, missing, or do not go with the call.
    """
    if call != "minimize":
        for field in ("optimizer", "steps"):
            if field in filled:
                message = f"`{field}` does not go with `call: {call}`"
                raise Invalid(node.keys[field], message, "call: minimize")
        return None, 1
    if "optimizer" not in filled:
        hint = "optimizer: {name: sgd, learningRate: 0.1}"
        raise Invalid(node.entries["call"], "`minimize` needs an `optimizer`", hint)
    steps = filled.get("steps")
    count = 1 if steps is None else inputs.integer(steps, 1, MAX_STEPS, "steps")
    return optimizer(filled["optimizer"]), count


def optimizer(node: Node) -> Optimizer:
    """An optimizer by its name in ``tf.train``, with its parameters by name.

    Raises:
        Invalid: no such optimizer or parameter, a value of another kind, one that is missing.
    """
    if not isinstance(node, nodes.Mapping):
        raise Invalid(node, "`optimizer` is a mapping", "{name: sgd, learningRate: 0.1}")
    named = node.entries.get("name")
    if named is None:
        raise Invalid(node, "an optimizer has a `name`", f"one of {', '.join(PARAMETERS)}")
    if not isinstance(named, Scalar) or named.text not in PARAMETERS:
        written = named.text if isinstance(named, Scalar) else "this"
        raise Invalid(named, f"no optimizer `{written}`", _suggestion(written, list(PARAMETERS)))
    name = named.text
    parameters = PARAMETERS[name]
    known = [parameter.name for parameter in parameters]
    for field, key in node.keys.items():
        if field not in ("name", *known):
            message = f"the optimizer {name} has no parameter `{field}`"
            raise Invalid(key, message, _suggestion(field, known))
    arguments = [_argument(node, name, parameter) for parameter in parameters]
    while arguments and arguments[-1] is None:
        arguments.pop()
    return Optimizer(name, tuple(arguments))


def _argument(node: nodes.Mapping, name: str, parameter: Parameter) -> float | bool | None:
    given = node.entries.get(parameter.name)
    if given is None:
        if parameter.default is None:
            message = f"the optimizer {name} needs `{parameter.name}`"
            raise Invalid(node, message, f"{{name: {name}, {parameter.name}: 0.1, …}}")
        return None
    if parameter.is_flag:
        if not isinstance(given, Scalar) or not given.plain or given.text not in {"true", "false"}:
            raise Invalid(given, f"`{parameter.name}` is true or false")
        return given.text == "true"
    if not isinstance(given, Scalar) or not given.plain or given.text in {"true", "false", "null"}:
        raise Invalid(given, f"`{parameter.name}` is a number", f"{parameter.name}: 0.1")
    number = inputs.number(given)
    if not math.isfinite(number):
        raise Invalid(given, f"`{parameter.name}` is a finite number")
    return float(number)


def _suggestion(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, 1)
    return f"did you mean `{close[0]}`?" if close else f"one of {', '.join(known)}"
