"""Known divergences: ``expectations.yaml``, strict both ways.

An entry explains the verdicts of the cases that match its pattern, on the implementations that match
its pattern, if they have its verdict and class. It says of how many cases on each implementation, and
why. An entry that matches nothing, whose cases now pass, that covers more or fewer cases than it
says, or that shares a verdict with another entry is a problem of the run, told with the edit that
mends it. What says nothing about numbers is never excused: ``not run``.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import get_args

import msgspec

from conformance.outcomes import Class, Verdict, Word
from conformance.problems import InvalidFiles, Problem
from conformance.suite import nodes
from conformance.suite.nodes import Mapping, Node, Scalar, Sequence as Items
from conformance.suite.select import glob

FIELDS = ("cases", "implementation", "verdict", "class", "count", "because", "issue")
REQUIRED = ("cases", "implementation", "verdict", "count", "because")
EXCUSABLE = tuple(word for word in get_args(Word) if word not in {"pass", "not run"})


class Entry(msgspec.Struct, frozen=True):
    """One known divergence. ``count`` is the number of cases on each implementation that matches.

    ``line`` is where the entry starts, ``count_line`` where its count stands, both from 1.
    """

    cases: str
    implementation: str
    verdict: str
    kind: str | None
    count: int
    because: str
    issue: str | None
    line: int
    count_line: int

    def explains(self, verdict: Verdict) -> bool:
        """Whether this entry is about that verdict."""
        return (
            verdict.verdict == self.verdict
            and (self.kind is None or verdict.kind == self.kind)
            and glob(self.implementation).fullmatch(verdict.implementation) is not None
            and glob(self.cases).fullmatch(verdict.case) is not None
        )


class Edit(msgspec.Struct, frozen=True):
    """What is wrong with an entry, and what mends it: another count, or its removal (count 0)."""

    entry: Entry
    message: str
    count: int | None


def load(path: Path, name: str) -> list[Entry]:
    """The entries of a file; none where there is no file.

    Raises:
        InvalidFiles: anything is wrong with the file.
    """
    if not path.exists():
        return []
    root, problems = nodes.read(path, name)
    if isinstance(root, Mapping) and not root.entries:
        root = None
    if problems or root is None:
        raise InvalidFiles(problems or [Problem(name, 1, 1, "the file is empty")])
    if not isinstance(root, Items):
        raise InvalidFiles([Problem(name, root.line, root.column, "a list of entries is expected")])
    entries = [_entry(item, name, problems) for item in root.items]
    if problems:
        raise InvalidFiles(problems)
    return [entry for entry in entries if entry is not None]


def _entry(node: Node, name: str, problems: list[Problem]) -> Entry | None:
    before = len(problems)

    def problem(at: Node, message: str, hint: str | None = None) -> None:
        problems.append(Problem(name, at.line, at.column, message, hint))

    if not isinstance(node, Mapping):
        problem(node, "an entry is a mapping", f"of {', '.join(FIELDS)}")
        return None
    texts: dict[str, str] = {}
    for field, value in node.entries.items():
        if field not in FIELDS:
            close = difflib.get_close_matches(field, FIELDS, 1)
            hint = f"did you mean `{close[0]}`?" if close else f"one of {', '.join(FIELDS)}"
            problem(node.keys[field], f"unknown field `{field}` in an entry", hint)
        elif not isinstance(value, Scalar) or not value.text.strip():
            problem(value, f"`{field}` is a text")
        else:
            texts[field] = " ".join(value.text.split())
    for field in REQUIRED:
        if field not in node.entries:
            problem(node, f"the field `{field}` is missing")
    for field, words in (("verdict", EXCUSABLE), ("class", get_args(Class))):
        if field in texts and texts[field] not in words:
            problem(node.entries[field], f"`{texts[field]}` cannot be expected here",
                    f"one of {', '.join(words)}")  # fmt: skip
    if "count" in texts and not (texts["count"].isdecimal() and int(texts["count"]) > 0):
        problem(node.entries["count"], "`count` is the number of cases, at least 1")
    if len(problems) > before:
        return None
    return Entry(
        texts["cases"], texts["implementation"], texts["verdict"], texts.get("class"),
        int(texts["count"]), texts["because"], texts.get("issue"),
        node.line, node.entries["count"].line,
    )  # fmt: skip


class Matcher:
    """Explains verdicts one by one, and in the end says what is wrong with the entries."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self._covered: dict[int, Counter[str]] = {i: Counter() for i in range(len(entries))}
        self._ambiguous: set[tuple[int, int]] = set()

    def explain(self, verdict: Verdict) -> Verdict:
        """The verdict, marked as expected if it is a pass or an entry explains it."""
        if verdict.verdict in {"pass", "not run"}:
            return verdict
        found = [i for i, entry in enumerate(self.entries) if entry.explains(verdict)]
        if not found:
            return verdict
        self._ambiguous.update((found[0], other) for other in found[1:])
        entry = self.entries[found[0]]
        self._covered[found[0]][verdict.implementation] += 1
        because = f"{entry.because} ({entry.issue})" if entry.issue else entry.because
        return msgspec.structs.replace(verdict, expected=True, because=because)

    def edits(
        self, known: Iterable[str], ran: Collection[str], implementations: Sequence[str]
    ) -> list[Edit]:
        """What is wrong with the entries.

        ``known`` are the ids of all loaded cases, ``ran`` of those that ran. An entry is held to its
        count only where all its cases ran; more than its count is always too wide.
        """
        known = list(known)
        edits = [
            Edit(self.entries[second], f"shares verdicts with the entry in line "
                 f"{self.entries[first].line}: narrow one of them", None)
            for first, second in sorted(self._ambiguous)
        ]  # fmt: skip
        for i, entry in enumerate(self.entries):
            about = [case for case in known if glob(entry.cases).fullmatch(case)]
            if not about:
                edits.append(Edit(entry, f"`{entry.cases}` matches no case: remove the entry", 0))
                continue
            matching = [a for a in implementations if glob(entry.implementation).fullmatch(a)]
            complete = all(case in ran for case in about)
            for address in matching:
                found = self._covered[i][address]
                if found > entry.count or (complete and found < entry.count):
                    edits.append(Edit(entry, _message(entry, address, found), found))
                    break
        return edits


def _message(entry: Entry, address: str, found: int) -> str:
    what = f"`{entry.verdict}`" + (f" ({entry.kind})" if entry.kind else "")
    if found == 0:
        return f"none of `{entry.cases}` is {what} on {address} any more: remove the entry"
    wide = "more" if found > entry.count else "fewer"
    return (
        f"{found} cases of `{entry.cases}` are {what} on {address}, {wide} than stated:"
        f" write `count: {found}`"
    )


def apply(text: str, edits: Iterable[Edit], entries: Sequence[Entry]) -> str:
    """The text of the file with the edits made; comments between entries stay."""
    lines = text.splitlines(keepends=True)
    starts = sorted(entry.line for entry in entries)
    for edit in sorted(edits, key=lambda e: e.entry.line, reverse=True):
        entry = edit.entry
        if edit.count is None:
            continue
        if edit.count > 0:
            old = lines[entry.count_line - 1]
            head, _, tail = old.partition("count:")
            rest = tail.lstrip(" ").lstrip("0123456789")
            lines[entry.count_line - 1] = f"{head}count: {edit.count}{rest}"
            continue
        later = [start for start in starts if start > entry.line]
        end = (later[0] if later else len(lines) + 1) - 1
        while end > entry.line and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
            end -= 1
        del lines[entry.line - 1 : end]
    return "".join(lines)
