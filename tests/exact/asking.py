"""Cases for the oracle, in one line."""

from __future__ import annotations

import functools

import numpy as np

from conformance.language.names import ApiNames
from conformance.language.parser import parse
from conformance.protocol import Argument, Function, Returned, Run
from conformance.tensors import from_numpy
from reference_impl.exact.execute import execute, namespace


@functools.cache
def names():
    known = namespace()
    return ApiNames("test", frozenset(known.functions), frozenset(known.methods))


def bits(values, dtype=np.float32):
    tensor = from_numpy(np.asarray(values, dtype))
    return Argument(tensor.dtype, tensor.shape, tensor.data)


def request(source, call="valueAndGrads", *, dy=None, wrt=None, **inputs):
    arguments = tuple(
        value
        if isinstance(value, Argument)
        else bits(value, value.dtype if isinstance(value, np.ndarray) else np.float32)
        for value in inputs.values()
    )
    return Run(
        id=1,
        call=call,
        f=Function(source, parse(source, names())),
        names=tuple(inputs),
        args=arguments,
        wrt=tuple(inputs) if wrt is None else tuple(wrt),
        dy=None if dy is None else bits(dy),
    )


def ask(source, call="valueAndGrads", *, side="convention", **given):
    """Returned, Threw, or why it is unsupported."""
    return execute(request(source, call, **given), side)


def answer(source, call="valueAndGrads", **given):
    """The value and the list of gradients, as NumPy arrays."""
    returned = ask(source, call, **given)
    assert isinstance(returned, Returned), returned
    value = None if returned.value is None else returned.value.numpy()
    return value, [None if one is None else one.numpy() for one in returned.grads]
