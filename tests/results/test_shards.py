"""Shards into one file: all of one run, and nothing else."""

import re

import pytest
from recorded import STARTED, header, record, settled

from conformance.problems import InvalidResults
from conformance.results import read
from conformance.shards import merge

ALL = [settled(1), settled(2, "differs", "pass"), settled(3), settled(4)]


def shards(folder, *parts, **fields):
    """One file for each part of the run."""
    paths = []
    for number, part in enumerate(parts, 1):
        head = header(ALL, planned=2 * len(part), shard=f"{number}/{len(parts)}")
        path = folder / f"{number}.ndjson"
        record(path, part, head, **fields)
        paths.append(path)
    return paths


def test_all_shards_make_the_whole_run(tmp_path):
    paths = shards(tmp_path, ALL[:1], ALL[1:3], ALL[3:], faults=["slow"], problems=["stale"])
    footer = merge(paths, tmp_path / "whole")
    found = read(tmp_path / "whole")
    assert list(found.settled) == ALL
    assert found.header == header(ALL)
    assert found.footer == footer
    assert (footer.planned, footer.unexpected, footer.seconds) == (8, 1, 3.75)
    assert footer.faults == ("slow",) * 3
    assert footer.expectations == ("stale",)


def test_a_file_alone_is_whole_if_it_was_not_sharded(tmp_path):
    record(tmp_path / "1", ALL)
    assert merge([tmp_path / "1"], tmp_path / "whole").planned == 8


def test_a_missing_shard_is_refused(tmp_path):
    paths = shards(tmp_path, ALL[:1], ALL[1:3], ALL[3:])
    with pytest.raises(InvalidResults, match=re.escape("not the whole run (1/3, 3/3)")):
        merge([paths[0], paths[2]], tmp_path / "whole")
    assert not (tmp_path / "whole").exists()


def test_a_shard_that_comes_twice_is_refused(tmp_path):
    paths = shards(tmp_path, ALL[:2], ALL[2:])
    with pytest.raises(InvalidResults, match="is in two of the files"):
        merge([*paths, paths[0]], tmp_path / "whole")


@pytest.mark.parametrize(
    ("field", "value"),
    [("policy", "tfjs"), ("version", "2"), ("reference", "tfjs:cpu"), ("cases_hash", "0"),
     ("implementations", {"tfjs:cpu": STARTED, "tfjs:wasm": None})],
)  # fmt: skip
def test_shards_of_different_runs_are_refused(field, value, tmp_path):
    record(tmp_path / "1", ALL[:2], header(ALL, planned=4, shard="1/2"))
    record(tmp_path / "2", ALL[2:], header(ALL, planned=4, shard="2/2", **{field: value}))
    with pytest.raises(InvalidResults, match=f"differ in `{field}`"):
        merge([tmp_path / "1", tmp_path / "2"], tmp_path / "whole")


def test_an_interrupted_shard_is_refused(tmp_path):
    paths = shards(tmp_path, ALL[:2], ALL[2:], interrupted=True)
    with pytest.raises(InvalidResults, match="was interrupted") as caught:
        merge(paths, tmp_path / "whole")
    assert "--resume" in caught.value.hint


def test_the_merged_file_may_take_the_place_of_a_shard(tmp_path):
    paths = shards(tmp_path, ALL[:2], ALL[2:])
    merge(paths, paths[0])
    assert list(read(paths[0]).settled) == ALL
