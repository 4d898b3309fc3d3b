"""``conventions``: who chose what at kinks and ties, for people and for programs."""

import json

from calling import call


def test_the_matrix_has_every_kink_with_the_choice_of_each_library(tmp_path):
    lines = call(tmp_path, "conventions", code=0).stdout.splitlines()
    assert lines[0].split() == ["op", "at", "tensorflow", "tfjs:cpu", "tfjs:wasm"]
    assert any(line.split() == ["abs", "0", "share", "last", "last"] for line in lines)
    # Each of several equal maxima gets the whole gradient: more than any subgradient gives.
    assert any(line.split()[-4:] == ["each", "*", "each", "*"] for line in lines)
    assert any(line.split()[0] == "relu" for line in lines if line)


def test_only_where_they_differ(tmp_path):
    text = call(tmp_path, "conventions", "--differing", code=0).stdout
    assert "abs" in text
    assert not any(line.startswith("relu ") for line in text.splitlines())


def test_for_programs(tmp_path):
    found = json.loads(call(tmp_path, "conventions", "--json", code=0).stdout)
    assert set(found["measured"]) == {"tensorflow", "tfjs"}
    (top,) = [row for row in found["kinks"] if row["op"] == "max"]
    assert top["choices"]["tensorflow"] == "share"
    assert top["not_a_subgradient"] == ["tfjs:cpu", "tfjs:wasm"]
