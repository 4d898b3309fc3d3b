"""One case of the protocol on TensorFlow: a ``Run`` to what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from conformance.protocol import Answer, Optimizer, Returned, Run, Threw
from reference_impl import bits, coercion, gradients, optimizers, seeds, tapping
from reference_impl.api import execute as api
from reference_impl.api.taps import Taps
from reference_impl.namespace import Namespace, standard


def execute(request: Run, namespace: Namespace | None = None) -> Returned | Threw | str:
    """Run one case; a string says why it is unsupported; see ``reference_impl.api.execute``."""
    return api.execute(request, _TensorFlow(), namespace or standard())


def answer(request: Run, namespace: Namespace | None = None) -> Answer:
    """The answer to a case, with the taps that it asks for, be it that it returned or threw."""
    library = _TensorFlow()
    taps = Taps(library) if request.tap else None
    said = api.execute(request, library, namespace or standard(), taps)
    recorded = () if taps is None else taps.recorded()
    match said:
        case Returned():
            return Answer(request.id, returned=said, taps=recorded)
        case Threw():
            return Answer(request.id, threw=said, taps=recorded)
        case reason:
            return Answer(request.id, unsupported=reason)


class _TensorFlow:
    """TensorFlow as running a case wants it."""

    gradients = gradients.GRADIENTS
    restart = staticmethod(seeds.restart)
    is_tensor = staticmethod(coercion.is_tensor)
    tensor = staticmethod(coercion.tensor)
    from_message = staticmethod(bits.from_message)
    to_message = staticmethod(bits.to_message)
    tapped = staticmethod(tapping.tapped)

    @staticmethod
    def variable(tensor: tf.Tensor, name: str) -> tf.Variable:
        return tf.Variable(tensor, name=name)

    @staticmethod
    def minimize(
        f: Callable[[], Any], variables: Sequence[tf.Variable], optimizer: Optimizer, steps: int
    ) -> tf.Tensor:
        return optimizers.minimize(f, variables, optimizer.name, optimizer.arguments, steps)
