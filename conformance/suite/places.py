"""From an offset in a scalar's text back to the line and column of the file.

Folding, indentation, quotes and escapes all change only white space around the characters, so the
n-th character that is no white space is the same one on both sides.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from conformance.suite.nodes import LINE_BREAK, Scalar, place_of

_DOUBLE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r\n|.)|.", re.DOTALL)
_SINGLE = re.compile(r"''|.", re.DOTALL)
_PLAIN = re.compile(r".", re.DOTALL)
# The escapes of white space, and a line break that is escaped away.
_WHITE = frozenset("tnN_LP \t\n\r\x85\u2028\u2029")


def place(file: str, scalar: Scalar, offset: int) -> tuple[int, int]:
    """The line and column, both from 1, where a character of a scalar is written.

    Args:
        file: the text of the file.
        scalar: a node of that file.
        offset: the character of the scalar's text; at its end, the place behind the last one.
    """
    before = sum(not character.isspace() for character in scalar.text[:offset])
    is_on_one = not scalar.text[offset : offset + 1].isspace() and offset < len(scalar.text)
    start = _start(file, scalar)
    skipped = before if is_on_one else max(before - 1, 0)
    found = next(itertools.islice(_characters(file, scalar, start), skipped, None), None)
    if found is None:
        return place_of(file, start)
    return place_of(file, found[0] if is_on_one or not before else found[1])


def _start(file: str, scalar: Scalar) -> int:
    lines = [0, *(found.end() for found in LINE_BREAK.finditer(file))]
    return lines[scalar.line - 1] + scalar.column - 1


def _characters(file: str, scalar: Scalar, at: int) -> Iterator[tuple[int, int]]:
    """Start and end in the file of each character that is no white space."""
    pattern = _PLAIN
    if scalar.block:
        header = LINE_BREAK.search(file, at)
        at = header.end() if header else len(file)
    elif not scalar.plain:
        pattern = _DOUBLE if file[at] == '"' else _SINGLE
        at += 1
    for found in pattern.finditer(file, at):
        if not _is_white(found[0], is_escaped=pattern is _DOUBLE and len(found[0]) > 1):
            yield found.start(), found.end()


def _is_white(written: str, *, is_escaped: bool) -> bool:
    if not is_escaped:
        return written.isspace()
    if written[1] in "xuU" and len(written) > len("\\x"):
        return bytes.fromhex(written[2:].rjust(8, "0")).decode("utf-32-be").isspace()
    return written[1] in _WHITE
