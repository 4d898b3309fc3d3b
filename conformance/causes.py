"""The root causes of known divergences: ``causes.yaml``, beside ``expectations.yaml``.

A cause is one thing to fix. The entries of the expectations file name it, and it says once for all
of them what is wrong, who is, and which case shows it best. It is held to that like an entry: a
cause that no entry names, or whose case does not show it, is a problem of the run.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping as AnyMapping
from pathlib import Path
from typing import Literal, get_args

import msgspec

from conformance.problems import InvalidFiles, Problem
from conformance.suite import nodes
from conformance.suite.nodes import Mapping, Node, Scalar, Sequence

FILE = "causes.yaml"
FIELDS = ("title", "severity", "wrong", "kernels", "minimal", "right", "issue")
REQUIRED = ("title", "severity", "wrong", "kernels", "minimal", "right")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

Severity = Literal["silent", "throws", "convention", "special"]
"""What a divergence does to its user, the worst first.

Wrong numbers, dtypes or shapes without a word; an error or a crash, or none where there should be
one; a choice among several that can be defended; NaN, infinities, signed zeros and subnormals.
"""

Culprit = Literal["tfjs", "tensorflow", "both", "neither"]


class Cause(msgspec.Struct, frozen=True):
    """One root cause.

    ``kernels`` are those of tf.js that it is about, ``minimal`` the id of the smallest case that
    shows it, ``right`` what is right and why. ``line`` is where it stands, from 1.
    """

    id: str
    title: str
    severity: Severity
    wrong: Culprit
    kernels: tuple[str, ...]
    minimal: str
    right: str
    issue: str | None
    line: int


class Causes(msgspec.Struct, frozen=True):
    """All causes of a file, by id, in its order."""

    file: str = FILE
    by_id: AnyMapping[str, Cause] = {}


def beside(expectations: Path) -> Path:
    """Where the causes stand that the entries of an expectations file name."""
    return expectations.parent / FILE


def load(path: Path, name: str) -> Causes:
    """The causes of a file; none where there is no file.

    Raises:
        InvalidFiles: anything is wrong with the file.
    """
    if not path.exists():
        return Causes(name)
    root, problems = nodes.read(path, name)
    if root is not None and not isinstance(root, Mapping):
        problems.append(Problem(name, root.line, root.column, "a mapping of causes is expected"))
    causes: dict[str, Cause] = {}
    if isinstance(root, Mapping):
        for cause_id, node in root.entries.items():
            reader = _Reader(name, problems)
            cause = reader.cause(root.keys[cause_id], node)
            if cause is not None:
                causes[cause_id] = cause
    if problems:
        raise InvalidFiles(problems)
    return Causes(name, causes)


class _Reader:
    """Reads one cause, and keeps what is wrong with it."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        self.name = name
        self.problems = problems

    def cause(self, key: Scalar, node: Node) -> Cause | None:
        before = len(self.problems)
        if not _ID.fullmatch(key.text):
            self._problem(key, f"`{key.text}` is no id of a cause", "small letters, digits and -")
        if not isinstance(node, Mapping):
            self._problem(node, "a cause is a mapping", f"of {', '.join(FIELDS)}")
            return None
        texts = self._texts(node)
        for field in REQUIRED:
            if field not in node.entries:
                self._problem(key, f"the cause `{key.text}` has no `{field}`")
        for field, words in (("severity", get_args(Severity)), ("wrong", get_args(Culprit))):
            if field in texts and texts[field] not in words:
                self._problem(node.entries[field], f"`{texts[field]}` is no `{field}`",
                              f"one of {', '.join(words)}")  # fmt: skip
        kernels = self._kernels(node.entries.get("kernels"))
        if len(self.problems) > before:
            return None
        return msgspec.convert(
            {**texts, "id": key.text, "kernels": kernels, "issue": texts.get("issue"),
             "line": key.line}, Cause,
        )  # fmt: skip

    def _texts(self, node: Mapping) -> dict[str, str]:
        texts: dict[str, str] = {}
        for field, value in node.entries.items():
            if field not in FIELDS:
                close = difflib.get_close_matches(field, FIELDS, 1)
                hint = f"did you mean `{close[0]}`?" if close else f"one of {', '.join(FIELDS)}"
                self._problem(node.keys[field], f"unknown field `{field}` in a cause", hint)
            elif field == "kernels":
                continue
            elif not isinstance(value, Scalar) or not value.text.strip():
                self._problem(value, f"`{field}` is a text")
            else:
                texts[field] = " ".join(value.text.split())
        return texts

    def _kernels(self, node: Node | None) -> tuple[str, ...]:
        if node is None:
            return ()
        items = node.items if isinstance(node, Sequence) else (node,)
        if not isinstance(node, Sequence) or not all(
            isinstance(item, Scalar) and item.text.strip() for item in items
        ):
            self._problem(node, "`kernels` is a list of names of kernels", "like [Exp, Tanh]")
        return tuple(item.text for item in items if isinstance(item, Scalar))

    def _problem(self, at: Node, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem(self.name, at.line, at.column, message, hint))
