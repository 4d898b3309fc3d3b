"""A wrong gradient is caught: faults in tf.js's gradients, and the cases that flag them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hunting import Found, Hunt, table
from planted_scope import WRONG_ANYWAY, ZERO_EVERYWHERE, kernels
from planting import Planted

from conformance import bundle
from conformance.language.names import shipped
from conformance.suite.load import load

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
