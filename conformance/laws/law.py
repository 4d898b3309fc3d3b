"""The laws by name, how they are written, and to which cases each applies."""

from __future__ import annotations

import difflib
import functools
import itertools
import re
from collections.abc import Callable
from typing import Literal, get_args

import msgspec

from conformance.protocol import Argument
from conformance.suite import arguments
from conformance.suite.case import Case, Expectation

Name = Literal[
    "repeatable", "value and gradients agree", "linear in dy", "gradients of a sum", "permuting",
    "batching", "broadcasting is tiling", "inputs unchanged",
]  # fmt: skip
NAMES: tuple[Name, ...] = get_args(Name)

FORMULAS: dict[Name, str] = {
    "repeatable": "the same request gives the same bits, at once and after all other cases",
    "value and gradients agree": "valueAndGrads, grads, value (and grad, valueAndGrad) give the"
    " same bits",
    "linear in dy": "g(d1 + d2) = g(d1) + g(d2), and g(2 d1) = 2 g(d1)",
    "gradients of a sum": "the gradients of sum(f) + h are those of f plus those of h, where h"
    " sums the squares of the inputs",
    "permuting": "f(P x) = P f(x), and the gradient for P x is P times the gradient for x, where P"
    " moves every slice one place on",
    "batching": "f of a batch is the batch of f of its parts",
    "broadcasting is tiling": "an operand tiled by hand gives the same value, and the gradient is"
    " the sum over its copies",
    "inputs unchanged": "inputs and dy are alive and have the same bits afterwards, and no tensor"
    " is left",
}
_WITH_SLICES = frozenset({"permuting", "batching"})
_WRITTEN = re.compile(
    r"(?P<name>.+?)(?: of (?P<of>\w+(?:(?:, | and )\w+)*))?(?: along (?P<along>\d+))?"
)
_NUMERIC = frozenset({"float32", "int32", "bool"})


