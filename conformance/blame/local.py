"""The small requests that certify each step of a case by itself: one op, on what it was given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from conformance.blame import calls, origins
from conformance.language import tree
from conformance.language.javascript import to_javascript
from conformance.protocol import Argument, Function, Run, Tapped
from conformance.tensors import Tensor

SECOND_ORDER = "the gradient of this op's gradient is not tapped"
_DY = "u"


class Local(msgspec.Struct, frozen=True):
    """One step, and what an oracle is asked about it.

    A ``value`` is the result ``key`` of the call. A ``gradient`` is what the pass number ``turn``
    through the call contributes to its inputs ``wrt``. ``request`` is absent where the step cannot
    be asked about; then ``skipped`` says why.
    """

    call: int
    part: Literal["value", "gradient"]
    key: str = ""
    turn: int = 0
    wrt: tuple[int, ...] = ()
    request: Run | None = None
    skipped: str = ""


def requests(request: Run, taps: Sequence[Tapped]) -> tuple[Local, ...]:
    """The steps of a case: per call one for each result, and one for each gradient pass.

    Args:
        request: the case.
        taps: what an implementation recorded of it.

    Returns:
        The steps in the order of the calls. The ids of the requests are their positions from 1 on.
    """
    flows = origins.differentiated(request, taps)
    steps = [
        step for call, tap in enumerate(taps) for step in _steps(call, tap, flows[call], request)
    ]
    return tuple(
        step
        if step.request is None
        else msgspec.structs.replace(step, request=msgspec.structs.replace(step.request, id=number))
        for number, step in enumerate(steps, start=1)
    )


def _steps(call: int, tap: Tapped, flows: tuple[bool, ...], request: Run) -> Iterator[Local]:
    try:
        expression = calls.expression(tap)
    except calls.NotReplayableError as error:
        yield Local(call, "value", skipped=str(error))
        return
    if not tap.results:
        yield Local(call, "value", skipped="no tensor among its results is recorded")
    for key in tap.results:
        body = calls.result(expression, key)
        yield Local(call, "value", key, request=_run("value", tap, body, {}))
    for turn, one in enumerate(tap.passes):
        counts = one.level == 0 and request.call != "value"
        wrt = tuple(
            position
            for position, (x, gradient) in enumerate(zip(tap.inputs, one.gradients, strict=True))
            if x.dtype in origins.REALS and (gradient is not None or (counts and flows[position]))
        )
        if wrt:
            yield _backward(call, tap, turn, wrt, expression)


def _backward(
    call: int, tap: Tapped, turn: int, wrt: tuple[int, ...], expression: tree.Expression
) -> Local:
    step = Local(call, "gradient", turn=turn, wrt=wrt)
    one = tap.passes[turn]
    upstream = {key: dy for key, dy in one.upstream.items() if dy.dtype in origins.REALS}
    if not upstream:
        return msgspec.structs.replace(step, skipped=SECOND_ORDER)
    for key, dy in upstream.items():
        if key not in tap.results or tap.results[key].shape != dy.shape:
            why = f"the gradient of its result has shape {list(dy.shape)}, unlike the result"
            return msgspec.structs.replace(step, skipped=why)
    return msgspec.structs.replace(step, request=_gradient(tap, upstream, wrt, expression))


def _gradient(
    tap: Tapped,
    upstream: dict[str, Tensor],
    wrt: tuple[int, ...],
    expression: tree.Expression,
) -> Run:
    """The gradient for the dy that came, or of the sum of results times their upstream gradients.

    The products and sums are linear in the results: they add no rounding to the gradient.
    """
    if len(upstream) == 1:
        ((key, dy),) = upstream.items()
        if dy.dtype == tap.results[key].dtype == "float32":
            body = calls.result(expression, key)
            return _run("valueAndGrads", tap, body, {}, wrt, dy)
    weights: dict[str, Tensor] = {}
    terms: list[tree.Expression] = []
    for key, dy in upstream.items():
        part = calls.result(tree.Name("r"), key)
        for shown, weight in _real_parts(part, dy, tap.results[key]):
            name = f"{_DY}{len(weights)}"
            weights[name] = weight
            terms.append(_tf("sum", _tf("mul", shown, tree.Name(name))))
    total = terms[0]
    for term in terms[1:]:
        total = _tf("add", total, term)
    block = tree.Block((tree.Const(tree.Name("r"), expression),), total)
    return _run("valueAndGrads", tap, block, weights, wrt)


def _real_parts(
    shown: tree.Expression, dy: Tensor, result: Tensor
) -> list[tuple[tree.Expression, Tensor]]:
    """Real tensors of a result, each with its upstream gradient; a complex one has two."""
    if result.dtype != "complex64":
        return [(shown, dy)]
    import numpy as np  # noqa: PLC0415  the command line must start without NumPy

    from conformance.tensors import from_numpy  # noqa: PLC0415

    weights = dy.numpy()
    return [
        (_tf(part, shown), from_numpy(np.asarray(weight, np.float32)))
        for part, weight in (("real", weights.real), ("imag", weights.imag))
    ]


def _tf(op: str, *arguments: tree.Expression) -> tree.Expression:
    return tree.Call(calls.path(op), arguments)


def _run(  # noqa: PLR0913, PLR0917  a request has these parts
    call: Literal["value", "valueAndGrads"],
    tap: Tapped,
    body: tree.Expression | tree.Block,
    more: dict[str, Tensor],
    wrt: tuple[int, ...] = (),
    dy: Tensor | None = None,
) -> Run:
    inputs = {calls.parameter(position): x for position, x in enumerate(tap.inputs)} | more
    f = tree.Arrow(tuple(map(tree.Name, inputs)), body)
    return Run(
        id=0,
        call=call,
        f=Function(to_javascript(f), f),
        names=tuple(inputs),
        args=tuple(map(argument, inputs.values())),
        wrt=tuple(map(calls.parameter, wrt)),
        dy=None if dy is None else argument(dy),
    )


def argument(tensor: Tensor) -> Argument:
    """The tensor as an input of a request."""
    return Argument(dtype=tensor.dtype, shape=tensor.shape, data=tensor.data)
