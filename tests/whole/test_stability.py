"""No verdict depends on the order of the cases, or on which others run in the same process."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import ROOT, program

from conformance import expectations, results
from conformance.suite.select import glob

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("whole")]
SHARDS = 3


def verdicts(path: Path) -> dict[tuple[str, str], tuple[str, str | None]]:
    """What was found, by case and implementation, but for answers that are known to be unsteady."""
    file = ROOT / "cases" / "expectations.yaml"
    unsteady = [
        entry for entry in expectations.load(file, file.name) if entry.verdict == expectations.ANY
    ]
    return {
        (found.case, found.implementation): (found.verdict, found.kind)
        for found in results.read(path).verdicts()
        if not any(glob(entry.cases).fullmatch(found.case) for entry in unsteady)
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_the_cases_changes_nothing(seed: int, whole: Path, tmp_path: Path) -> None:
    shuffled = tmp_path / "shuffled.ndjson"
    program("run", "--shuffle", seed, "--results", shuffled)
    assert verdicts(shuffled) == verdicts(whole)


def test_the_shards_together_are_the_whole(whole: Path, tmp_path: Path) -> None:
    parts = [tmp_path / f"{i}.ndjson" for i in range(1, SHARDS + 1)]
    for i, part in enumerate(parts, start=1):
        program("run", "--shard", f"{i}/{SHARDS}", "--results", part)
    merged = tmp_path / "merged.ndjson"
    program("merge", *parts, "-o", merged)
    assert verdicts(merged) == verdicts(whole)
