"""What is planted is the fault and nothing else: without one, the planted runner is the runner."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hunting import is_first_order, outcomes
from planted_scope import kernels
from planting import ADDRESS, Fault, Planted, Trace

from conformance import bundle
from conformance.language.names import shipped
from conformance.outcomes import Outcome
from conformance.suite.case import Case
from conformance.suite.load import load

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


def timeless(outcome: Outcome) -> Outcome:
    if outcome.returned is None:
        return outcome
    returned = msgspec.structs.replace(outcome.returned, seconds=0.0)
    return msgspec.structs.replace(outcome, returned=returned)


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
                assert timeless(outcome) == timeless(expected), case.id
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
                    assert timeless(again) == timeless(outcome), (case.id, kernel, slot)


def test_a_planted_gradient_is_the_one_that_was_asked_for() -> None:
    case = next(case for case in cases_of(SOME) if case.id == "ops/gradients/addN")
    with Planted() as runner:
        right, trace = runner.run(case)
        assert trace.computed.keys() == {"AddN"}
        runner.plant(Fault("AddN", "1", "negated"))
        wrong, trace = runner.run(case)
    assert right is not None and right.returned is not None
    assert wrong is not None and wrong.returned is not None
    assert trace.changed == 1
    assert wrong.returned.value == right.returned.value
    assert [a == b for a, b in zip(wrong.returned.grads, right.returned.grads, strict=True)] == [
        True, False, True,
    ]  # fmt: skip
