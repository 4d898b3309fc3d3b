"""``unmodelled.yaml``: the functions of tf.js without an exact model; strict, as the expectations.

    - {function: tf.randomNormal, kind: random, because: …}
    - {function: tf.dropout, kind: random, partly: with a rate above 0, because: …}

Without ``partly`` the oracle has no answer to any case that names the function. A function that
misses here, one that the oracle does know, and a case that it is unsure of are errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

import msgspec

from conformance.ledger.naming import asked, named
from conformance.ledger.registry import Registry
from conformance.outcomes import Outcome
from conformance.problems import InvalidFiles, Problem
from conformance.results import Settled, oracle_of
from conformance.suite import nodes
from conformance.suite.nodes import Mapping, Node, Scalar
from conformance.suite.nodes import Sequence as Items

FILE = "unmodelled.yaml"
UNSURE = "unsure"
"""How an oracle's reason begins where it knows all functions of a case, and yet no answer."""

Kind = Literal["random", "strings"]
"""Why there can be no exact number: it is drawn, or there is none."""

FIELDS = ("function", "kind", "partly", "because")


class Unmodelled(msgspec.Struct, frozen=True):
    """One entry: a function, why it has no exact model, and when, if it has one otherwise."""

    function: str
    kind: Kind
    because: str
    line: int
    partly: str | None = None


class Unanswered(msgspec.Struct, frozen=True):
    """A case without an answer of the oracle, the functions that it names, and the reason."""

    case: str
    functions: frozenset[str]
    why: str


class Models(msgspec.Struct, frozen=True):
    """The functions of all cases that the oracle answered, and the cases that it did not."""

    answered: frozenset[str] = frozenset()
    unanswered: tuple[Unanswered, ...] = ()


def models(items: Iterable[Settled], registry: Registry) -> Models:
    """What the oracle answered; cases that it was not asked say nothing."""
    answered: set[str] = set()
    unanswered = []
    for item in items:
        outcome = oracle_of(item)
        if outcome is None:
            continue
        calls = named(item.case.f.tree) | asked(item.case)
        functions = frozenset(registry.function(call) for call in calls)
        if outcome.returned is not None or outcome.threw is not None:
            answered |= functions
        else:
            unanswered.append(Unanswered(item.case.id, functions, _why(outcome)))
    return Models(frozenset(answered), tuple(unanswered))


def _why(outcome: Outcome) -> str:
    late = f"no answer in {outcome.timed_out} seconds" if outcome.timed_out else "not run"
    return outcome.unsupported or outcome.crashed or outcome.not_run or late


def mistakes(found: Models, entries: Sequence[Unmodelled], file: str) -> Iterator[tuple[str, str]]:
    """What is wrong with the list: what it is about, and the sentence that says so."""
    listed = {entry.function for entry in entries}
    missing: dict[str, str] = {}
    for one in found.unanswered:
        if one.why.startswith(UNSURE):
            yield one.case, f"the oracle has no answer to {one.case}: {one.why}"
        elif unknown := one.functions - found.answered - listed:
            missing |= dict.fromkeys(unknown - missing.keys(), one.case)
        elif not one.functions & listed:
            message = f"{one.case} has no exact answer, and none of its functions is in {file}"
            yield one.case, f"{message}: {one.why}"
    for function, case in sorted(missing.items()):
        message = f"{function} has no exact answer in any case, such as {case}"
        yield function, f"{message}: list it in {file}"
    for entry in entries:
        if (wrong := _wrong(entry, found)) is not None:
            yield entry.function, f"{file}:{entry.line}: {entry.function} {wrong}"


def _wrong(entry: Unmodelled, found: Models) -> str | None:
    without = any(
        entry.function in one.functions and not one.why.startswith(UNSURE)
        for one in found.unanswered
    )
    if not without:
        return "has an exact answer in all cases: remove the entry"
    if entry.function in found.answered and entry.partly is None:
        return "has an exact answer in some cases: say when not, as `partly`"
    if entry.function not in found.answered and entry.partly is not None:
        return "has no exact answer in any case: remove `partly`"
    return None


def load(path: Path, name: str) -> list[Unmodelled]:
    """The entries of a file; none where there is no file. ``name`` is how problems call it.

    Raises:
        InvalidFiles: anything is wrong with the file.
    """
    if not path.exists():
        return []
    root, problems = nodes.read(path, name)
    if root is not None and not isinstance(root, Items):
        problems.append(Problem(name, root.line, root.column, "a list of entries is expected"))

    def problem(at: Node, message: str, hint: str | None = None) -> None:
        problems.append(Problem(name, at.line, at.column, message, hint))

    items = root.items if isinstance(root, Items) else ()
    entries = [_entry(item, problem) for item in items]
    if problems:
        raise InvalidFiles(problems)
    return [entry for entry in entries if entry is not None]


def _entry(node: Node, problem: Callable[..., None]) -> Unmodelled | None:
    if not isinstance(node, Mapping):
        problem(node, "an entry is a mapping", f"of {', '.join(FIELDS)}")
        return None
    texts: dict[str, str] = {}
    for field, value in node.entries.items():
        if field not in FIELDS:
            problem(node.keys[field], f"unknown field `{field}`", f"one of {', '.join(FIELDS)}")
            return None
        if not isinstance(value, Scalar) or not value.text.strip():
            problem(value, f"`{field}` is a text")
            return None
        texts[field] = " ".join(value.text.split())
    for field in sorted({"function", "kind", "because"} - texts.keys()):
        problem(node, f"the field `{field}` is missing")
        return None
    if texts["kind"] not in get_args(Kind):
        hint = f"one of {', '.join(get_args(Kind))}: all other functions have a model"
        problem(node.entries["kind"], f"`{texts['kind']}` is no kind", hint)
        return None
    return msgspec.convert({**texts, "line": node.line}, Unmodelled)
