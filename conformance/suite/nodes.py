"""YAML text to nodes that know their place.

The file is read as a stream of events, so nothing is expanded behind our back: anchors and aliases
are refused (a case file needs none, and both bombs and cycles are made of them), depth and size are
limited, and duplicate keys are errors. Scalars keep their text: a decimal means what was printed.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import yaml

from conformance.problems import Problem

MAX_BYTES = 16 << 20
MAX_DEPTH = 32

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What ends a line in YAML. Python's ``splitlines`` knows more."""

_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Scalar(msgspec.Struct, frozen=True):
    """A leaf: its text, and how it was written.

    A ``plain`` one has no quotes, a ``block`` one starts with ``|`` or ``>``. ``cut`` is set where
    a comment follows a plain one: what was meant may have been longer.
    """

    text: str
    plain: bool
    line: int
    column: int
    block: bool = False
    cut: bool = False


class Sequence(msgspec.Struct, frozen=True):
    """A list of nodes."""

    items: tuple[Node, ...]
    line: int
    column: int


class Mapping(msgspec.Struct, frozen=True):
    """Named nodes, in the order of the file, and the place of each key."""

    entries: dict[str, Node]
    keys: dict[str, Scalar]
    line: int
    column: int


Node = Scalar | Sequence | Mapping


def read(path: Path, name: str) -> tuple[Node | None, list[Problem]]:
    """The root node of a YAML file, and what is wrong with the file.

    ``name`` is how problems call the file. The node is None where the text is no YAML at all, and,
    without any problem, where it is empty.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        return None, [Problem(name, 1, 1, f"cannot be read: {error.strerror}")]
    if len(data) > MAX_BYTES:
        return None, [Problem(name, 1, 1, f"larger than {MAX_BYTES >> 20} MiB", "split the file")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        return None, [Problem(name, line, column, "not UTF-8", "save the file as UTF-8")]
    return parse(text, name)


def parse(text: str, name: str) -> tuple[Node | None, list[Problem]]:
    """The root node of a YAML text, and what is wrong with it."""
    if found := _FORBIDDEN.search(text):
        line, column = place_of(text, found.start())
        message = f"the character U+{ord(found[0]):04X}, which YAML does not allow"
        return None, [Problem(name, line, column, message, "remove it")]
    builder = _Builder(name, text)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if not builder.take(event):
                break
    except yaml.MarkedYAMLError as error:
        builder.problems.append(_syntax_problem(error, text, name))
        return None, builder.problems
    except yaml.YAMLError as error:
        builder.problems.append(Problem(name, 1, 1, " ".join(str(error).split())))
        return None, builder.problems
    return (None if builder.broken else builder.root), builder.problems


def moved(node: Node, line: int, column: int) -> Node:
    """The node as if all of it stood in one place of another file."""
    match node:
        case Scalar():
            return msgspec.structs.replace(node, line=line, column=column)
        case Sequence():
            return Sequence(tuple(moved(item, line, column) for item in node.items), line, column)
        case Mapping():
            entries = {key: moved(value, line, column) for key, value in node.entries.items()}
            keys = {
                name: msgspec.structs.replace(key, line=line, column=column)
                for name, key in node.keys.items()
            }
            return Mapping(entries, keys, line, column)


def place_of(text: str, index: int) -> tuple[int, int]:
    """The line and column, both from 1, of a character of a YAML text."""
    before = [found.end() for found in LINE_BREAK.finditer(text, 0, index)]
    return len(before) + 1, index - (before[-1] if before else 0) + 1


def empty(name: str) -> Problem:
    """What is wrong with a file of which ``read`` gives neither a node nor a problem."""
    return Problem(name, 1, 1, "the file is empty", "it needs suite and cases")


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, name: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = LINE_BREAK.split(text)
    written = lines[line - 1] if line <= len(lines) else ""
    hint = None
    if "\t" in written:
        hint = "YAML does not allow tabs for indentation: use blanks"
    elif "mapping values" in str(error.problem) or "=>" in written:
        hint = (
            "a function or text that contains `: ` or ` #`, or starts with a quote, [ or {,"
            " is quoted, or written as a block (`f: |`)"
        )
    elif "${" in written:
        hint = "inside {…} and […] write a template in quotes: '${axis}'"
    return Problem(name, line, column, f"not YAML: {error.problem or error.context}", hint)


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


_COMMENT = re.compile(r"[ \t]+#")


class _Builder:
    """Builds nodes from events with a stack of its own, so that depth costs no recursion."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self.broken = False
        self._open: list[tuple[yaml.Event, list[Node]]] = []

    def _problem(self, event: yaml.Event, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem(self.name, *_place(event), message, hint))

    def take(self, event: yaml.Event) -> bool:
        """Take one event; False when there is no sense in going on."""
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            what = "alias" if isinstance(event, yaml.AliasEvent) else "anchor"
            self._problem(event, f"an {what}: case files have none", "write `for:` axes instead")
            self.broken = True
            return False
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            self._problem(event, f"a tag ({tag}): case files have none", "remove it")
            self.broken = True
            return False
        if isinstance(event, yaml.ScalarEvent):
            plain = not event.style
            block = event.style in {"|", ">"}
            cut = plain and self._is_cut(event)
            self._add(Scalar(event.value, plain, *_place(event), block, cut))
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(self._open) >= MAX_DEPTH:
                self._problem(event, f"nested deeper than {MAX_DEPTH} levels")
                self.broken = True
                return False
            self._open.append((event, []))
        elif isinstance(event, yaml.CollectionEndEvent):
            start, nodes = self._open.pop()
            self._add(self._close(start, nodes))
        elif isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            self._problem(event, "a second document", "one file is one suite: remove the `---`")
            return False
        return True

    def _is_cut(self, event: yaml.Event) -> bool:
        at = event.end_mark.index if event.end_mark else len(self.text)
        return _COMMENT.match(self.text, at) is not None

    def _add(self, node: Node) -> None:
        if self._open:
            self._open[-1][1].append(node)
        else:
            self.root = node

    def _close(self, start: yaml.Event, nodes: list[Node]) -> Node:
        line, column = _place(start)
        if isinstance(start, yaml.SequenceStartEvent):
            return Sequence(tuple(nodes), line, column)
        entries: dict[str, Node] = {}
        keys: dict[str, Scalar] = {}
        for key, value in zip(nodes[::2], nodes[1::2], strict=True):
            if not isinstance(key, Scalar):
                self.problems.append(
                    Problem(self.name, key.line, key.column, "a key that is no plain word")
                )
            elif key.text in entries:
                self.problems.append(
                    Problem(
                        self.name, key.line, key.column, f"`{key.text}` stands twice",
                        f"the first is in line {keys[key.text].line}",
                    )
                )  # fmt: skip
            else:
                entries[key.text] = value
                keys[key.text] = key
        return Mapping(entries, keys, line, column)
