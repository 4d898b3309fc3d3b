"""Small results files with traces, and a small registry, made without running anything."""

import msgspec

from conformance.language.names import ApiNames
from conformance.language.parser import parse
from conformance.ledger.gather import gather
from conformance.ledger.registry import Registry
from conformance.outcomes import Outcome, Verdict
from conformance.protocol import (
    Argument,
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

ADDRESSES = ("tensorflow", "tfjs:cpu", "tfjs:wasm")
STARTED = Started(name="fake", version="1", runtime="python", protocol=1, reads="source")
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
    """A case with the traces of the three implementations, None for none, and their verdicts."""
    said = {"threw": Threw("forward", "Error", "no")} if threw else {"returned": Returned()}
    outcomes = [
        Outcome(one.id, address, trace=found, **said)
        for address, found in zip(ADDRESSES, traces, strict=True)
    ]
    verdicts = [
        Verdict(one.id, address, word, expected=word == "pass" if expected is None else expected)
        for address, word in zip(ADDRESSES, words, strict=True)
    ]
    return Settled(one, tuple(outcomes), tuple(verdicts))


def everywhere(one, found, **more):
    """A case that reached the same on both implementations that trace."""
    return settled(one, (None, found, found), **more)


def header(items, **fields):
    """The header of a traced run of these cases."""
    plain = Header(
        format=FORMAT,
        version="1",
        planned=len(items) * len(ADDRESSES),
        implementations=dict.fromkeys(ADDRESSES, STARTED),
        reference="tensorflow",
        policy="default",
        cases_hash=cases_hash(item.case for item in items),
        environment={"system": "here"},
        traced=True,
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
