"""Writes case files and reads back what is wrong with them."""

import textwrap
from pathlib import Path

import pytest

from conformance.language.names import shipped
from conformance.problems import InvalidFiles
from conformance.suite.load import load

MARK = "§"
"""Stands in a text where the problem is to be reported; it is no part of the file."""

HEAD = "suite: s\ncases:\n"


def suite(*cases: str) -> str:
    """A case file of these cases, each written without its dash."""
    items = []
    for case in cases:
        first, *rest = textwrap.dedent(case).strip("\n").split("\n")
        items.append("\n".join([f"  - {first}", *(f"    {line}" if line else "" for line in rest)]))
    return HEAD + "\n".join(items) + "\n"


def marked(text: str) -> tuple[str, tuple[int, int]]:
    """The text without its mark, and the line and column of the mark."""
    before, mark, after = text.partition(MARK)
    assert mark
    assert MARK not in after
    line = before.count("\n") + 1
    return before + after, (line, len(before) - (before.rfind("\n") + 1) + 1)


def read(folder: Path, text: str, name: str = "s.yaml"):
    """The cases of a file with this text."""
    return load([write(folder, text, name)], shipped())


def write(folder: Path, text: str | bytes, name: str = "s.yaml") -> Path:
    """A case file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problems(folder: Path, text: str | bytes):
    """What is wrong with a file of this text."""
    with pytest.raises(InvalidFiles) as caught:
        read(folder, text)
    return caught.value.problems
