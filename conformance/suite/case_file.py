"""One case file: its concrete cases, and everything that is wrong with it."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar, get_args

import msgspec

from conformance.language import parser
from conformance.language.names import ApiNames
from conformance.language.problems import LanguageErrors
from conformance.language.tree import Arrow
from conformance.problems import Problem
from conformance.protocol import Argument, Call, Function
from conformance.suite import axes, inputs, nodes
from conformance.suite.axes import Filler, Values
from conformance.suite.case import Case, Expectation
from conformance.suite.expect import expectation
from conformance.suite.inputs import Invalid
from conformance.suite.laws import law_cases, laws
from conformance.suite.nodes import Mapping, Node, Scalar, Sequence
from conformance.suite.places import place
from conformance.suite.training import training
from conformance.suite.wrt import wrt_of

SUITE_FIELDS = ("suite", "spec", "why", "tags", "axes", "cases")
CASE_FIELDS = (
    "name", "f", "inputs", "for", "call", "wrt", "dy", "optimizer", "steps", "expect", "tags",
    "laws", "timeout", "why", "spec",
)  # fmt: skip
CALLS = get_args(Call)
WITHOUT_DY = frozenset({"value", "variableGrads", "minimize"})
MAX_CASES = 50_000
MAX_DATA = 64 << 20
"""Concrete cases of one file, and bytes of their inputs: beyond, a file is a mistake or a bomb."""

_CUT = (
    "in YAML ` #` starts a comment, so the function ends before it:"
    " quote it, or write it as a block (`f: |`)"
)
_SUITE = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_SECONDS = re.compile(r"\d+(\.\d+)?")
T = TypeVar("T")


class CaseFile:
    """Reads one file, which problems call ``file``; collects its ``cases`` and ``problems``.

    ``repeated`` are the lines of cases whose name an earlier case of the file has.
    """

    def __init__(self, path: Path, file: str, names: ApiNames) -> None:
        self.path = path
        self.file = file
        self.names = names
        self.problems: list[Problem] = []
        self.cases: list[Case] = []
        self.repeated: set[int] = set()
        self._parsed: dict[str, Arrow] = {}
        self._titles: dict[str, int] = {}
        self._bytes = 0
        self._shared: Mapping | None = None

    def read(self) -> None:
        """Read the file; what is wrong with it, even that it cannot be read, is in ``problems``."""
        root, self.problems = nodes.read(self.path, self.file)
        if root is not None:
            self._read(root)
        elif not self.problems:
            self.problems.append(nodes.empty(self.file))

    def _problem(self, node: Node, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem(self.file, node.line, node.column, message, hint))

    def _read(self, root: Node) -> None:
        if not isinstance(root, Mapping):
            self._problem(root, "a case file is a mapping", "it starts with `suite: …`")
            return
        self._check_fields(root, SUITE_FIELDS, "a case file")
        suite = self._text(root, "suite", required=True)
        if suite is not None and not _SUITE.fullmatch(suite):
            self._problem(root.entries["suite"], f"`{suite}` is no path", "like ops/reduction")
        cases = root.entries.get("cases")
        if cases is None:
            self._problem(root, "the field `cases` is missing")
            return
        if not isinstance(cases, Sequence) or not cases.items:
            self._problem(cases, "`cases` is a list with at least one case")
            return
        tags = self._tags(root)
        self._shared = self._shared_axes(root)
        self._text(root, "why")
        spec = self._text(root, "spec")
        for item in cases.items:
            if isinstance(item, Mapping):
                self._case(item, suite or "?", tags, spec)
            else:
                self._problem(item, "a case is a mapping", "it has a name and a function `f`")

    def _timeout(self, node: Mapping) -> float | None:
        """The seconds that a case states it must be given at most."""
        text = self._text(node, "timeout")
        if text is None:
            return None
        if not _SECONDS.fullmatch(text) or not float(text):
            self._problem(node.entries["timeout"], "`timeout` is a number of seconds above 0")
            return None
        return float(text)

    def _shared_axes(self, root: Mapping) -> Mapping | None:
        """The lists of the file that the field ``axes`` names."""
        path = self._text(root, "axes")
        if path is None:
            return None
        field = root.entries["axes"]
        if Path(path).is_absolute() or Path(path).suffix != ".yaml":
            self._problem(field, "`axes` is the path of a .yaml file, seen from this one")
            return None
        found, problems = nodes.read(self.path.parent / path, path)
        self.problems += problems
        if found is None or not isinstance(found, Mapping):
            if not problems:
                self._problem(field, f"{path} is no mapping of names to lists")
            return None
        return found

    def _case(self, node: Mapping, suite: str, tags: tuple[str, ...], spec: str | None) -> None:
        self._check_fields(node, CASE_FIELDS, "a case")
        name = self._text(node, "name", required=True)
        f = self._text(node, "f", required=True)
        call = self._text(node, "call") or "valueAndGrads"
        if call not in CALLS:
            close = difflib.get_close_matches(call, CALLS, 1)
            hint = f"did you mean `{close[0]}`?" if close else f"one of {', '.join(CALLS)}"
            self._problem(node.entries["call"], f"no call `{call}`", hint)
        tags += self._tags(node)
        why = self._text(node, "why")
        spec = self._text(node, "spec") or spec
        timeout = self._timeout(node)
        if name is None or f is None or call not in CALLS:
            return
        title = axes.title(name)
        if title in self._titles:
            self._problem(
                node.entries["name"], f"a second case named `{title}` in this file",
                f"the first is in line {self._titles[title]}",
            )  # fmt: skip
            self.repeated.add(node.line)
        self._titles.setdefault(title, node.line)
        for values, case, texts in self._expanded(node, call):
            case_id = f"{suite}/{title}{axes.suffix(values)}"
            named = msgspec.structs.replace(
                case, id=case_id, tags=tags, timeout=timeout, why=why, spec=spec
            )
            if not all(self._keep(one, node) for one in (named, *law_cases(named, texts))):
                break

    def _expanded(self, node: Mapping, call: str) -> Iterator[tuple[Values, Case, tuple[str, ...]]]:
        """The concrete cases of a written one and their laws, up to the first that is wrong."""
        combinations: list[Values] = [{}]
        given = node.entries.get("for")
        if isinstance(given, Mapping):
            combinations, problems = axes.combinations(given, self._shared, self.file)
            self.problems += problems
        elif given is not None:
            self._problem(given, "`for` is a mapping of axes", "for: {axis: [0, 1]}")
            return
        used: set[str] = set()
        for values in combinations:
            before = len(self.problems)
            filler = Filler(values, self.file)
            case = self._concrete(node, filler, call)
            make = functools.partial(laws, node, filler, case) if case else None
            texts = None if make is None else self._valid(make)
            self.problems += filler.problems
            if case is None or texts is None or len(self.problems) > before:
                return
            used |= filler.used
            yield values, case, texts
        if isinstance(given, Mapping) and combinations:
            for axis in given.keys.keys() - used:
                hint = f"write ${{{axis}}} where its value belongs"
                self._problem(given.keys[axis], f"the axis `{axis}` is not used", hint)

    def _keep(self, case: Case, node: Mapping) -> bool:
        """Keep a case, or complain about it if the file grows beyond its limits."""
        self._bytes += sum(len(arg.data) for arg in case.args if isinstance(arg.data, bytes))
        if len(self.cases) >= MAX_CASES:
            self._problem(node, f"more than {MAX_CASES:,} concrete cases", "split the file")
            return False
        if self._bytes > MAX_DATA:
            message = f"the inputs up to here take more than {MAX_DATA >> 20} MiB"
            self._problem(node, message, "make them smaller, or split the file")
            return False
        self.cases.append(case)
        return True

    def _concrete(self, node: Mapping, filler: Filler, call: str) -> Case | None:
        before = len(self.problems)
        f, name = node.entries["f"], node.entries["name"]
        assert isinstance(f, Scalar)
        assert isinstance(name, Scalar)
        filler.splice(name)
        source, tree = self._function(f, filler)
        filled: dict[str, Node] = {
            field: filler.fill(node.entries[field])
            for field in ("inputs", "dy", "wrt", "optimizer", "steps", "expect")
            if field in node.entries
        }
        if filler.problems:
            return None
        arguments = self._inputs(filled.get("inputs"))
        if arguments is None:
            return None
        if tree is not None and len(tree.parameters) != len(arguments):
            takes = "1 input" if len(tree.parameters) == 1 else f"{len(tree.parameters)} inputs"
            self._problem(
                f, f"the function takes {takes}, the case has {len(arguments)}",
                "inputs are given in the order of the parameters",
            )  # fmt: skip
        dy = None
        if "dy" in filled and call in WITHOUT_DY:
            self._problem(node.keys["dy"], f"`dy` does not go with `call: {call}`")
        elif "dy" in filled:
            dy = self._valid(lambda: inputs.argument(filled["dy"]))
        wrt = self._valid(lambda: wrt_of(node, filled.get("wrt"), arguments, call))
        trained = self._valid(lambda: training(node, filled, call))
        expect = Expectation()
        if "expect" in filled and wrt is not None:
            expect = self._valid(lambda: expectation(filled["expect"], wrt, call)) or expect
        if tree is None or wrt is None or trained is None or len(self.problems) > before:
            return None
        return Case(
            id="",
            file=self.file,
            line=node.line,
            call=call,  # type: ignore[arg-type]  # one of CALLS
            f=Function(source=source, tree=tree),
            names=tuple(arguments),
            args=tuple(arg for arg in arguments.values() if arg is not None),
            wrt=wrt,
            dy=dy,
            optimizer=trained[0],
            steps=trained[1],
            expect=expect,
        )

    def _valid(self, make: Callable[[], T]) -> T | None:
        """What ``make`` makes, or None and one more problem."""
        try:
            return make()
        except Invalid as invalid:
            self._problem(invalid.node, invalid.message, invalid.hint)
            return None

    def _inputs(self, filled: Node | None) -> dict[str, Argument | None] | None:
        if filled is None:
            return {}
        if not isinstance(filled, Mapping):
            self._problem(filled, "`inputs` is a mapping of names", "inputs: {x: [1, 2]}")
            return None
        return {
            name: self._valid(functools.partial(inputs.argument, item))
            for name, item in filled.entries.items()
        }

    def _function(self, f: Scalar, filler: Filler) -> tuple[str, Arrow | None]:
        before = len(filler.problems)
        spliced = filler.splice(f)
        source = spliced.text.strip()
        if len(filler.problems) > before:
            return source, None
        if source in self._parsed:
            return source, self._parsed[source]
        try:
            self._parsed[source] = parser.parse(source, self.names)
        except LanguageErrors as errors:
            skipped = len(spliced.text) - len(spliced.text.lstrip())
            file = self.path.read_text("utf-8-sig")
            for error in errors.problems:
                line, column = place(file, f, spliced.written_at(error.offset + skipped))
                _, written, caret, *_ = error.render(source).split("\n")
                message = f"{error.message}\n  {written}\n  {caret}"
                hint = _CUT if f.cut else error.hint
                self.problems.append(Problem(self.file, line, column, message, hint))
            return source, None
        return source, self._parsed[source]

    def _check_fields(self, node: Mapping, allowed: tuple[str, ...], what: str) -> None:
        for field, key in node.keys.items():
            if field not in allowed:
                close = difflib.get_close_matches(field, allowed, 1)
                hint = f"did you mean `{close[0]}`?" if close else f"one of {', '.join(allowed)}"
                self._problem(key, f"unknown field `{field}` in {what}", hint)

    def _text(self, node: Mapping, field: str, *, required: bool = False) -> str | None:
        value = node.entries.get(field)
        if value is None:
            if required:
                self._problem(node, f"the field `{field}` is missing")
            return None
        if not isinstance(value, Scalar) or not value.text.strip():
            self._problem(value, f"`{field}` is a text")
            return None
        return " ".join(value.text.split()) if field in {"why", "name"} else value.text

    def _tags(self, node: Mapping) -> tuple[str, ...]:
        value = node.entries.get("tags")
        if value is None:
            return ()
        if not isinstance(value, Sequence) or not all(isinstance(i, Scalar) for i in value.items):
            self._problem(value, "`tags` is a list of words", "tags: [slow]")
            return ()
        return tuple(item.text for item in value.items if isinstance(item, Scalar))
