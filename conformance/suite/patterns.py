"""Many patterns on ids, and many ids: which match, without trying each one on each other."""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from conformance.suite.select import glob

_LITERAL = re.compile(r"[^*?]*")


class Patterns:
    """Patterns by the folder that what they match begins with."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._by_folder: defaultdict[str, list[tuple[int, re.Pattern[str]]]] = defaultdict(list)
        for number, pattern in enumerate(patterns):
            folder = _literal(pattern).rpartition("/")
            self._by_folder[folder[0] + folder[1]].append((number, glob(pattern)))
        self._last: tuple[str, list[int]] = ("", [])

    def matching(self, case: str) -> list[int]:
        """The numbers of the patterns that match an id, from 0 in the order they were given."""
        # The verdicts of a case come one after the other.
        if self._last[0] != case:
            parts = case.split("/")
            folders = ["", *("/".join(parts[:end]) + "/" for end in range(1, len(parts)))]
            found = [
                number
                for folder in folders
                for number, pattern in self._by_folder.get(folder, ())
                if pattern.fullmatch(case)
            ]
            self._last = (case, sorted(found))
        return self._last[1]


class Ids:
    """A sorted list of ids."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._sorted: Sequence[str] = sorted(ids)

    def matched(self, pattern: str) -> list[str]:
        """The ids that a pattern matches."""
        literal, compiled = _literal(pattern), glob(pattern)
        found = []
        for at in range(bisect.bisect_left(self._sorted, literal), len(self._sorted)):
            case = self._sorted[at]
            if not case.startswith(literal):
                break
            if compiled.fullmatch(case):
                found.append(case)
        return found


def _literal(pattern: str) -> str:
    """What every id that a pattern matches begins with."""
    found = _LITERAL.match(pattern.rstrip("/"))
    return found[0] if found else ""
