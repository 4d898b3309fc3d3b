"""The consoles that reports are printed on."""

from __future__ import annotations

import re
from typing import IO

from rich.console import Console
from rich.markup import escape

_UNCUT = 10_000
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class _Console(Console):
    """Leaves a reader that went away to the command line, which ends quietly."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console(file: IO[str] | None = None, *, stderr: bool = False) -> Console:
    """A console that in a pipe or file has neither colours nor a width at which lines are cut."""
    made = _Console(file=file, stderr=stderr, highlight=False, emoji=False)
    if not made.is_terminal:
        made.width = _UNCUT
    return made


def literal(text: str) -> str:
    """Markup that prints a text as it is, but for control codes, which may not reach a terminal."""
    return escape(_CONTROLS.sub("\ufffd", text))
