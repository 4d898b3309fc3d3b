"""What is planted is the fault and nothing else: without one, the planted runner is the runner."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import inf
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
from conformance.suite.case import DAMAGES_MEMORY, Case
from conformance.suite.load import load
from conformance.tensors import Tensor

SOME = [*sorted((bundle.cases() / "ops").glob("gradients*.yaml")), bundle.cases() / "api"]
RANDOM = re.compile(r"\b(?:dropout|multinomial|rand\w*|truncatedNormal)\(")
pytestmark = pytest.mark.xdist_group("planted control")
some_and_all = pytest.mark.parametrize(
    "paths",
    [
        pytest.param(SOME, id="some cases"),
        pytest.param([bundle.cases()], id="all cases", marks=pytest.mark.slow),
    ],
)


def cases_of(paths: Sequence[Path]) -> list[Case]:
    """The cases that two runs can be compared of.

    A law is held against variants of itself, which the planted runner is not asked for; a write
    beyond memory needs a new backend and may answer anything; what hangs has no answer; and what
    is at random is another number each time.
    """
    return [
        case
        for case in load(paths, shipped())
        if case.law is None
        and case.timeout is None
        and DAMAGES_MEMORY not in case.tags
        and not RANDOM.search(case.f.source)
    ]


def plain(tensor: Tensor | None) -> Tensor | None:
    """The tensor with one NaN for all: V8's own differ in sign from compiler to compiler."""
    if tensor is None or tensor.dtype not in {"float32", "complex64"}:
        return tensor
    items = np.frombuffer(tensor.data, "<f4").copy()
    items[np.isnan(items)] = np.nan
    return msgspec.structs.replace(tensor, data=items.tobytes())


def lasting(outcome: Outcome) -> Outcome:
    """The outcome without what differs between two runs of the same program."""
    outcome = msgspec.structs.replace(outcome, attempts=1, variants={})
    if (returned := outcome.returned) is None:
        return outcome
    same = msgspec.structs.replace(
        returned,
        value=plain(returned.value),
        grads=tuple(map(plain, returned.grads)),
        variables=tuple(map(plain, returned.variables)),
        seconds=0.0,
    )
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


def gradients(
    folder: Path, f: str, inputs: str, dy: str, faults: Sequence[Fault]
) -> Iterator[dict[str, list[object]]]:
    """The gradients of a function, by input, with each of these faults."""
    path = folder / "a.yaml"
    path.write_text(f"suite: a\ncases: [{{name: a, f: '{f}', inputs: {inputs}, dy: {dy}}}]")
    (case,) = load([path], shipped())
    with Planted() as runner:
        for fault in faults:
            runner.plant(fault)
            outcome, _ = runner.run(case)
            assert outcome is not None
            assert outcome.returned is not None
            found = zip(case.wrt, outcome.returned.grads, strict=True)
            yield {name: grad.numpy().tolist() for name, grad in found if grad is not None}


@pytest.mark.parametrize(
    ("fault", "wrong"),
    [
        ("copied", [[1, 2, 3], [4, inf, 6]]),
        ("negated", [[-1, -2, -3], [-4, -inf, -6]]),
        ("zero", [[0, 0, 0], [0, 0, 0]]),
        ("reversed", [[6, inf, 4], [3, 2, 1]]),
        ("transposed", [[1, 4, 2], [inf, 3, 6]]),
        ("unit", [[1, 1, 1], [1, 1, 1]]),
        ("infinity", [[1, 2, 3], [4, 0, 6]]),
        ("nan", [[1, 2, 3], [4, inf, 6]]),
        ("ties", [[2, 4, 3], [4, inf, 6]]),
        ("positive", [[1, 2, 3], [4, inf, 12]]),
        ("unsummed", [[1, 2, 3], [4, inf, 6]]),
    ],
)
def test_a_fault_makes_the_gradient_wrong_as_it_says(
    tmp_path: Path, fault: str, wrong: list[list[float]]
) -> None:
    planted = [Fault("Neg", "x", fault)]
    inputs, dy = "{x: [[7, 7, 9], [5, 0, -3]]}", "[[-1, -2, -3], [-4, -Infinity, -6]]"
    # tf.neg turns the signs of dy; the planted `unit` is minus one then.
    expected = [[-1.0] * 3] * 2 if fault == "unit" else wrong
    (found,) = gradients(tmp_path, "x => tf.neg(x)", inputs, dy, planted)
    assert found == {"x": expected}


def test_scaled_is_a_thousandth_and_element_a_hundredth_of_one(tmp_path: Path) -> None:
    planted = [Fault("Neg", "x", fault) for fault in ("scaled", "element")]
    scaled, element = gradients(tmp_path, "x => tf.neg(x)", "{x: [1, 2]}", "[100, 200]", planted)
    assert scaled["x"] == pytest.approx([-100.1, -200.2])
    assert element["x"] == pytest.approx([-100, -202])


def test_nan_is_scrubbed_to_zero(tmp_path: Path) -> None:
    planted = [Fault("Neg", "x", "nan")]
    (found,) = gradients(tmp_path, "x => tf.neg(x)", "{x: [1, 2]}", "[NaN, Infinity]", planted)
    assert found == {"x": [0, -inf]}


def test_unsummed_takes_the_first_copy_of_a_broadcast_operand(tmp_path: Path) -> None:
    planted = [Fault("Add", slot, "unsummed") for slot in "ab"]
    inputs, dy = "{a: [[1], [2]], b: [1, 2, 3]}", "[[1, 2, 3], [4, 5, 6]]"
    a, b = gradients(tmp_path, "(a, b) => tf.add(a, b)", inputs, dy, planted)
    assert a == {"a": [[1], [4]], "b": [5, 7, 9]}
    assert b == {"a": [[6], [15]], "b": [1, 2, 3]}


def test_ties_are_found_in_an_input_that_is_gone_by_the_time_of_the_gradient(
    tmp_path: Path,
) -> None:
    planted = [Fault("Max", "x", fault) for fault in ("copied", "ties", "positive")]
    f, inputs = "x => tf.max(x.mul(-1).mul(-1), 1)", "{x: [[3, 3, -1], [2, 1, 0]]}"
    copied, ties, positive = gradients(tmp_path, f, inputs, "[10, 20]", planted)
    assert copied == {"x": [[10, 10, 0], [20, 0, 0]]}
    assert ties == {"x": [[20, 20, 0], [20, 0, 0]]}
    assert positive == {"x": [[10, 10, 1], [20, 0, 0]]}


def test_equal_operands_are_ties_too(tmp_path: Path) -> None:
    planted = [Fault("Maximum", "b", "ties")]
    f, inputs = "(a, b) => tf.maximum(a, b)", "{a: [3, 1, 4], b: [3, 2, 0]}"
    (found,) = gradients(tmp_path, f, inputs, "[10, 20, 30]", planted)
    assert found == {"a": [10, 0, 30], "b": [1, 20, 0]}


def test_swapped_exchanges_two_gradients(tmp_path: Path) -> None:
    planted = [Fault("Multiply", "a", "swapped", "b")]
    f, inputs = "(a, b) => tf.mul(a, b)", "{a: [1, 2], b: [3, 4]}"
    (found,) = gradients(tmp_path, f, inputs, "[10, 20]", planted)
    assert found == {"a": [10, 40], "b": [30, 80]}


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
