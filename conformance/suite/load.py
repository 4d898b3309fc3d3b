"""Case files to concrete cases: every problem of every file is found before anything runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from conformance.language.names import ApiNames
from conformance.problems import InvalidFiles, Problem, UsageError
from conformance.suite.cache import Cache
from conformance.suite.case import Case

NOT_CASES = frozenset(
    {"axes.yaml", "causes.yaml", "expectations.yaml", "unmodelled.yaml", "unreachable.yaml"}
)


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
    cache = Cache(names)
    for path in files(paths):
        found, wrong, repeated = _read(path, names, cache)
        problems += wrong
        for case in found:
            if case.id not in first:
                first[case.id] = case
            elif case.line not in repeated:
                problems.append(_twice(case, first[case.id]))
        cases += found
    if problems:
        raise InvalidFiles(problems)
    return cases


def _read(
    path: Path, names: ApiNames, cache: Cache
) -> tuple[list[Case], list[Problem], Collection[int]]:
    """The cases of a file, its problems, and the lines of names that stand in it twice."""
    name = shown(path)
    place = None
    try:
        place, kept = cache.get(path, name)
        if kept is not None:
            return kept, [], ()
    except OSError:
        pass  # reading it below says what is wrong
    # The parsers are needed only for what has changed.
    from conformance.suite.case_file import CaseFile  # noqa: PLC0415

    file = CaseFile(path, name, names)
    file.read()
    if place is not None and not file.problems:
        cache.put(place, file.cases)
    return file.cases, file.problems, file.repeated


def shown(path: Path) -> str:
    """A path as messages call it: below the current folder, relative to it."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def _twice(case: Case, first: Case) -> Problem:
    if (case.file, case.line) == (first.file, first.line):
        hint = "two values of an axis look the same; give each a `name`, or remove one"
    else:
        hint = f"the first is at {first.file}:{first.line}"
    return Problem(case.file, case.line, 1, f"a second case named `{case.id}`", hint)
