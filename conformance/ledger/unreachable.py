"""``unreachable.yaml``: what no case can reach, each with its reason; strict, as the expectations.

    - {gradient: BroadcastTo, because: …}       a registered gradient, or a slot: GatherV2.indices
    - {function: tf.layers.*, because: …}       a public function, or a pattern of them
    - {call: .mul, cases: api/…, because: …}    a call that these cases name and that does not run
    - {untested: LRN.x first, implementation: tensorflow, because: …}   a gradient by input slot and
                                                order that no case can check sharply there

An entry that matches nothing, or something that is reached, is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from conformance.problems import InvalidFiles, Problem
from conformance.suite import nodes
from conformance.suite.nodes import Mapping, Node, Scalar, Sequence
from conformance.suite.select import glob

FILE = "unreachable.yaml"
Kind = Literal["gradient", "function", "call", "untested"]
KINDS: tuple[Kind, ...] = ("gradient", "function", "call", "untested")
KINDS_SAID = ", ".join(KINDS)
WHERE: dict[Kind, str] = {"call": "cases", "untested": "implementation"}
"""The further field that an entry of this kind has: a pattern of where it holds."""


class Exemption(msgspec.Struct, frozen=True):
    """One entry: what is out of reach, as a pattern, and why.

    ``where`` is a pattern of cases for a call, of implementations for a gradient that is untested.
    """

    kind: Kind
    pattern: str
    because: str
    line: int
    where: str | None = None

    def covers(self, kind: Kind, name: str, at: str | None = None) -> bool:
        """Whether this entry is about that name, in that case or on that implementation."""
        return (
            self.kind == kind
            and glob(self.pattern).fullmatch(name) is not None
            and (self.where is None or at is None or glob(self.where).fullmatch(at) is not None)
        )


def load(path: Path, name: str) -> list[Exemption]:
    """The entries of a file; none where there is no file. ``name`` is how problems call it.

    Raises:
        InvalidFiles: anything is wrong with the file.
    """
    if not path.exists():
        return []
    root, problems = nodes.read(path, name)
    if root is not None and not isinstance(root, Sequence):
        problems.append(Problem(name, root.line, root.column, "a list of entries is expected"))

    def problem(at: Node, message: str, hint: str | None = None) -> None:
        problems.append(Problem(name, at.line, at.column, message, hint))

    items = root.items if isinstance(root, Sequence) else ()
    entries = [_entry(item, problem) for item in items]
    if problems:
        raise InvalidFiles(problems)
    return [entry for entry in entries if entry is not None]


def _entry(node: Node, problem: Callable[..., None]) -> Exemption | None:
    if not isinstance(node, Mapping):
        problem(node, "an entry is a mapping", f"of `because` and one of {KINDS_SAID}")
        return None
    texts: dict[str, str] = {}
    for field, value in node.entries.items():
        if not isinstance(value, Scalar) or not value.text.strip():
            problem(value, f"`{field}` is a text")
            return None
        texts[field] = " ".join(value.text.split())
    found = [kind for kind in KINDS if kind in texts]
    if len(found) != 1:
        problem(node, f"an entry has one of {KINDS_SAID}", f"this one has {len(found)}")
        return None
    where = WHERE.get(found[0])
    allowed = {found[0], "because"} | ({where} if where else set())
    for field in texts.keys() - allowed:
        problem(node.keys[field], f"unknown field `{field}` beside `{found[0]}`",
                f"one of {', '.join(sorted(allowed))}")  # fmt: skip
        return None
    for field in sorted(allowed - texts.keys()):
        problem(node, f"the field `{field}` is missing")
        return None
    return Exemption(found[0], texts[found[0]], texts["because"], node.line, texts.get(where or ""))
