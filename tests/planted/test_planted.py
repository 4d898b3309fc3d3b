"""A wrong gradient is caught: faults in tf.js's gradients, and the cases that flag them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest
from hunting import (
    FAULTS,
    SIMPLE_FAULTS,
    SLOT_FAULTS,
    SWAPPED,
    Found,
    Hunt,
    excuse,
    is_worse,
    table,
)
from planted_scope import (
    FAULTY_AS_IT_IS,
    NEVER_NEGATIVE,
    OPS,
    SAME_FOR_BOTH,
    WRONG_ANYWAY,
    ZERO_EVERYWHERE,
    kernels,
)
from planting import Planted

from conformance import bundle
from conformance.language.names import shipped
from conformance.outcomes import Verdict
from conformance.suite.load import load

WEAK = """
suite: ops/weak
cases:
  - name: no dy and equal elements
    f: x => tf.sin(x)
    inputs: {x: [0.5, 0.5]}
"""
ALL = bundle.cases() / "ops"
SMALLEST = sorted(ALL.glob("gradients*.yaml"))
pytestmark = pytest.mark.xdist_group("planted")


def hunted(paths: Sequence[Path], kinds: Sequence[str]) -> tuple[Hunt, Sequence[Found]]:
    with Planted() as runner:
        hunt = Hunt(load(paths, shipped()), runner)
        found = [hunt.hunt(fault) for kernel in kernels() for fault in hunt.faults(kernel, kinds)]
    alive = [item for item in found if item.status in {"survived", "untested"}]
    assert not alive, "\n".join(f"{item.fault}: {item.status}, {item.why}" for item in alive)
    reached = {kernel for kernel, _ in hunt.reaching}
    assert not set(kernels()) - reached, "no case computes the gradients of these kernels"
    return hunt, found


def test_a_simple_fault_is_flagged_by_one_of_the_smallest_cases() -> None:
    hunted(SMALLEST, SIMPLE_FAULTS)


@pytest.mark.slow
def test_every_wrong_gradient_is_flagged_by_a_case_of_its_op(
    record_property: Callable[[str, object], None],
) -> None:
    hunt, found = hunted([ALL], SLOT_FAULTS)
    record_property("table", table(found))

    in_scope = {slot for slot in hunt.reaching if slot[0] in kernels()}
    assert in_scope - hunt.flowing == ZERO_EVERYWHERE
    anyway = {
        (item.fault.kernel, item.fault.slot, item.fault.fault)
        for item in found
        if item.status == "flagged anyway"
    }
    wrong = {fault for fault in anyway if fault[0] in WRONG_ANYWAY}
    assert {kernel for kernel, *_ in wrong} == set(WRONG_ANYWAY)
    assert anyway - wrong == FAULTY_AS_IT_IS
    excused = {
        (item.fault.fault, item.fault.kernel, item.fault.slot)
        for item in found
        if item.status == "not applicable" and excuse(item.fault)
    } - {(fault, *slot) for fault in FAULTS for slot in ZERO_EVERYWHERE}
    assert {
        (kernel, slot) for fault, kernel, slot in excused if fault == "positive"
    } == NEVER_NEGATIVE
    assert {kernel for fault, kernel, _ in excused if fault == SWAPPED} == set(SAME_FOR_BOTH)


def test_the_ops_of_kernels_are_named_where_the_kernels_own_name_does_not_say_it() -> None:
    functions = {name.rpartition(".")[2].lower() for name in shipped().functions}
    assert {kernel for kernel in kernels() if kernel.lower() not in functions} == set(OPS)
    assert {op.lower() for op in OPS.values()} <= functions


def test_weak_cases_let_wrong_gradients_live(tmp_path: Path) -> None:
    path = tmp_path / "ops" / "weak.yaml"
    path.parent.mkdir()
    path.write_text(WEAK)
    with Planted() as runner:
        hunt = Hunt(load([path], shipped()), runner)
        found = {fault.fault: hunt.hunt(fault).status for fault in hunt.faults("Sin")}
    assert found == {
        "negated": "killed",
        "scaled": "killed",
        "zero": "killed",
        "element": "killed",
        "reversed": "untested",
        "unit": "untested",
        "transposed": "untested",
        "unsummed": "not applicable",
        "infinity": "untested",
        "nan": "untested",
        "ties": "killed",
        "positive": "untested",
    }


def test_a_case_counts_for_the_op_that_it_calls_and_lies_among_the_ops(tmp_path: Path) -> None:
    text = """
suite: {}
cases:
  - {{name: hidden, f: 'x => tf.squeeze(x)', inputs: {{x: [[1, 2]]}}}}
  - {{name: called, f: 'x => x.reshape([2])', inputs: {{x: [[1, 2]]}}}}
"""
    for folder in ("ops", "training"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.yaml").write_text(text.format(f"{folder}/a"))
    with Planted() as runner:
        hunt = Hunt(load([tmp_path], shipped()), runner)
    assert {slot: [case.id for case in cases] for slot, cases in hunt.reaching.items()} == {
        ("Reshape", "x"): ["ops/a/called"]
    }


@pytest.mark.parametrize(
    ("now", "before", "worse"),
    [
        ("pass", "pass", False),
        ("differs numeric", "pass", True),
        ("pass", "differs numeric", False),
        ("differs numeric", "differs numeric", False),
        ("differs special", "differs numeric", True),
        ("threw status", "differs numeric", True),
    ],
)
def test_a_verdict_is_worse_where_it_says_something_new_is_wrong(
    now: str, before: str, worse: bool
) -> None:
    def verdict(words: str) -> Verdict:
        word, _, kind = words.partition(" ")
        return msgspec.convert(
            {"case": "a", "implementation": "b", "verdict": word, "class": kind or None}, Verdict
        )

    assert is_worse(verdict(now), verdict(before)) is worse
