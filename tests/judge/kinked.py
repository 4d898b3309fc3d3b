"""Programs at kinks as cases, what the oracle says of them, and the libraries to ask."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess

import msgspec
import numpy as np

from conformance.implementations import address
from conformance.judge.contracts import profiles
from conformance.language.names import ApiNames
from conformance.language.parser import parse
from conformance.outcomes import Outcome
from conformance.protocol import PROTOCOL, Answer, Argument, Function, Start, Started
from conformance.suite.case import Case
from conformance.tensors import from_numpy
from reference_impl.exact.execute import answer, namespace

LIBRARIES = {"tensorflow": "tensorflow", "tfjs:cpu": "cpu", "tfjs:wasm": "wasm"}
"""The measured libraries, each with the name of its contract."""
STARTED = {
    name: Started(
        name=name.partition(":")[0],
        version="1",
        runtime="r",
        protocol=1,
        reads="tree",
        backend=name.partition(":")[2] or None,
    )
    for name in LIBRARIES
}


@functools.cache
def names():
    known = namespace()
    return ApiNames("test", frozenset(known.functions), frozenset(known.methods))


def bits(values):
    tensor = from_numpy(np.asarray(values, np.float32))
    return Argument(tensor.dtype, tensor.shape, tensor.data)


def kinked(source, *, call="valueAndGrads", dy=None, **inputs):
    """A case with gradients for all inputs, or with none where its value is asked for."""
    return Case(
        id="ops/test/kink",
        file="test.yaml",
        line=1,
        call=call,
        f=Function(source, parse(source, names())),
        names=tuple(inputs),
        args=tuple(map(bits, inputs.values())),
        wrt=() if call == "value" else tuple(inputs),
        dy=None if dy is None else bits(dy),
    )


def of(program):
    return kinked(program.f, call=program.call, **program.inputs)


def oracle(case):
    """The oracle's outcome, with balls for all contracts."""
    said = answer(case.request(0), profiles())
    assert said.returned is not None, said
    return Outcome(case.id, "exact", returned=said.returned, acceptance=said.acceptance)


def results(returned):
    """The gradients, or the value where there are none, as arrays."""
    return [None if one is None else one.numpy() for one in returned.grads or (returned.value,)]


def balls(acceptance):
    return acceptance.grads or (acceptance.value,)


@contextlib.contextmanager
def running(library):
    """Asks a library in a process of its own."""
    implementation = address.parse(library)
    with subprocess.Popen(
        implementation.argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **implementation.env},
    ) as process:

        def ask(message):
            process.stdin.write(msgspec.json.encode(message) + b"\n")
            process.stdin.flush()
            return msgspec.json.decode(process.stdout.readline(), type=Answer)

        assert ask(Start(id=0, protocol=PROTOCOL)).started
        yield ask
        process.stdin.close()
