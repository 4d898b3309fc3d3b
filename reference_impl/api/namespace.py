"""What ``tf`` is for a function under test: ops, gradient functions, creation of tensors.

Everything here is called as in JavaScript: missing arguments are undefined, further ones are
ignored, and results with parts are objects.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reference_impl.api import constructors
from reference_impl.api.gradients import Gradients
from reference_impl.javascript import UNDEFINED

Function = Callable[..., Any]

DIFFERENTIATING = frozenset({"grad", "grads", "valueAndGrad", "valueAndGrads"})
"""The functions of tf that make another function of one."""

NO_OPS = frozenset(
    {
        *DIFFERENTIATING, "customGrad", "keep", "scalar", "tensor", "tensor1d", "tensor2d",
        "tensor3d", "tensor4d", "tensor5d", "tensor6d", "tidy", "variable", "variableGrads",
    }
)  # fmt: skip
"""The names of ``functions``."""


class UnsupportedOp(Exception):  # noqa: N818  it is the op that is unsupported
    """A function names an op that this implementation does not have."""


class Record(dict[str, Any]):
    """A JavaScript object: its parts are items and attributes, undefined where there is none."""

    def __missing__(self, name: str) -> Any:
        return UNDEFINED

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]


@dataclass(frozen=True, eq=False)
class Namespace:
    """The functions by their path below ``tf``, and the methods of tensors, receiver first.

    ``is_tensor`` says whether a value has these methods.
    """

    functions: Mapping[str, Function]
    methods: Mapping[str, Function]
    is_tensor: Callable[[Any], bool]

    def function(self, path: str) -> Function:
        """The function ``tf.path``.

        Raises:
            UnsupportedOp: there is none.
        """
        found = self.functions.get(path)
        if found is None:
            raise UnsupportedOp(f"no op tf.{path}")
        return found

    def method(self, name: str) -> Function:
        """The method ``name`` of tensors; its first argument is the tensor.

        Raises:
            UnsupportedOp: there is none.
        """
        found = self.methods.get(name)
        if found is None:
            raise UnsupportedOp(f"no method {name} of tensors")
        return found


def functions(
    gradients: Gradients, custom_grad: Function, tensor: Function, variable: Function
) -> dict[str, Function]:
    """The functions of tf that are no ops, by their names."""
    return {
        "customGrad": _taking(1, custom_grad),
        "grad": _differentiating(gradients.grad),
        "grads": _differentiating(gradients.grads),
        "keep": _taking(1, _keep),
        "scalar": _taking(2, functools.partial(constructors.scalar, tensor)),
        "tensor": _taking(3, tensor),
        "tensor1d": _taking(2, functools.partial(constructors.tensor1d, tensor)),
        **{
            f"tensor{rank}d": _taking(3, constructors.of_rank(tensor, rank)) for rank in range(2, 7)
        },
        "tidy": _taking(2, _tidy),
        "valueAndGrad": _differentiating(gradients.value_and_grad),
        "valueAndGrads": _differentiating(gradients.value_and_grads),
        "variable": _taking(4, variable),
        "variableGrads": _taking(2, functools.partial(_variable_grads, gradients)),
    }


def _taking(count: int, function: Function) -> Function:
    """The function called as in JavaScript, with exactly so many arguments."""

    def call(*given: Any) -> Any:
        return function(*given[:count], *(UNDEFINED,) * (count - len(given)))

    return call


def _differentiating(api: Callable[[Function], Function]) -> Function:
    """``api(f)(xs, dy)`` called as in JavaScript; f is checked before there are inputs."""

    def built(f: Any) -> Function:
        differentiated = api(f)
        return _taking(2, lambda xs, dy: _object(differentiated(xs, dy)))

    return _taking(1, built)


def _object(result: Any) -> Any:
    return Record(result._asdict()) if hasattr(result, "_asdict") else result


def _variable_grads(gradients: Gradients, f: Any, variables: Any) -> Record:
    value, grads = gradients.variable_grads(f, variables)
    return Record(value=value, grads=Record(grads))


def _tidy(first: Any, second: Any) -> Any:
    """``tf.tidy(f)`` and ``tf.tidy(name, f)``; there is nothing to tidy."""
    return first() if second is UNDEFINED else second()


def _keep(tensor: Any) -> Any:
    return tensor
