"""Case files to concrete cases: every problem of every file is found before anything runs."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar, get_args

import msgspec

from conformance.language import parser
from conformance.language.names import ApiNames
from conformance.language.problems import LanguageErrors
from conformance.language.tree import Arrow
from conformance.problems import InvalidFiles, Problem, UsageError
from conformance.protocol import Argument, Call, Function
from conformance.suite import axes, inputs, nodes
from conformance.suite.axes import Filler, Values
from conformance.suite.case import Case, Expectation
from conformance.suite.expect import expectation
from conformance.suite.inputs import Invalid
from conformance.suite.nodes import Mapping, Node, Scalar, Sequence

SUITE_FIELDS = ("suite", "spec", "why", "tags", "cases")
CASE_FIELDS = (
    "name", "f", "inputs", "for", "call", "wrt", "dy", "expect", "tags", "why", "spec",
)  # fmt: skip
CALLS = get_args(Call)
SINGLE = frozenset({"valueAndGrad", "grad"})
NOT_CASES = frozenset({"expectations.yaml"})
_SUITE = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
T = TypeVar("T")
_DIFFERENTIABLE = frozenset({"float32", "complex64"})


def files(paths: Iterable[Path]) -> list[Path]:
    """The case files at or below these paths, in order, each once.

    Raises:
        UsageError: a path does not exist, or no case file lies below it.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            below = [
                file
                for file in sorted(path.rglob("*"))
                if file.suffix in {".yaml", ".yml"} and file.name not in NOT_CASES
            ]
            if not below:
                raise UsageError(f"no case files below {path}", "case files end in .yaml")
            found.update(dict.fromkeys(below))
        elif path.is_file():
            found[path] = None
        else:
            raise UsageError(f"no such file or directory: {path}")
    return list(found)


def load(paths: Iterable[Path], names: ApiNames) -> list[Case]:
    """The concrete cases of these files, in the order of the files.

    Raises:
        InvalidFiles: anything is wrong with any of the files; it lists everything that is.
        UsageError: a path does not exist, or no case file lies below it.
    """
    problems: list[Problem] = []
    cases: list[Case] = []
    first: dict[str, Case] = {}
    for path in files(paths):
        suite = _Suite(path, names)
        root, unreadable = nodes.read(path, suite.file)
        problems += unreadable
        if root is not None:
            suite.read(root)
        problems += suite.problems
        for case in suite.cases:
            if case.id in first:
                other = first[case.id]
                problems.append(
                    Problem(
                        case.file, case.line, 1, f"a second case named `{case.id}`",
                        f"the first is at {other.file}:{other.line}",
                    )
                )  # fmt: skip
            first.setdefault(case.id, case)
        cases += suite.cases
    if problems:
        raise InvalidFiles(problems)
    return cases


def _shown(path: Path) -> str:
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


