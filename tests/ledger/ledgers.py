"""Small results files with traces, and a small registry, made without running anything."""

import msgspec
import numpy as np

from conformance.language.names import ApiNames
from conformance.language.parser import parse
from conformance.ledger.gather import gather
from conformance.ledger.registry import Registry
from conformance.outcomes import Outcome, Verdict
from conformance.protocol import (
    Acceptance,
    Argument,
    Ball,
    Function,
    GradientCall,
    KernelCall,
    Operand,
    Returned,
    Started,
    Threw,
    Trace,
)
from conformance.results import FORMAT, Header, Results, Settled, cases_hash, read
from conformance.results_writer import Writer
from conformance.suite.case import Case
from conformance.tensors import Tensor

ADDRESSES = ("tensorflow", "tfjs:cpu", "tfjs:wasm")
STARTED = Started(name="fake", version="1", runtime="python", protocol=1, reads="source")
WHO = (
    msgspec.structs.replace(STARTED, name="tensorflow"),
    msgspec.structs.replace(STARTED, name="tfjs", backend="cpu"),
    msgspec.structs.replace(STARTED, name="tfjs", backend="wasm"),
)
NAMES = ApiNames(
    version="1",
    functions=frozenset({"add", "grad", "losses.huberLoss", "customGrad", "square"}),
    methods=frozenset({"add", "flatten", "mul"}),
)
REGISTRY = Registry(
    version="1",
    public=frozenset({"add", "grad", "square"}),
    methods=frozenset({"add", "flatten"}),
    gradients=frozenset({"Add", "Concat"}),
    kernels={"cpu": frozenset({"Add", "Concat", "Draw"}), "wasm": frozenset({"Add", "Concat"})},
)
X = Operand("a", "float32", 1)


def value(kernel, *inputs, backend="cpu", **attributes):
    """A kernel that ran."""
    return KernelCall(kernel, backend, inputs, attributes)


def gradient(kernel, operand=X, order=1, **attributes):
    """A gradient that was computed."""
    return GradientCall(kernel, operand, order, attributes)


def trace(*steps, calls=(), **rules):
    """What a case reached: kernels and gradients in one list; rules as ``Add="ab"``."""
    return Trace(
        calls=calls,
        kernels=tuple(step for step in steps if isinstance(step, KernelCall)),
        gradients=tuple(step for step in steps if isinstance(step, GradientCall)),
        rules={kernel: tuple(slots) for kernel, slots in rules.items()},
    )


def case(name="one", source="x => tf.add(x, x)", **fields):
    """A case with this function."""
    plain = {
        "id": f"s/{name}", "file": "s.yaml", "line": 1, "call": "value", "names": ("x",),
        "f": Function(source=source, tree=parse(source, NAMES)), "wrt": (),
        "args": (Argument(literal=1),),
    }  # fmt: skip
    return Case(**plain | fields)


def settled(one, traces, words=("pass", "pass", "pass"), expected=None, *, threw=False):
    """A case with the traces of the three implementations, None for none, and their verdicts.

    Where it returned, the oracle bounds its value sharply, and differences are those of numbers.
    """
    said = {"threw": Threw("forward", "Error", "no")} if threw else {"returned": Returned()}
    outcomes = [
        Outcome(one.id, address, trace=found, **said)
        for address, found in zip(ADDRESSES, traces, strict=True)
    ]
    verdicts = [
        Verdict(one.id, address, word, expected=word == "pass" if expected is None else expected)
        for address, word in zip(ADDRESSES, words, strict=True)
    ]
    item = Settled(one, tuple(outcomes), tuple(verdicts))
    kinds = ["numeric" if word == "differs" else None for word in words]
    return item if threw else judged(item, [], value=(2, 0, 0, 0), kinds=kinds)


def everywhere(one, found, **more):
    """A case that reached the same on both implementations that trace."""
    return settled(one, (None, found, found), **more)


CONTRACTS = ("ieee", "tensorflow", "cpu", "wasm")


def judged(item, widths, *, grads=((1.5, -2.0),), value=None, kinds=(None,) * 3):
    """A case with an answer of the oracle, whose balls of the gradients have these widths.

    ``value`` is the width of the value's ball, ``kinds`` are the classes of the verdicts.
    """
    balls = tuple(widths_of and _ball(widths_of) for widths_of in widths)
    tensors = tuple(_floats(numbers) for numbers in grads[: len(widths)])
    oracle = Outcome(
        item.case.id,
        "exact",
        returned=Returned(value=_floats((1.5, -2.0)), grads=tensors),
        acceptance=Acceptance(value=value and _ball(value), grads=balls),
    )
    verdicts = tuple(
        msgspec.structs.replace(verdict, kind=kind, used=0.5 if verdict.verdict == "pass" else None)
        for verdict, kind in zip(item.verdicts, kinds, strict=True)
    )
    return msgspec.structs.replace(item, oracle=oracle, verdicts=verdicts)


def unanswered(item, why="no op tf.add"):
    """A case that the oracle cannot answer."""
    oracle = Outcome(item.case.id, "exact", unsupported=why)
    return msgspec.structs.replace(item, oracle=oracle)


def _ball(widths):
    return Ball(rest=b"", radius={}, widths=dict.fromkeys(CONTRACTS, widths))


def _floats(numbers):
    data = np.array(numbers, "<f4")
    return Tensor(dtype="float32", shape=data.shape, data=data.tobytes())


def header(items, **fields):
    """The header of a traced run of these cases."""
    plain = Header(
        format=FORMAT,
        version="1",
        planned=len(items) * len(ADDRESSES),
        implementations=dict(zip(ADDRESSES, WHO, strict=True)),
        reference="tensorflow",
        policy="default",
        cases_hash=cases_hash(item.case for item in items),
        environment={"system": "here"},
        traced=True,
        oracle=STARTED,
    )
    return msgspec.structs.replace(plain, **fields)


def record(path, *items, interrupted=False, **fields) -> Results:
    """The results file of these cases, written and read."""
    writer = Writer(path)
    writer.header(header(items, **fields))
    for item in items:
        writer.settled(item)
    writer.footer(seconds=1.0, interrupted=interrupted, faults=(), problems=())
    return read(path)


def ledger(path, *items, chosen=None):
    """The ledger of these cases."""
    return gather(record(path, *items), REGISTRY, chosen)
