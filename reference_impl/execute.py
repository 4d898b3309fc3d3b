"""One case of the protocol on TensorFlow: a ``Run`` to what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from conformance.protocol import Optimizer, Returned, Run, Threw
from reference_impl import bits, coercion, gradients, optimizers, seeds
from reference_impl.api import execute as api
from reference_impl.namespace import Namespace, standard


def execute(request: Run, namespace: Namespace | None = None) -> Returned | Threw | str:
    """Run one case; a string says why it is unsupported; see ``reference_impl.api.execute``."""
    return api.execute(request, _TensorFlow(), namespace or standard())


class _TensorFlow:
    """TensorFlow as running a case wants it."""

    gradients = gradients.GRADIENTS
    restart = staticmethod(seeds.restart)
    is_tensor = staticmethod(coercion.is_tensor)
    tensor = staticmethod(coercion.tensor)
    from_message = staticmethod(bits.from_message)
    to_message = staticmethod(bits.to_message)

    @staticmethod
    def variable(tensor: tf.Tensor, name: str) -> tf.Variable:
        return tf.Variable(tensor, name=name)

    @staticmethod
    def minimize(
        f: Callable[[], Any], variables: Sequence[tf.Variable], optimizer: Optimizer, steps: int
    ) -> tf.Tensor:
        return optimizers.minimize(f, variables, optimizer.name, optimizer.arguments, steps)
