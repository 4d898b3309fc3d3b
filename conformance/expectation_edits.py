"""Edits of an expectations file: other counts, and the removal of entries, and nothing else."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

import msgspec

from conformance.expectations import Edit, Entry, parsed
from conformance.problems import InvalidFiles, Problem
from conformance.suite import nodes
from conformance.suite.nodes import LINE_BREAK


def apply(text: str, edits: Iterable[Edit], entries: Sequence[Entry], name: str) -> str:
    """The text of the file with the edits made; comments between entries stay.

    Raises:
        InvalidFiles: the file is written in a form that can only be edited by hand.
    """
    lines = _lines(text)
    starts = sorted(entry.line for entry in entries)
    counts = {edit.entry: edit.count for edit in edits if edit.count is not None}
    for entry in sorted(counts, key=lambda entry: entry.line, reverse=True):
        count = counts[entry]
        if count:
            line, column = entry.count_place
            old = lines[line - 1]
            number = _WRITTEN_COUNT.sub(str(count), old[column - 1 :], count=1)
            lines[line - 1] = old[: column - 1] + number
        else:
            end = next((start for start in starts if start > entry.line), len(lines) + 1) - 1
            while end > entry.line and _is_between(lines[end - 1]):
                end -= 1
            del lines[entry.line - 1 : end]
    new = "".join(lines)
    _check(new, [(entry, counts.get(entry, entry.count)) for entry in entries], name)
    return new


_WRITTEN_COUNT = re.compile(r"""\A(["']?)[0-9]+\1""")


def _lines(text: str) -> list[str]:
    ends = [0, *(found.end() for found in LINE_BREAK.finditer(text)), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(ends) if start < end]


def _is_between(line: str) -> bool:
    """Whether a line belongs to no entry."""
    return not line.strip() or line.startswith("#")


def _check(text: str, wanted: Sequence[tuple[Entry, int]], name: str) -> None:
    """Refuse an edit that made anything else of the file than what was wanted."""

    def content(entry: Entry, count: int) -> Entry:
        return msgspec.structs.replace(entry, count=count, line=0, count_place=(0, 0))

    try:
        entries = parsed(*nodes.parse(text, name), name)
    except InvalidFiles:
        entries = []
    found = [content(entry, entry.count) for entry in entries]
    if found != [content(entry, count) for entry, count in wanted if count]:
        hint = "write each entry as a block of its own lines that starts with `- `"
        raise InvalidFiles([Problem(name, 1, 1, "only a person can make these edits", hint)])
