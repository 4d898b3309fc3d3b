"""The generated documents are what a run of all cases says, and nothing is untested."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import ROOT, program

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("whole")]


def test_the_document_of_divergences_is_that_of_a_run(whole: Path) -> None:
    written = (ROOT / "docs" / "divergences.md").read_text("utf-8")
    assert written == program("divergences", whole), (
        "run tfjs-conformance run --results run.ndjson"
        " && tfjs-conformance divergences run.ndjson -o docs/divergences.md"
    )


def test_the_cases_leave_no_gap_and_the_document_of_coverage_says_so(whole: Path) -> None:
    program("coverage", whole, "--check", "docs/coverage.md")
