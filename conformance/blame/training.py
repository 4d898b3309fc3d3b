"""Who is to blame for a training step: the optimizer, asked alone for the gradients that came.

The loss Σ w·g has the gradient g at every step. What an optimizer makes of the gradients of the
first step, over as many steps as the case has, shows whether its rule is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from conformance.blame import local, origins
from conformance.blame.balls import short
from conformance.language import tree
from conformance.language.javascript import to_javascript
from conformance.outcomes import Certificate, Culprit, Verdict
from conformance.protocol import Function, Run, Tapped
from conformance.tensors import Tensor, from_numpy

STEPS = "the steps of the optimizer are not tapped"


def is_open(certificate: Certificate) -> bool:
    """Whether a certificate names nobody, and only the optimizer was not looked at."""
    return certificate.culprit is None and set(certificate.unchecked) == {STEPS}


def request(asked: Run, taps: Sequence[Tapped]) -> Run | None:
    """The steps of the optimizer alone; None where a gradient of the first step is not recorded."""
    first = taps[: len(taps) // max(asked.steps, 1)]
    inputs: dict[str, Tensor] = {}
    terms: list[tree.Expression] = []
    for number, name in enumerate(asked.wrt):
        variable = origins.tensor(asked.args[asked.names.index(name)])
        gradient = None if variable is None else _gradient(variable, first)
        if variable is None or gradient is None:
            return None
        inputs |= {name: variable, f"g{number}": gradient}
        product = tree.Call(
            tree.Member(tree.Name("tf"), "mul"), (tree.Name(name), tree.Name(f"g{number}"))
        )
        terms.append(tree.Call(tree.Member(product, "sum"), ()))
    loss = terms[0]
    for term in terms[1:]:
        loss = tree.Call(tree.Member(loss, "add"), (term,))
    f = tree.Arrow(tuple(map(tree.Name, inputs)), loss)
    return msgspec.structs.replace(
        asked,
        f=Function(to_javascript(f), f),
        names=tuple(inputs),
        args=tuple(map(local.argument, inputs.values())),
    )


def _gradient(variable: Tensor, taps: Sequence[Tapped]) -> Tensor | None:
    """What the calls of the first step contribute to the gradient of a variable, in all."""
    parts: list[NDArray[Any]] = [
        gradient.numpy()
        for tap in taps
        for one in tap.passes[:1]
        for x, source, gradient in zip(tap.inputs, tap.sources, one.gradients, strict=True)
        if source is None and x == variable and gradient is not None
    ]
    if not parts:
        return None
    return from_numpy(np.asarray(sum(parts[1:], parts[0]), np.float32))


def culprit(asked: Run, alone: Run, verdict: Verdict) -> Culprit | None:
    """The optimizer, if the verdict on its steps alone says that they are wrong."""
    worst = verdict.worst
    if asked.optimizer is None or worst is None or verdict.verdict != "differs":
        return None
    share = worst.ulp / worst.budget if worst.ulp is not None and worst.budget else None
    return Culprit(
        op=f"train.{asked.optimizer.name}",
        call=None,
        part="value",
        slot=worst.place.partition(".")[2],
        expected=worst.expected,
        got=worst.got,
        inputs=tuple(short(held) for held in map(origins.tensor, alone.args) if held is not None),
        index=worst.index,
        ulp=worst.ulp,
        budget=worst.budget,
        share=share,
    )