class _Suite:
    """Reads one file; collects its cases and problems."""

    def __init__(self, path: Path, names: ApiNames) -> None:
        self.path = path
        self.file = _shown(path)
        self.names = names
        self.problems: list[Problem] = []
        self.cases: list[Case] = []
        self._parsed: dict[str, Arrow | None] = {}
        self._titles: dict[str, int] = {}

    def problem(self, node: Node, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem(self.file, node.line, node.column, message, hint))

    def read(self, root: Node) -> None:
        if not isinstance(root, Mapping):
            self.problem(root, "a case file is a mapping", "it starts with `suite: …`")
            return
        self._check_fields(root, SUITE_FIELDS, "a case file")
        suite = self._text(root, "suite", required=True)
        if suite is not None and not _SUITE.fullmatch(suite):
            self.problem(root.entries["suite"], f"`{suite}` is no path", "like ops/reduction")
        cases = root.entries.get("cases")
        if cases is None:
            self.problem(root, "the field `cases` is missing")
            return
        if not isinstance(cases, Sequence) or not cases.items:
            self.problem(cases, "`cases` is a list with at least one case")
            return
        tags = self._tags(root)
        self._text(root, "why")
        spec = self._text(root, "spec")
        for item in cases.items:
            if isinstance(item, Mapping):
                self._case(item, suite or "?", tags, spec)
            else:
                self.problem(item, "a case is a mapping", "it has a name and a function `f`")

    def _case(self, node: Mapping, suite: str, tags: tuple[str, ...], spec: str | None) -> None:
        self._check_fields(node, CASE_FIELDS, "a case")
        name = self._text(node, "name", required=True)
        f = self._text(node, "f", required=True)
        call = self._text(node, "call") or "valueAndGrads"
        if call not in CALLS:
            close = difflib.get_close_matches(call, CALLS, 1)
            hint = f"did you mean `{close[0]}`?" if close else f"one of {', '.join(CALLS)}"
            self.problem(node.entries["call"], f"no call `{call}`", hint)
        tags += self._tags(node)
        why = self._text(node, "why")
        spec = self._text(node, "spec") or spec
        if name is None or f is None or call not in CALLS:
            return
        title = axes.title(name)
        if title in self._titles:
            self.problem(
                node.entries["name"], f"a second case named `{title}` in this file",
                f"the first is in line {self._titles[title]}",
            )  # fmt: skip
        self._titles.setdefault(title, node.line)
        combinations: list[Values] = [{}]
        given = node.entries.get("for")
        if isinstance(given, Mapping):
            combinations, problems = axes.combinations(given, self.file)
            self.problems += problems
        elif given is not None:
            self.problem(given, "`for` is a mapping of axes", "for: {axis: [0, 1]}")
            return
        used: set[str] = set()
        before = len(self.problems)
        for values in combinations:
            filler = Filler(values, self.file)
            case = self._concrete(node, filler, call)
            self.problems += filler.problems
            if len(self.problems) > before:
                break
            used |= filler.used
            if case is not None:
                case_id = f"{suite}/{title}{axes.suffix(values)}"
                self.cases.append(
                    msgspec.structs.replace(case, id=case_id, tags=tags, why=why, spec=spec)
                )
        else:
            for axis in (combinations[0] if combinations else {}).keys() - used:
                self.problem(given or node, f"the axis `{axis}` is not used", f"${{{axis}}}")

    def _concrete(self, node: Mapping, filler: Filler, call: str) -> Case | None:
        before = len(self.problems)
        f, name = node.entries["f"], node.entries["name"]
        assert isinstance(f, Scalar)  # noqa: S101  _text looked at it
        assert isinstance(name, Scalar)  # noqa: S101  the same
        filler.splice(name)
        arguments = self._inputs(node, filler)
        names = tuple(arguments)
        source, tree = self._function(f, filler)
        if tree is not None and len(tree.parameters) != len(names):
            self.problem(
                f, f"the function takes {len(tree.parameters)} inputs, the case has {len(names)}",
                "inputs are given in the order of the parameters",
            )  # fmt: skip
        given = node.entries.get("dy")
        dy = None
        if given is not None and call in {"value", "variableGrads"}:
            self.problem(node.keys["dy"], f"`dy` does not go with `call: {call}`")
        elif given is not None:
            dy = self._valid(lambda: inputs.argument(filler.fill(given)))
        wrt = self._valid(lambda: self._wrt(node, filler, arguments, call))
        stated = node.entries.get("expect")
        expect = Expectation()
        if stated is not None and wrt is not None:
            expect = self._valid(lambda: expectation(filler.fill(stated), wrt)) or expect
        if tree is None or wrt is None or len(self.problems) > before:
            return None
        return Case(
            id="",
            file=self.file,
            line=node.line,
            call=call,  # type: ignore[arg-type]  # one of CALLS
            f=Function(source=source, tree=tree),
            names=names,
            args=tuple(arg for arg in arguments.values() if arg is not None),
            wrt=wrt,
            dy=dy,
            expect=expect,
        )

    def _valid(self, make: Callable[[], T]) -> T | None:
        """What ``make`` makes, or None and one more problem."""
        try:
            return make()
        except Invalid as invalid:
            self.problem(invalid.node, invalid.message, invalid.hint)
            return None

    def _inputs(self, node: Mapping, filler: Filler) -> dict[str, Argument | None]:
        written = node.entries.get("inputs")
        if written is None:
            return {}
        filled = filler.fill(written)
        if not isinstance(filled, Mapping):
            self.problem(written, "`inputs` is a mapping of names", "inputs: {x: [1, 2]}")
            return {}
        return {
            name: self._valid(functools.partial(inputs.argument, item))
            for name, item in filled.entries.items()
        }

    def _function(self, f: Scalar, filler: Filler) -> tuple[str, Arrow | None]:
        spliced = filler.splice(f)
        source = spliced.text.strip()
        if filler.problems:
            return source, None
        if source in self._parsed:
            return source, self._parsed[source]
        try:
            self._parsed[source] = parser.parse(source, self.names)
        except LanguageErrors as errors:
            self._parsed[source] = None
            skipped = len(spliced.text) - len(spliced.text.lstrip())
            for error in errors.problems:
                line, column = self._place(f, spliced.written_at(error.offset + skipped))
                written = source.split("\n")[error.line - 1]
                message = f"{error.message}\n    {written}\n    {' ' * (error.column - 1)}^"
                self.problems.append(Problem(self.file, line, column, message, error.hint))
        return source, self._parsed[source]

    def _place(self, f: Scalar, offset: int) -> tuple[int, int]:
        before = f.text[:offset]
        line = before.count("\n")
        column = offset - (before.rfind("\n") + 1)
        if f.block:
            below = self.path.read_text("utf-8").splitlines()[f.line]
            return f.line + 1 + line, len(below) - len(below.lstrip()) + column + 1
        quote = 0 if f.plain else 1
        return f.line + line, (f.column + quote if line == 0 else 1) + column

    def _wrt(
        self, node: Mapping, filler: Filler, arguments: dict[str, Argument | None], call: str
    ) -> tuple[str, ...]:
        given = node.entries.get("wrt")
        if call == "value":
            if given is not None:
                raise Invalid(node.keys["wrt"], "`wrt` does not go with `call: value`")
            return ()
        if given is None:
            floats = tuple(
                name
                for name, given in arguments.items()
                if given is None or inputs.dtype_of(given) in _DIFFERENTIABLE
            )
            wrt = floats or tuple(arguments)
        else:
            filled = filler.fill(given)
            items = filled.items if isinstance(filled, Sequence) else (filled,)
            wrt = tuple(item.text if isinstance(item, Scalar) else "?" for item in items)
            for item, name in zip(items, wrt, strict=True):
                if name not in arguments:
                    hint = f"the inputs: {', '.join(arguments)}"
                    raise Invalid(item, f"no input `{name}`", hint)
            if len(set(wrt)) != len(wrt):
                raise Invalid(given, "an input stands twice in `wrt`")
        if call in SINGLE and len(wrt) != 1:
            raise Invalid(
                node.entries["name"], f"`{call}` takes the gradient for one input", "wrt: [x]"
            )
        return wrt

    def _check_fields(self, node: Mapping, allowed: tuple[str, ...], what: str) -> None:
        for field, key in node.keys.items():
            if field not in allowed:
                close = difflib.get_close_matches(field, allowed, 1)
                hint = f"did you mean `{close[0]}`?" if close else f"one of {', '.join(allowed)}"
                self.problem(key, f"unknown field `{field}` in {what}", hint)

    def _text(self, node: Mapping, field: str, *, required: bool = False) -> str | None:
        value = node.entries.get(field)
        if value is None:
            if required:
                self.problem(node, f"the field `{field}` is missing")
            return None
        if not isinstance(value, Scalar) or not value.text.strip():
            self.problem(value, f"`{field}` is a text")
            return None
        return " ".join(value.text.split()) if field in {"why", "name"} else value.text

    def _tags(self, node: Mapping) -> tuple[str, ...]:
        value = node.entries.get("tags")
        if value is None:
            return ()
        if not isinstance(value, Sequence) or not all(isinstance(i, Scalar) for i in value.items):
            self.problem(value, "`tags` is a list of words", "tags: [slow]")
            return ()
        return tuple(item.text for item in value.items if isinstance(item, Scalar))
