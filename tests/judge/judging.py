"""Cases, outcomes and verdicts in a line each, for the tests of the judge."""

from __future__ import annotations

import numpy as np

from conformance.judge.policy import parse
from conformance.judge.verdict import judge
from conformance.language.tree import Array, Arrow, Call, Member, Name, Negative, Number
from conformance.outcomes import Outcome
from conformance.protocol import Argument, Function, Returned, Started, Threw
from conformance.suite.case import Case, Decimals, Expectation
from conformance.tensors import from_numpy

UNCONNECTED = (
    "Cannot compute gradient of y=f(x) with respect to x. Make sure that\n"
    "    the f you passed encloses all operations that lead from x to y."
)
FLUSHING = Started(
    name="tfjs", version="1", runtime="node", protocol=1, reads="source", flushes_subnormals=True
)


def floats(*items, shape=None):
    array = np.array(items, np.float32)
    return from_numpy(array.reshape(() if shape is None and len(items) == 1 else shape or -1))


def vector(*items):
    return floats(*items, shape=(len(items),))


def from_bits(*bits):
    return from_numpy(np.array(bits, np.uint32).view(np.float32))


def decimals(*items, shape=None):
    return Decimals(shape=(len(items),) if shape is None else shape, items=items)


def _expression(item):
    match item:
        case str():
            return Name(name=item)
        case list():
            return Array(items=tuple(map(_expression, item)))
        case int() | float():
            return Negative(operand=Number(value=-item)) if item < 0 else Number(value=float(item))
        case _:
            return item


def op(name, *arguments):
    callee = Name(name="tf")
    for part in name.split("."):
        callee = Member(object=callee, name=part)
    return Call(callee=callee, arguments=tuple(map(_expression, arguments)))


def case(  # noqa: PLR0913  the parts of a case
    body=None, *, x=None, y=None, expect=None, call="valueAndGrads", dy=None, wrt=None
):
    """A case of one or two inputs; the function is ``x => x.sin()`` unless a body is given."""
    x = vector(1, 2) if x is None else x
    inputs = {"x": x} if y is None else {"x": x, "y": y}
    tree = Arrow(parameters=tuple(Name(name=name) for name in inputs), body=body or op("sin", "x"))
    return Case(
        id="ops/test/case",
        file="test.yaml",
        line=1,
        call=call,
        f=Function(source="", tree=tree),
        names=tuple(inputs),
        args=tuple(_argument(tensor) for tensor in inputs.values()),
        wrt=tuple(inputs) if wrt is None else wrt,
        dy=None if dy is None else _argument(dy),
        expect=expect or Expectation(),
    )


def _argument(tensor):
    return Argument(dtype=tensor.dtype, shape=tensor.shape, data=tensor.data)


def returned(value=None, *grads, **more):
    answer = Returned(value=value, grads=grads, **more)
    return {"returned": answer}


def threw(message="no", phase="forward"):
    return {"threw": Threw(phase=phase, type="Error", message=message)}


def verdicts(  # noqa: PLR0913  as judge
    of,
    policy="default",
    *,
    started=None,
    reference="tensorflow",
    flushed=None,
    oracle=None,
    **said,
):
    """The verdicts by address, from what each implementation said."""
    outcomes = {
        name: Outcome(case=of.id, implementation=name, **parts) for name, parts in said.items()
    }
    found = judge(of, outcomes, started or {}, parse(policy), reference, flushed, oracle)
    assert [verdict.implementation for verdict in found] == list(outcomes)
    return {verdict.implementation: verdict for verdict in found}


def values(  # noqa: PLR0913  as verdicts
    got, wanted, policy="default", *, of=None, started=None, flushed=None
):
    """The verdict on tfjs, whose value is ``got`` where TensorFlow's is ``wanted``."""
    one = case(call="value", wrt=()) if of is None else of
    found = verdicts(
        one,
        policy,
        started=started,
        flushed=flushed,
        tensorflow=returned(wanted),
        tfjs=returned(got),
    )
    assert found["tensorflow"].verdict == "pass"
    return found["tfjs"]


def says(verdict):
    """A verdict in short: its word, and its class if it has one."""
    assert verdict.expected == (verdict.verdict == "pass")
    return verdict.verdict if verdict.kind is None else f"{verdict.verdict}/{verdict.kind}"
