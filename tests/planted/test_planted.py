"""A wrong gradient is caught: faults in tf.js's gradients, and the cases that flag them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hunting import Found, Hunt, is_worse, table
from planted_scope import WRONG_ANYWAY, ZERO_EVERYWHERE, kernels
from planting import Planted

from conformance import bundle
from conformance.language.names import shipped
from conformance.outcomes import Verdict
from conformance.suite.load import load

WEAK = """
suite: weak
cases:
  - name: no dy and equal elements
    f: x => tf.sin(x)
    inputs: {x: [0.5, 0.5]}
"""
SMALLEST = bundle.cases() / "ops" / "gradients.yaml"


def hunted(path: Path) -> tuple[Hunt, Sequence[Found]]:
    with Planted() as runner:
        hunt = Hunt(load([path], shipped()), runner)
        found = [hunt.hunt(fault) for kernel in kernels() for fault in hunt.faults(kernel)]
    print(table(found))  # noqa: T201  the table is what a person runs this test for
    return hunt, found


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(SMALLEST, id="the smallest cases"),
        pytest.param(bundle.cases(), id="all cases", marks=pytest.mark.slow),
    ],
)
def test_every_wrong_gradient_is_flagged_by_some_case(path: Path) -> None:
    hunt, found = hunted(path)
    alive = [item for item in found if item.status in {"survived", "untested"}]
    assert not alive, "\n".join(f"{item.fault}: {item.status}, {item.why}" for item in alive)
    reached = {kernel for kernel, _ in hunt.reaching}
    assert not set(kernels()) - reached, "no case computes the gradients of these kernels"
    in_scope = {slot for slot in hunt.reaching if slot[0] in kernels()}
    assert in_scope - hunt.flowing == ZERO_EVERYWHERE
    anyway = {item.fault.kernel for item in found if item.status == "flagged anyway"}
    assert anyway == set(WRONG_ANYWAY)


def test_weak_cases_let_wrong_gradients_live(tmp_path: Path) -> None:
    path = tmp_path / "weak.yaml"
    path.write_text(WEAK)
    with Planted() as runner:
        hunt = Hunt(load([path], shipped()), runner)
        found = {fault.fault: hunt.hunt(fault).status for fault in hunt.faults("Sin")}
    assert found == {
        "negated": "killed",
        "scaled": "killed",
        "element": "killed",
        "reversed": "untested",
        "unit": "untested",
        "finite": "untested",
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
