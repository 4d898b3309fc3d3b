"""Known divergences: ``expectations.yaml``, strict both ways.

An entry explains the verdicts of the cases that match its pattern, on the implementations that
match its pattern, if they have its verdict and class. It says of how many cases on each
implementation, and why. An entry that matches nothing, whose cases now pass, that covers more or
fewer cases than it says, or that shares a verdict with another entry is a problem of the run, told
with the edit that mends it. What says nothing about numbers is never excused: ``not run``.

What an implementation reads from memory that it never wrote differs from run to run, and may even
be right. Such an entry says ``verdict: any``; then every verdict of its cases is covered, passes
too.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import get_args

import msgspec

from conformance.causes import Cause, Causes
from conformance.outcomes import NO_FAULT, Class, Verdict, Word
from conformance.problems import InvalidFiles, Problem
from conformance.suite import nodes
from conformance.suite.nodes import Mapping, Node, Scalar
from conformance.suite.nodes import Sequence as Items
from conformance.suite.patterns import Ids, Patterns
from conformance.suite.select import glob

FIELDS = ("cases", "implementation", "verdict", "class", "count", "cause", "because", "issue")
REQUIRED = ("cases", "implementation", "verdict", "count")
_COUNT = re.compile(r"0*[1-9][0-9]{0,8}")
ANY = "any"
EXCUSABLE = tuple(word for word in get_args(Word) if word not in {*NO_FAULT, "not run"})
VERDICTS = (*EXCUSABLE, ANY)


class Entry(msgspec.Struct, frozen=True):
    """One known divergence. ``count`` is the number of cases on each implementation that matches.

    It has a ``cause``, the id of one in ``causes.yaml``, or its own ``because``, or both.
    ``line`` is where the entry starts, ``count_place`` the line and column of its count, from 1.
    """

    cases: str
    implementation: str
    verdict: str
    kind: str | None
    count: int
    cause: str | None
    because: str | None
    issue: str | None
    line: int
    count_place: tuple[int, int]

    def explains(self, verdict: Verdict) -> bool:
        """Whether this entry is about that verdict."""
        return self.covers(verdict) and glob(self.cases).fullmatch(verdict.case) is not None

    def covers(self, verdict: Verdict) -> bool:
        """Whether this entry explains that verdict if its pattern matches the case."""
        return (
            self.verdict in {verdict.verdict, ANY}
            and (self.kind is None or verdict.kind == self.kind)
            and glob(self.implementation).fullmatch(verdict.implementation) is not None
        )


class Edit(msgspec.Struct, frozen=True):
    """What is wrong with an entry, and what mends it: another count, or its removal (count 0).

    Without a count the mending is a person's.
    """

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
    return parsed(*nodes.read(path, name), name)


def parsed(root: Node | None, problems: list[Problem], name: str) -> list[Entry]:
    """The entries of a file that is read, given what is wrong with it so far.

    Raises:
        InvalidFiles: anything is wrong with the file.
    """
    if root is None and not problems:
        return []  # a file of comments: nothing is known to diverge
    if root is not None and not isinstance(root, Items):
        problems.append(Problem(name, root.line, root.column, "a list of entries is expected"))
    items = root.items if isinstance(root, Items) else ()
    entries = [_entry(item, name, problems) for item in items]
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
    texts = _texts(node, problem)
    for field in REQUIRED:
        if field not in node.entries:
            problem(node, f"the field `{field}` is missing")
    if not {"cause", "because"} & set(node.entries):
        problem(node, "one of the fields `cause` and `because` is missing")
    for field, words in (("verdict", VERDICTS), ("class", get_args(Class))):
        if field in texts and texts[field] not in words:
            problem(node.entries[field], f"`{texts[field]}` cannot be expected here",
                    f"one of {', '.join(words)}")  # fmt: skip
    if "count" in texts and not _COUNT.fullmatch(texts["count"]):
        problem(node.entries["count"], "`count` is the number of cases, at least 1")
    if len(problems) > before:
        return None
    count = node.entries["count"]
    return Entry(
        texts["cases"], texts["implementation"], texts["verdict"], texts.get("class"),
        int(texts["count"]), texts.get("cause"), texts.get("because"), texts.get("issue"),
        node.line, (count.line, count.column),
    )  # fmt: skip


def _texts(node: Mapping, problem: Callable[..., None]) -> dict[str, str]:
    """The known fields of an entry that are texts, with white space made single."""
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
    return texts


class Matcher:
    """Explains verdicts one by one, and in the end says what is wrong with the entries."""

    def __init__(self, entries: Sequence[Entry], causes: Causes = Causes()) -> None:  # noqa: B008  frozen
        self.entries = entries
        self.causes = causes
        self._covered: dict[int, Counter[str]] = {i: Counter() for i in range(len(entries))}
        self._shown: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._ambiguous: set[tuple[int, int]] = set()
        self._patterns = Patterns(entry.cases for entry in entries)

    def explain(self, verdict: Verdict) -> Verdict:
        """The verdict, marked as expected if nobody is at fault or an entry explains it.

        What an earlier explanation said is forgotten.
        """
        verdict = msgspec.structs.replace(
            verdict, expected=verdict.verdict in NO_FAULT, cause=None, because=None
        )
        if verdict.verdict == "not run":
            return verdict
        found = [
            i for i in self._patterns.matching(verdict.case) if self.entries[i].covers(verdict)
        ]
        if not found:
            return verdict
        self._ambiguous.update((found[0], other) for other in found[1:])
        entry = self.entries[found[0]]
        self._covered[found[0]][verdict.implementation] += 1
        if entry.cause is not None:
            self._shown[entry.cause][verdict.case] = None
        if verdict.expected:
            return msgspec.structs.replace(verdict, cause=entry.cause)
        because = _because(entry, self.causes.by_id.get(entry.cause or ""))
        return msgspec.structs.replace(verdict, expected=True, cause=entry.cause, because=because)

    def accepts_anything(self, verdict: Verdict) -> bool:
        """Whether an entry for any verdict covers this one, of an answer that nothing decides."""
        return any(
            self.entries[i].verdict == ANY and self.entries[i].covers(verdict)
            for i in self._patterns.matching(verdict.case)
        )

    def edits(
        self,
        known: Collection[str],
        ran: Collection[str],
        implementations: Sequence[str],
        *,
        whole: bool,
    ) -> list[Edit]:
        """What is wrong with the entries.

        Args:
            known: the ids of all loaded cases.
            ran: the ids of those that ran.
            implementations: the addresses that took part.
            whole: whether all cases that the entries may be about are known. Only then does an
                entry that matches nothing, or less than its count, say something.
        """
        edits = [
            Edit(self.entries[second], f"shares verdicts with the entry in line "
                 f"{self.entries[first].line}: narrow one of them", None)
            for first, second in sorted(self._ambiguous)
        ]  # fmt: skip
        edits += self._without_cause()
        ids = Ids(known)
        unclear = {i for pair in self._ambiguous for i in pair}
        for i, entry in enumerate(self.entries):
            about = ids.matched(entry.cases)
            if whole and not about:
                edits.append(Edit(entry, f"`{entry.cases}` matches no case: remove the entry", 0))
            elif i not in unclear:
                complete = whole and all(case in ran for case in about)
                edit = self._recount(i, implementations, complete=complete)
                edits += [edit] if edit else []
        return edits

    def _without_cause(self) -> list[Edit]:
        known = self.causes.by_id
        edits = []
        for entry in self.entries:
            if entry.cause is not None and entry.cause not in known:
                close = difflib.get_close_matches(entry.cause, known, 1)
                mend = f"did you mean `{close[0]}`?" if close else "write it there"
                message = f"there is no cause `{entry.cause}` in {self.causes.file}: {mend}"
                edits.append(Edit(entry, message, None))
        return edits

    def stale_causes(
        self, known: Collection[str], ran: Collection[str], implementations: Sequence[str]
    ) -> list[tuple[Cause, str]]:
        """The causes that no longer hold, each with what mends it.

        Args:
            known: the ids of all cases that the entries may be about.
            ran: the ids of those that ran.
            implementations: the addresses that took part.
        """
        found = []
        for cause in self.causes.by_id.values():
            entries = [entry for entry in self.entries if entry.cause == cause.id]
            shows = self._shown[cause.id] or [
                case for case in known for entry in entries if glob(entry.cases).fullmatch(case)
            ]
            mend = f"write one that shows it, such as `{next(iter(shows))}`" if shows else ""
            took_part = any(
                glob(entry.implementation).fullmatch(address)
                for entry in entries for address in implementations
            )  # fmt: skip
            if not entries:
                found.append((cause, f"no entry has the cause `{cause.id}`: remove it"))
            elif cause.minimal not in known:
                found.append((cause, f"the case `{cause.minimal}` does not exist: {mend}"))
            elif cause.minimal in ran and took_part and cause.minimal not in self._shown[cause.id]:
                message = f"`{cause.minimal}` does not show `{cause.id}`"
                found.append((cause, f"{message}: {mend or 'remove the cause'}"))
        return found

    def _recount(self, i: int, implementations: Sequence[str], *, complete: bool) -> Edit | None:
        """What is wrong with the count of an entry, if anything."""
        entry = self.entries[i]
        found = {
            address: self._covered[i][address]
            for address in implementations
            if glob(entry.implementation).fullmatch(address)
        }
        wrong = {
            address: count
            for address, count in found.items()
            if count > entry.count or (complete and count < entry.count)
        }
        if not wrong:
            return None
        if complete and len(set(found.values())) > 1:
            counts = ", ".join(f"{count} on {address}" for address, count in found.items())
            message = f"`{entry.cases}` covers {counts}: write one entry for each implementation"
            return Edit(entry, message, None)
        address, count = max(wrong.items(), key=lambda item: item[1])
        return Edit(entry, _message(entry, address, count), count)


def _message(entry: Entry, address: str, found: int) -> str:
    what = f"`{entry.verdict}`" + (f" ({entry.kind})" if entry.kind else "")
    if found == 0:
        return f"none of `{entry.cases}` is {what} on {address} any more: remove the entry"
    wide = "more" if found > entry.count else "fewer"
    cases = "1 case" if found == 1 else f"{found} cases"
    return (
        f"{cases} of `{entry.cases}` {'is' if found == 1 else 'are'} {what} on {address},"
        f" {wide} than stated: write `count: {found}`"
    )


def _because(entry: Entry, cause: Cause | None) -> str:
    """Why a verdict is expected: the entry's reason, or what its cause is called."""
    text = entry.because or (cause.title if cause else "")
    issue = entry.issue or (cause.issue if cause else None)
    notes = ", ".join(note for note in (entry.cause, issue) if note)
    return f"{text} ({notes})".lstrip() if notes else text
