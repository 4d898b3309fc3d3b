"""What was read before is not parsed again, and never taken for something else."""

import hashlib

import pytest

from conformance.language.names import ApiNames
from conformance.suite import case_file
from conformance.suite.cache import MOST_ENTRIES, Cache
from conformance.suite.load import load

NAMES = ApiNames(version="1", functions=frozenset({"abs"}), methods=frozenset({"abs"}))
TEXT = "suite: s\ncases:\n  - {name: one, f: x => x.abs(), inputs: {x: [1, -2]}}\n"


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "s.yaml"
    path.write_text(TEXT)
    return path


def entries(file):
    return list((file.parent / "cache").rglob("*.msgpack"))


def test_an_unchanged_file_is_parsed_once(file, monkeypatch):
    first = load([file], NAMES)
    monkeypatch.setattr(case_file.CaseFile, "read", lambda _self: pytest.fail("parsed again"))
    assert load([file], NAMES) == first


def test_a_changed_file_is_parsed_again(file):
    load([file], NAMES)
    file.write_text(TEXT.replace("one", "other"))
    assert [case.id for case in load([file], NAMES)] == ["s/other"]


def test_other_names_of_tfjs_are_another_key(file):
    load([file], NAMES)
    other = ApiNames(version="2", functions=NAMES.functions, methods=NAMES.methods)
    assert Cache(other).get(file, "s.yaml")[1] is None


@pytest.mark.parametrize("damage", [
    lambda _data: b"",
    lambda data: data[:-1],
    lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
    lambda _data: hashlib.sha256(b"nonsense").digest() + b"nonsense",
], ids=["empty", "cut", "one bit", "nonsense"])  # fmt: skip
def test_a_damaged_entry_is_read_anew_and_mended(file, damage):
    first = load([file], NAMES)
    (entry,) = entries(file)
    whole = entry.read_bytes()
    entry.write_bytes(damage(whole))
    assert load([file], NAMES) == first
    assert entry.read_bytes() == whole


def test_where_nothing_can_be_kept_reading_works_all_the_same(file):
    (file.parent / "cache").write_text("in the way")
    assert [case.id for case in load([file], NAMES)] == ["s/one"]


def test_old_entries_give_way(tmp_path):
    cache = Cache(NAMES, tmp_path)
    for number in range(MOST_ENTRIES + 3):
        cache.put(tmp_path / f"{number}.msgpack", [])
    assert len(list(tmp_path.glob("*.msgpack"))) == MOST_ENTRIES
