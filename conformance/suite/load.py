"""Case files to concrete cases: every problem of every file is found before anything runs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from conformance.language.names import ApiNames
from conformance.problems import InvalidFiles, Problem, UsageError
from conformance.suite.case import Case
from conformance.suite.case_file import CaseFile

NOT_CASES = frozenset({"expectations.yaml"})


def files(paths: Iterable[Path]) -> list[Path]:
    """The case files at or below these paths, in order, each once.

    Raises:
        UsageError: a path does not exist, or no case file lies below it.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if path.is_dir():
            below = [
                file
                for file in sorted(path.rglob("*"))
                if file.suffix in {".yaml", ".yml"} and file.name not in NOT_CASES
            ]
            if not below:
                raise UsageError(f"no case files below {path}", "case files end in .yaml")
        elif path.is_file():
            below = [path]
        else:
            raise UsageError(f"no such file or directory: {path}")
        for file in below:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def load(paths: Iterable[Path], names: ApiNames) -> list[Case]:
    """The concrete cases of these files, in the order of the files.

    Raises:
        InvalidFiles: anything is wrong with any of the files; it lists everything that is.
        UsageError: a path does not exist, or no case file lies below it.
    """
    problems: list[Problem] = []
    cases: list[Case] = []
    first: dict[str, Case] = {}
    for path in files(paths):
        file = CaseFile(path, names)
        file.read()
        problems += file.problems
        for case in file.cases:
            if case.id not in first:
                first[case.id] = case
            elif case.line not in file.repeated:
                problems.append(_twice(case, first[case.id]))
        cases += file.cases
    if problems:
        raise InvalidFiles(problems)
    return cases


def _twice(case: Case, first: Case) -> Problem:
    if (case.file, case.line) == (first.file, first.line):
        hint = "two values of an axis look the same; give each a `name`, or remove one"
    else:
        hint = f"the first is at {first.file}:{first.line}"
    return Problem(case.file, case.line, 1, f"a second case named `{case.id}`", hint)
