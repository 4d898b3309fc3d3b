"""An implementation that keeps its contract is never reported."""

from __future__ import annotations

import pytest

from tests.acceptance.random_programs import KINDS
from tests.benchmarks.false_reports import FULL, count

UNSURE = 0.01
"""The share of programs that the oracle may leave without an answer."""


@pytest.mark.parametrize("kind", KINDS)
def test_no_correct_answer_is_reported(kind):
    found = count(1_500, seed=10_000, kind=kind)
    assert not found.false, found.false[:3]


@pytest.mark.slow
def test_no_correct_answer_of_50_000_is_reported():
    found = count(FULL, seed=0)
    assert not found.false, found.false[:3]
    assert len(found.unanswered) <= UNSURE * found.programs, found.unanswered
