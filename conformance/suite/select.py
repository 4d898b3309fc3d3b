"""Which of the loaded cases run: id patterns, words, tags, shards."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Sequence

from conformance.problems import UsageError
from conformance.suite.case import Case


@functools.cache
def glob(pattern: str) -> re.Pattern[str]:
    """A pattern on ids: ``*`` is any text, ``?`` any one character, all else itself.

    Brackets are literal, because ids have them. A pattern that ends where an id has a ``/`` or a
    ``[`` means everything below it: ``ops/reduction`` is the whole file, and the name of a case
    with axes is all its concrete cases.
    """
    parts = [
        ".*" if part == "*" else "." if part == "?" else re.escape(part)
        for part in re.split(r"([*?])", pattern.rstrip("/"))
    ]
    return re.compile("".join(parts) + r"(?:[/\[].*)?", re.DOTALL)


def by_patterns(cases: Sequence[Case], patterns: Sequence[str]) -> list[Case]:
    """The cases whose id matches any of the patterns; all of them where there is no pattern.

    Raises:
        UsageError: a pattern matches nothing.
    """
    if not patterns:
        return list(cases)
    for pattern in patterns:
        if not any(glob(pattern).fullmatch(case.id) for case in cases):
            hint = "`tfjs-conformance list` prints all ids; * stands for any text"
            raise UsageError(f"no case matches `{pattern}`", hint)
    compiled = [glob(pattern) for pattern in patterns]
    return [case for case in cases if any(regex.fullmatch(case.id) for regex in compiled)]


_WORD = re.compile(r"\(|\)|[^\s()]+")
_MOST_WORDS = 200


def by_words(cases: Sequence[Case], expression: str) -> list[Case]:
    """The cases whose id contains the words, combined by ``and``, ``or``, ``not`` and brackets.

    Raises:
        UsageError: the expression is malformed.
    """
    tokens = _WORD.findall(expression)
    if len(tokens) > _MOST_WORDS:
        raise UsageError(f"-k takes at most {_MOST_WORDS} words")

    def matches(text: str) -> bool:
        return _Words(tokens, text, expression).value()

    return [case for case in cases if matches(case.id.lower())]


class _Words:
    """Evaluates a word expression on one text by recursive descent."""

    def __init__(self, tokens: list[str], text: str, expression: str) -> None:
        self.tokens = tokens
        self.text = text
        self.expression = expression
        self.at = 0

    def value(self) -> bool:
        found = self._any()
        if self.at != len(self.tokens):
            raise self._error()
        return found

    def _error(self) -> UsageError:
        return UsageError(
            f"-k does not understand `{self.expression}`", "like: -k 'sum and not keepDims'"
        )

    def _peek(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _any(self) -> bool:
        found = self._all()
        while self._peek() == "or":
            self.at += 1
            found = self._all() or found
        return found

    def _all(self) -> bool:
        found = self._one()
        while self._peek() == "and":
            self.at += 1
            found = self._one() and found
        return found

    def _one(self) -> bool:
        token = self._peek()
        self.at += 1
        match token:
            case "not":
                return not self._one()
            case "(":
                found = self._any()
                if self._peek() != ")":
                    raise self._error()
                self.at += 1
                return found
            case None | ")" | "and" | "or":
                raise self._error()
            case word:
                return word.lower() in self.text


def by_tags(cases: Sequence[Case], tags: Sequence[str]) -> list[Case]:
    """The cases that have any of the tags; all of them where no tag is given.

    Raises:
        UsageError: no case has a given tag.
    """
    if not tags:
        return list(cases)
    known = sorted({tag for case in cases for tag in case.tags})
    for tag in tags:
        if tag not in known:
            raise UsageError(f"no case has the tag `{tag}`", f"tags: {', '.join(known) or 'none'}")
    return [case for case in cases if set(tags) & set(case.tags)]


def shard(cases: Sequence[Case], text: str) -> list[Case]:
    """Part I of N, as ``I/N`` with I from 1. A case stays in its part when other cases come or go.

    Raises:
        UsageError: the text is no such pair.
    """
    match = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
    index, count = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= index <= count:
        raise UsageError(f"`{text}` is no shard", "like --shard 1/3, 2/3 and 3/3")

    def part(case: Case) -> int:
        return int.from_bytes(hashlib.sha256(case.id.encode()).digest()[:8]) % count

    return [case for case in cases if part(case) == index - 1]
