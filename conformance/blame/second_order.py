"""Who is to blame for a gradient of a gradient, which no tap hears.

The gradient of an op is part of the op: what is wrong when it is differentiated shows in a case of
that op alone, on the inputs and the upstream gradient that were recorded. The implementation is
asked that case, and the oracle judges it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from conformance.blame import calls, local
from conformance.blame.balls import short
from conformance.judge.finding import GRADS
from conformance.language import tree
from conformance.language.javascript import to_javascript
from conformance.outcomes import Certificate, Culprit, Verdict
from conformance.protocol import Function, Run, Tapped
from conformance.tensors import Tensor

_DY = "u"


def is_open(certificate: Certificate) -> bool:
    """Whether a certificate names nobody, and a gradient of a gradient was not looked at."""
    hidden = any(line.endswith(local.SECOND_ORDER) for line in certificate.unchecked)
    return certificate.culprit is None and hidden


def requests(taps: Sequence[Tapped]) -> Iterator[tuple[int, Run]]:
    """For each call whose gradient is differentiated, the gradient of its gradient by itself.

    ``(b0, …, u) => tf.grads((a0, …) => op(a0, …))([b0, …], u)[i]`` for each of its real inputs.
    """
    for call, tap in enumerate(taps):
        deep = [one for one in tap.passes if one.level > 0 and set(one.upstream) == {""}]
        reals = [at for at, x in enumerate(tap.inputs) if x.dtype == "float32"]
        if not deep or not reals or deep[0].upstream[""].dtype != "float32":
            continue
        try:
            expression = calls.expression(tap)
        except calls.NotReplayableError:
            continue
        for slot in range(len(reals)):
            yield call, _request(tap, deep[0].upstream[""], reals, slot, expression)


def _request(
    tap: Tapped, dy: Tensor, reals: Sequence[int], slot: int, expression: tree.Expression
) -> Run:
    names = {at: f"b{at}" if at in reals else calls.parameter(at) for at in range(len(tap.inputs))}
    inner = tree.Arrow(tuple(tree.Name(calls.parameter(at)) for at in reals), expression)
    given = tree.Array(tuple(tree.Name(names[at]) for at in reals))
    grads = tree.Call(tree.Call(calls.path("grads"), (inner,)), (given, tree.Name(_DY)))
    inputs = {names[at]: x for at, x in enumerate(tap.inputs)} | {_DY: dy}
    f = tree.Arrow(tuple(map(tree.Name, inputs)), tree.Index(grads, slot))
    return Run(
        id=0,
        call="valueAndGrads",
        f=Function(to_javascript(f), f),
        names=tuple(inputs),
        args=tuple(map(local.argument, inputs.values())),
        wrt=(*(names[at] for at in reals), _DY),
    )


def culprit(call: int, tap: Tapped, verdict: Verdict) -> Culprit | None:
    """The op, if the verdict on its case alone says that it is wrong."""
    worst = verdict.worst
    if verdict.verdict not in {"differs", "threw"} or verdict.kind == "convention":
        return None
    about = Culprit(
        op=tap.op,
        call=call,
        part="gradient",
        slot=_slot("" if worst is None else worst.place),
        expected="a gradient" if worst is None else worst.expected,
        got=verdict.why if worst is None else worst.got,
        level=1,
        inputs=tuple(map(short, tap.inputs)),
    )
    if worst is None or worst.ulp is None or not worst.budget:
        return about
    measured = {"ulp": worst.ulp, "budget": worst.budget, "share": worst.ulp / worst.budget}
    return msgspec.structs.replace(about, index=worst.index, **measured)


def _slot(place: str) -> str:
    """The input of the call that a place of its case is about, by its position, or ``dy``."""
    name = place.removeprefix(GRADS)
    if name == _DY:
        return "dy"
    return name.removeprefix("b") if place.startswith(GRADS) else "0"
