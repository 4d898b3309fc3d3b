"""What is wrong with a source of the case language, and where."""

from __future__ import annotations

import msgspec

_SHOWN = 90
"""Characters of a long line that are shown around its caret."""


class Problem(msgspec.Struct, frozen=True):
    """One error of a source.

    ``offset`` counts characters from 0; ``line`` and ``column`` count from 1, inside the source.
    """

    message: str
    hint: str | None
    offset: int
    line: int
    column: int

    def render(self, source: str) -> str:
        """The message with its place, the line of the source, a caret below it, and the hint."""
        text = source.split("\n")[self.line - 1]
        at = self.column - 1
        start = max(0, at - _SHOWN // 2)
        # Tabs stay tabs, so that the caret stands below its character on every terminal.
        margin = "".join(c if c == "\t" else " " for c in text[start:at])
        shown = text[start : start + _SHOWN]
        lines = [f"{self.line}:{self.column}: {self.message}", f"  {shown}", f"  {margin}^"]
        if self.hint is not None:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


class LanguageErrors(Exception):  # noqa: N818 - it holds every error of the source
    """A source is not a function of the case language.

    ``problems`` holds all errors in the order of the source; ``source`` is the text as given.
    """

    def __init__(self, source: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(source, problems)
        self.source = source
        self.problems = problems

    def __str__(self) -> str:
        return "; ".join(f"{p.line}:{p.column}: {p.message}" for p in self.problems)

    def render(self) -> str:
        """All problems, each with its line and caret."""
        return "\n".join(problem.render(self.source) for problem in self.problems)


def problem_at(source: str, offset: int, message: str, hint: str | None = None) -> Problem:
    """The problem at a character offset of the source."""
    line = source.count("\n", 0, offset) + 1
    column = offset - (source.rfind("\n", 0, offset) + 1) + 1
    return Problem(message, hint, offset, line, column)


def quoted(text: str) -> str:
    """A piece of source for a message: on one line, and not longer than a reader needs."""
    longest = 40
    text = " ".join(text.split())
    return f"`{text}`" if len(text) <= longest else f"`{text[:longest]}…`"
