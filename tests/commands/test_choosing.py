"""Which cases and which known divergences a command line means."""

import pytest
from calling import suite

from conformance.commands.select import selected
from conformance.problems import UsageError


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Two folders of cases in a repository, below a folder with expectations of its own."""
    (tmp_path / "expectations.yaml").write_text("[]")
    root = tmp_path / "repository"
    (root / ".git").mkdir(parents=True)
    for name in ("a", "b"):
        (root / "cases" / name).mkdir(parents=True)
        suite(root / "cases" / name, 2, name=name)
    monkeypatch.chdir(root)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return root


def choose(*what):
    return selected(what, None, (), None)


@pytest.mark.parametrize("what", ["cases", "cases/a", "cases/a/a.yaml", "cases/a cases/b"])
def test_expectations_are_those_beside_the_cases_or_in_a_folder_above(what, tree):
    (tree / "cases" / "expectations.yaml").write_text("[]")
    assert choose(*what.split()).expectations == tree / "cases" / "expectations.yaml"


def test_the_nearest_expectations_win(tree):
    (tree / "cases" / "expectations.yaml").write_text("[]")
    (tree / "cases" / "a" / "expectations.yaml").write_text("[]")
    assert choose("cases/a").expectations == tree / "cases" / "a" / "expectations.yaml"
    assert choose("cases/b").expectations == tree / "cases" / "expectations.yaml"


@pytest.mark.usefixtures("tree")
def test_expectations_outside_of_the_repository_are_not_meant():
    assert not choose("cases").expectations.exists()


def test_two_files_of_expectations_are_not_mixed(tree):
    for name in ("a", "b"):
        (tree / "cases" / name / "expectations.yaml").write_text("[]")
    with pytest.raises(UsageError, match="several expectations"):
        choose("cases/a", "cases/b").expectations  # noqa: B018  looking is what fails


@pytest.mark.parametrize(
    ("what", "whole"),
    [
        (["cases"], True),
        (["cases/a", "cases/b"], True),
        (["cases/a/a.yaml", "cases/b"], True),
        (["cases", "a/*"], True),
        (["cases/a"], False),
        (["cases/a/a.yaml"], False),
    ],
)
def test_only_all_files_below_the_expectations_are_the_whole(what, whole, tree):
    (tree / "cases" / "expectations.yaml").write_text("[]")
    assert choose(*what).is_whole() == whole


def test_without_paths_the_shipped_cases_are_meant():
    chosen = selected(["documents"], None, (), None)
    assert chosen.cases
    assert all(case.id.startswith("documents/") for case in chosen.cases)
    assert len(chosen.known) > len(chosen.cases)
    assert chosen.is_whole()
