"""YAML text to nodes that know their place.

The file is read as a stream of events, so nothing is expanded behind our back: anchors and aliases
are refused (a case file needs none, and both bombs and cycles are made of them), depth and size are
limited, and duplicate keys are errors. Scalars keep their text: a decimal means what was printed.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import yaml

from conformance.problems import Problem

MAX_BYTES = 16 << 20
MAX_DEPTH = 32

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Scalar(msgspec.Struct, frozen=True):
    """A leaf: its text, and whether it was written without quotes."""

    text: str
    plain: bool
    line: int
    column: int
    block: bool = False


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

    ``name`` is how problems call the file. The node is None where the text is no YAML at all.
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
    builder = _Builder(name)
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
    if builder.root is None and not builder.problems:
        builder.problems.append(Problem(name, 1, 1, "the file is empty", "it needs suite and cases"))
    return (None if builder.broken else builder.root), builder.problems


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, name: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    hint = None
    if "\t" in written:
        hint = "YAML does not allow tabs for indentation: use blanks"
    elif "mapping values" in str(error.problem) or "=>" in written:
        hint = (
            "a function that contains `: `, ` #` or starts with a quote, [ or { is quoted,"
            " or written as a block (`f: |`)"
        )
    elif "${" in written:
        hint = "inside {…} and […] write a template in quotes: '${axis}'"
    return Problem(name, line, column, f"not YAML: {error.problem or error.context}", hint)


class _Builder:
    """Builds nodes from events with a stack of its own, so that depth costs no recursion."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self.broken = False
        self._open: list[tuple[yaml.Event, list[Node]]] = []

    def _problem(self, event: yaml.Event, message: str, hint: str | None = None) -> None:
        mark = event.start_mark
        self.problems.append(Problem(self.name, mark.line + 1, mark.column + 1, message, hint))

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
        mark = event.start_mark
        if isinstance(event, yaml.ScalarEvent):
            self._add(
                Scalar(
                    event.value,
                    not event.style,
                    mark.line + 1,
                    mark.column + 1,
                    event.style in ("|", ">"),
                )
            )
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

    def _add(self, node: Node) -> None:
        if self._open:
            self._open[-1][1].append(node)
        else:
            self.root = node

    def _close(self, start: yaml.Event, nodes: list[Node]) -> Node:
        line, column = start.start_mark.line + 1, start.start_mark.column + 1
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
                        self.name,
                        key.line,
                        key.column,
                        f"`{key.text}` stands twice",
                        f"the first is in line {keys[key.text].line}",
                    )
                )
            else:
                entries[key.text] = value
                keys[key.text] = key
        return Mapping(entries, keys, line, column)
