"""Cases on TensorFlow with taps, some with a fault planted in one op, and their certificates."""

from __future__ import annotations

import functools
import os

import msgspec
import numpy as np

from conformance.blame import local
from conformance.blame.certify import certificate
from conformance.judge.contracts import profiles
from conformance.language.names import ApiNames
from conformance.language.parser import parse
from conformance.protocol import Argument, Function, Run
from conformance.tensors import from_numpy
from reference_impl import settings
from reference_impl.api.namespace import Namespace
from reference_impl.exact.execute import answer as exact

CONTRACT = "tensorflow"


@functools.cache
def tensorflow():
    """TensorFlow and the project's ops on it, with the pins of the worker."""
    os.environ.update(settings.ENVIRONMENT)
    import tensorflow as tf  # noqa: PLC0415

    from reference_impl import execute, namespace  # noqa: PLC0415

    return tf, execute, namespace.standard()


@functools.cache
def names():
    _, _, standard = tensorflow()
    return ApiNames("test", frozenset(standard.functions), frozenset(standard.methods))


def bits(values):
    array = np.asarray(values)
    kept = array if array.dtype in {np.dtype(bool), np.dtype("i4"), np.dtype("c8")} else None
    tensor = from_numpy(array.astype(np.float32) if kept is None else kept)
    return Argument(tensor.dtype, tensor.shape, tensor.data)


def request(source, call="valueAndGrads", *, dy=None, wrt=None, **inputs):
    return Run(
        id=1,
        call=call,
        f=Function(source, parse(source, names())),
        names=tuple(inputs),
        args=tuple(map(bits, inputs.values())),
        wrt=() if call == "value" else tuple(inputs if wrt is None else wrt),
        dy=None if dy is None else bits(dy),
        tap=True,
    )


def wrong_value(factor):
    """An op whose result is too large by a factor; its gradient is what it was."""

    def plant(op):
        tf, _, _ = tensorflow()

        @tf.custom_gradient
        def scaled(y):
            return y * factor, lambda dy: dy

        return lambda *given: tf.nest.map_structure(scaled, op(*given))

    return plant


def wrong_gradient(factor):
    """An op whose gradient is too large by a factor; its value is what it was."""

    def plant(op):
        tf, _, _ = tensorflow()

        @tf.custom_gradient
        def scaled(x):
            return tf.identity(x), lambda dy: dy * factor

        def called(*given):
            first, *others = given
            return op(tf.nest.map_structure(scaled, first), *others)

        return called

    return plant


def planted(faults):
    """The ops of TensorFlow, some of them with a fault."""
    _, _, standard = tensorflow()
    functions = {
        name: faults.get(name, lambda op: op)(op) for name, op in standard.functions.items()
    }
    methods = {name: faults.get(name, lambda op: op)(op) for name, op in standard.methods.items()}
    return Namespace(functions, methods, standard.is_tensor)


def tapped(run, **faults):
    """What TensorFlow answers, with taps."""
    _, execute, _ = tensorflow()
    return execute.answer(run, planted(faults))


def certified(run, taps, returned, contract=CONTRACT):
    """The certificate of what was recorded."""
    contracts = {contract: profiles()[contract]}
    answers = [
        None if step.request is None else exact(step.request, contracts)
        for step in local.requests(run, taps)
    ]
    return certificate(run, taps, answers, contract, returned)


def blamed(source, call="valueAndGrads", *, faults=None, dy=None, wrt=None, **inputs):
    """The certificate of a case on TensorFlow with these faults."""
    run = request(source, call, dy=dy, wrt=wrt, **inputs)
    said = tapped(run, **(faults or {}))
    assert said.returned is not None, said
    return certified(run, said.taps, said.returned)


def altered(taps, call, **fields):
    """The taps with other fields in one call."""
    return tuple(
        msgspec.structs.replace(tap, **fields) if at == call else tap for at, tap in enumerate(taps)
    )
