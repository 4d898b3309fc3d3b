"""What is planted is the fault and nothing else: without one, the planted runner is the runner."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hunting import is_first_order, outcomes
from planted_scope import kernels
from planting import ADDRESS, Fault, Planted, Trace

from conformance import bundle
from conformance.language.names import shipped
from conformance.outcomes import Outcome
from conformance.suite.case import Case
from conformance.suite.load import load
from conformance.tensors import Tensor

SOME = [bundle.cases() / "ops" / "gradients.yaml", bundle.cases() / "api"]
some_and_all = pytest.mark.parametrize(
    "paths",
    [
        pytest.param(SOME, id="some cases"),
        pytest.param([bundle.cases()], id="all cases", marks=pytest.mark.slow),
    ],
)


def cases_of(paths: Sequence[Path]) -> list[Case]:
    return load(paths, shipped())


def plain(tensor: Tensor | None) -> Tensor | None:
    """The tensor with one NaN for all: V8's own differ in sign from compiler to compiler."""
    if tensor is None or tensor.dtype not in {"float32", "complex64"}:
        return tensor
    items = np.frombuffer(tensor.data, "<f4").copy()
    items[np.isnan(items)] = np.nan
    return msgspec.structs.replace(tensor, data=items.tobytes())


def lasting(outcome: Outcome) -> Outcome:
    """The outcome without what differs between two runs of the same program."""
    outcome = msgspec.structs.replace(outcome, attempts=1)
    if (returned := outcome.returned) is None:
        return outcome
    value, *grads = map(plain, (returned.value, *returned.grads))
    same = msgspec.structs.replace(returned, value=value, grads=tuple(grads), seconds=0.0)
    return msgspec.structs.replace(outcome, returned=same)


@some_and_all
def test_without_a_fault_every_answer_is_the_runners_to_the_bit(paths: Sequence[Path]) -> None:
    cases = cases_of(paths)
    normal = outcomes(cases, ADDRESS)
    compared = 0
    with Planted() as runner:
        for case in cases:
            outcome, _ = runner.run(case)
            expected = normal[case.id]
            if outcome is not None and (expected.returned or expected.threw):
                assert lasting(outcome) == lasting(expected), case.id
                compared += 1
    assert compared > 0.9 * len(cases)


@some_and_all
def test_a_right_gradient_in_a_planted_tensor_changes_no_answer(paths: Sequence[Path]) -> None:
    with Planted() as runner:
        right: list[tuple[Case, Outcome, Trace]] = []
        for case in filter(is_first_order, cases_of(paths)):
            outcome, trace = runner.run(case)
            if outcome is not None:
                right.append((case, outcome, trace))
        slots = {
            (k, slot) for *_, trace in right for k in trace.computed for slot in trace.computed[k]
        }
        assert {kernel for kernel, _ in slots} >= set(kernels())
        for kernel, slot in slots:
            runner.plant(Fault(kernel, slot, "copied"))
            for case, outcome, trace in right:
                if slot in trace.computed.get(kernel, ()):
                    again, _ = runner.run(case)
                    assert again is not None
                    assert lasting(again) == lasting(outcome), (case.id, kernel, slot)


def test_a_planted_gradient_is_the_one_that_was_asked_for() -> None:
    case = next(case for case in cases_of(SOME) if case.id == "ops/gradients/addN")
    with Planted() as runner:
        right, trace = runner.run(case)
        assert trace.computed.keys() == {"AddN"}
        runner.plant(Fault("AddN", "1", "negated"))
        wrong, trace = runner.run(case)
    assert trace.changed == 1
    assert right is not None
    assert wrong is not None
    one, other = right.returned, wrong.returned
    assert one is not None
    assert other is not None
    assert one.value == other.value
    alike = [a == b for a, b in zip(one.grads, other.grads, strict=True)]
    assert alike == [True, False, True]
