"""Errors that a user can cause: what happened, where, and what to do about it.

The life of a run, and what can end it early (the exit code in brackets):

1. reading the command line: ``UsageError`` [2];
2. reading case files and expectations: ``InvalidFiles`` [2], all problems of all files at once;
3. finding the bundled runner, starting implementations, writing results: ``HarnessError`` [3];
4. reading results files: ``InvalidResults`` [2].

Everything else that can go wrong during a run is an outcome of a case and ends in its verdict.
"""

from __future__ import annotations

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """One thing wrong in a file, at a line and column (both from 1), and how to mend it."""

    file: str
    line: int
    column: int
    message: str
    hint: str | None = None

    @property
    def place(self) -> tuple[str, int, int, str]:
        """What problems are sorted by."""
        return self.file, self.line, self.column, self.message

    def __str__(self) -> str:
        """``file:line:column: message (hint)``."""
        hint = f"\n    hint: {self.hint}" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{hint}"


class DiagnosticError(Exception):
    """An error that is told in one sentence, with a hint, and never as a traceback."""

    exit_code = 3

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class HarnessError(DiagnosticError):
    """The harness, its surroundings or an implementation could not do their part."""


class UsageError(DiagnosticError):
    """The command line asks for something that does not exist."""

    exit_code = 2


class InvalidResults(DiagnosticError):  # noqa: N818  it is the file that is invalid
    """A results file is truncated, edited, or of another format."""

    exit_code = 2


class InvalidFiles(DiagnosticError):  # noqa: N818  it is the files that are invalid
    """Case files or expectations are wrong; ``problems`` has every one, in order of place."""

    exit_code = 2

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(set(problems), key=lambda problem: problem.place)
        count = len(self.problems)
        super().__init__(f"{count} problem{'' if count == 1 else 's'} in the case files")
