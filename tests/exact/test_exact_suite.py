"""All shipped cases on the oracle and TensorFlow: every difference is known, and why."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Literal

import msgspec
import pytest
import yaml

from conformance import results
from conformance.suite.select import glob

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("exact")]
ROOT = Path(__file__).parents[2]
MINUTES = 5
NOT_MODELLED = (
    re.compile(r"tf\.\w+ draws random numbers, which have no exact value"),
    re.compile(r"no op tf\.string\.\w+"),
)


class Difference(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"kind": "class"}):
    """An entry of differences.yaml: a pattern of cases, how many it is for, and their reason."""

    cases: str
    kind: Literal["convention"]
    because: str
    count: int = 1


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What both answer to all shipped cases, read once."""
    path = tmp_path_factory.mktemp("exact") / "exact.ndjson"
    words = ("run", "-i", "exact", "-i", "tensorflow", "--results", path)
    done = subprocess.run(
        [sys.executable, "-m", "conformance.cli", *map(str, words)], cwd=ROOT,
        capture_output=True, text=True, timeout=60 * MINUTES, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    return results.read(path)


def listed():
    """The entries of differences.yaml."""
    text = Path(__file__).with_name("differences.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), list[Difference])


def unsupported(found):
    """Why the oracle has no answer, by case."""
    outcomes = (one for item in found.settled for one in item.outcomes)
    return {one.case: one.unsupported for one in outcomes if one.unsupported is not None}


def test_the_oracle_and_tensorflow_differ_exactly_where_it_is_listed(found):
    differing = {
        one.case for one in found.verdicts() if not one.expected and one.verdict != "unsupported"
    }
    entries = listed()
    by_entry = {
        entry.cases: {case for case in differing if glob(entry.cases).fullmatch(case)}
        for entry in entries
    }
    assert differing - set().union(*by_entry.values()) == set(), "these are not listed"
    counts = {entry.cases: entry.count for entry in entries}
    assert {cases: len(own) for cases, own in by_entry.items()} == counts
    assert sum(counts.values()) == len(differing), "two entries have one case"


def test_the_oracle_is_sure_of_all_but_random_numbers_and_strings(found):
    other = {
        case: why
        for case, why in unsupported(found).items()
        if not any(known.fullmatch(why) for known in NOT_MODELLED)
    }
    assert other == {}