class LawError(Exception):
    """A law that is none, or does not apply to its case: what is wrong, and how to mend it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Law(msgspec.Struct, frozen=True):
    """A law as a case states it.

    ``of`` are the inputs that are cut or permuted ``along`` an axis; none means all.
    """

    name: Name
    of: tuple[str, ...] = ()
    along: int = 0


@functools.cache
def parse(text: str) -> Law:
    """The law that a text names: ``repeatable``, ``batching of x``, ``permuting of x along 1``.

    Raises:
        LawError: there is none of this name, or it takes no inputs and no axis.
    """
    if text in FORMULAS:
        return Law(text)
    found = _WRITTEN.fullmatch(text)
    name = found["name"] if found else text
    if found is None or name not in FORMULAS:
        close = difflib.get_close_matches(name, NAMES, 1)
        hint = f"did you mean `{close[0]}`?" if close else f"the laws: {', '.join(NAMES)}"
        raise LawError(f"no law `{text}`", hint)
    if name not in _WITH_SLICES:
        raise LawError(f"the law `{name}` takes no inputs and no axis", f"write `{name}`")
    of = tuple(re.split(r", | and ", found["of"])) if found["of"] else ()
    return Law(name, of, int(found["along"] or 0))


def check(law: Law, case: Case) -> None:
    """Refuse a law that does not apply to a case.

    Raises:
        LawError: it does not.
    """
    if case.call == "minimize" and law.name != "repeatable":
        raise LawError(f"`{law.name}` does not go with `call: minimize`", "`repeatable` does")
    if case.expect.throws is not None:
        raise LawError("a case that throws has no laws", "remove `laws` or `throws`")
    if law.name in _CHECKS:
        _CHECKS[law.name](law, case)


def stated(law: Law, text: str, case: Case) -> Case:
    """The case of a law: what is expected of the case itself is none of its business.

    It has the call and the dy that the law is about. Its id has the law as its last axis.
    """
    name = f"law={text}"
    case_id = f"{case.id[:-1]},{name}]" if case.id.endswith("]") else f"{case.id}[{name}]"
    expect = Expectation(leaks=case.expect.leaks)
    found = msgspec.structs.replace(case, id=case_id, law=text, expect=expect)
    match law.name:
        case "value and gradients agree":
            return msgspec.structs.replace(found, call="valueAndGrads")
        case "gradients of a sum":
            return msgspec.structs.replace(found, dy=None)
        case _:
            return found


def sliced(law: Law, case: Case) -> tuple[str, ...]:
    """The inputs that a law cuts or permutes."""
    return law.of or case.names


def broadcast(shapes: list[tuple[int, ...]]) -> tuple[int, ...] | None:
    """The shape that these broadcast to, or None where they do not."""
    sizes = []
    for lengths in itertools.zip_longest(*(reversed(shape) for shape in shapes), fillvalue=1):
        others = {length for length in lengths if length != 1}
        if len(others) > 1:
            return None
        sizes.append(others.pop() if others else 1)
    return tuple(reversed(sizes))


def _check_inputs(law: Law, case: Case) -> None:
    if not case.args:
        raise LawError(f"`{law.name}` needs an input", "give the function one")


def _check_calls(law: Law, case: Case) -> None:
    if case.call in {"value", "variableGrads"}:
        raise LawError(f"`{law.name}` does not go with `call: {case.call}`", "leave `call` away")


def _check_dy(law: Law, case: Case) -> None:
    if case.dy is None:
        raise LawError(f"`{law.name}` needs a dy", "dy: {shape: …, uniform: …, seed: …}")
    _numeric("dy", case.dy, {"float32"})


def _check_sum(law: Law, case: Case) -> None:
    if case.call == "value":
        raise LawError(f"`{law.name}` does not go with `call: value`", "leave `call` away")
    for name in case.wrt:
        _numeric(name, _named(case, name), {"float32"})


def _check_slices(law: Law, case: Case) -> None:
    for name in law.of:
        if name not in case.names:
            raise LawError(f"no input `{name}`", f"the inputs: {', '.join(case.names) or 'none'}")
    found = {}
    for name in sliced(law, case):
        given = _named(case, name)
        _numeric(name, given, _NUMERIC)
        shape = arguments.shape(given)
        if len(shape) <= law.along:
            raise LawError(
                f"`{law.name}` along {law.along} needs that axis, and {name} has the shape"
                f" {list(shape)}",
                "name the inputs that have it: `of x`",
            )
        found[name] = shape[law.along]
    if len(set(found.values())) > 1:
        shown = ", ".join(f"{name} has {length}" for name, length in found.items())
        raise LawError(
            f"`{law.name}` needs one length along {law.along}: {shown}",
            "name the inputs that go together: `of x`",
        )
    if not found or min(found.values()) < 2:  # noqa: PLR2004  one slice has no other to trade with
        raise LawError(
            f"`{law.name}` needs an input with at least 2 slices along {law.along}",
            "make it longer",
        )


def _check_broadcast(_: Law, case: Case) -> None:
    shapes = [arguments.shape(given) for given in case.args]
    for name, given in zip(case.names, case.args, strict=True):
        _numeric(name, given, _NUMERIC)
    whole = broadcast(shapes)
    if whole is None:
        shown = " and ".join(str(list(shape)) for shape in shapes)
        raise LawError(f"the shapes {shown} do not broadcast", "give shapes that do")
    if all(shape == whole for shape in shapes):
        raise LawError("no input is broadcast here", "give the inputs different shapes")


def _named(case: Case, name: str) -> Argument:
    return case.args[case.names.index(name)]


def _numeric(name: str, given: Argument, allowed: set[str] | frozenset[str]) -> None:
    dtype = arguments.dtype(given)
    if dtype not in allowed:
        raise LawError(
            f"{name} has the dtype {dtype}, and the law is about {' or '.join(sorted(allowed))}",
            "leave the law away, or give the input another dtype",
        )


_CHECKS: dict[Name, Callable[[Law, Case], None]] = {
    "value and gradients agree": _check_calls,
    "linear in dy": _check_dy,
    "gradients of a sum": _check_sum,
    "permuting": _check_slices,
    "batching": _check_slices,
    "broadcasting is tiling": _check_broadcast,
    "inputs unchanged": _check_inputs,
}
