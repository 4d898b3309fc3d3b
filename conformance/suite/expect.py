"""``expect:`` of a case file, as an ``Expectation``."""

from __future__ import annotations

import difflib
import math
from typing import get_args

from conformance.protocol import Phase
from conformance.suite import inputs, numbers
from conformance.suite.case import (
    Decimals,
    Exact,
    Expectation,
    Expected,
    Missing,
    PrintedTexts,
    Throws,
)
from conformance.suite.inputs import Invalid
from conformance.suite.nodes import Mapping, Node, Scalar

FIELDS = ("value", "grads", "variables", "throws", "printed", "either", "leaks")
_ALTERNATIVE = frozenset({"value", "grads", "variables", "throws", "printed"})
_PHASES = get_args(Phase)


def expectation(
    node: Node, wrt: tuple[str, ...], call: str = "valueAndGrads", *, nested: bool = False
) -> Expectation:
    """What a case states; ``wrt`` are the inputs that have gradients or are trained.

    Raises:
        Invalid: an unknown field, a gradient of something that has none, a ragged list.
    """
    allowed = tuple(f for f in FIELDS if not nested or f in _ALTERNATIVE)
    given = _fields(node, allowed, "an expectation")
    entries = given.entries
    absent, instead = ("grads", "variables") if call == "minimize" else ("variables", "grads")
    if absent in entries:
        message = f"`{absent}` does not go with `call: {call}`"
        raise Invalid(given.keys[absent], message, f"it gives `{instead}`")
    either: tuple[Expectation, ...] = ()
    if "either" in entries:
        alternatives = entries["either"]
        if isinstance(alternatives, Scalar | Mapping) or not alternatives.items:
            raise Invalid(alternatives, "`either` is a list of expectations")
        either = tuple(expectation(item, wrt, call, nested=True) for item in alternatives.items)
    found = Expectation(
        value=expected(entries["value"]) if "value" in entries else None,
        grads=_grads(entries["grads"], wrt) if "grads" in entries else {},
        variables=_variables(entries["variables"], wrt) if "variables" in entries else {},
        throws=_throws(entries["throws"]) if "throws" in entries else None,
        printed=_printed(entries["printed"], wrt) if "printed" in entries else None,
        either=either,
        leaks=inputs.integer(entries["leaks"], 0, 1000, "leaks") if "leaks" in entries else 0,
    )
    results = found.value or found.grads or found.variables or found.printed
    if found.throws and (results or found.either):
        raise Invalid(node, "what throws returns nothing: remove `throws` or the rest",
                      "alternatives go into `either`")  # fmt: skip
    return found


def expected(node: Node) -> Expected:
    """One expected tensor: nested decimals, {shape, values}, {shape, fill}, {bits} or none.

    Raises:
        Invalid: it is none of these.
    """
    if isinstance(node, Mapping):
        if "bits" in node.entries:
            given = inputs.argument(node).tensor()
            if given is None:
                raise Invalid(node, "bits without data")
            return Exact(given)
        fields = _fields(node, ("shape", "values", "fill"), "an expected tensor").entries
        if ("values" in fields) == ("fill" in fields):
            raise Invalid(node, "an expected tensor has either `values` or `fill`")
        if "fill" in fields:
            if "shape" not in fields:
                raise Invalid(node, "`fill` needs a `shape`")
            shape = inputs.shape(fields["shape"])
            return Decimals(shape, (_item(fields["fill"]),) * math.prod(shape))
        values = fields["values"]
        shape = inputs.shape_of(values)
        if "shape" in fields:
            shape = inputs.shape(fields["shape"])
        items = _items(values)
        if math.prod(shape) != len(items):
            raise Invalid(values, f"{len(items)} values for shape {list(shape)}")
        return Decimals(shape, items)
    if isinstance(node, Scalar) and node.plain and node.text == "none":
        return Missing()
    return Decimals(inputs.shape_of(node), _items(node))


def _items(node: Node) -> tuple[str, ...]:
    if isinstance(node, Scalar):
        return (_item(node),)
    if isinstance(node, Mapping):
        raise Invalid(node, "a list is expected here")
    return tuple(item for child in node.items for item in _items(child))


def _item(node: Node) -> str:
    if not isinstance(node, Scalar):
        raise Invalid(node, "a number is expected here")
    if not node.plain or node.text in {"true", "false"}:
        return node.text
    name = numbers.spelling(inputs.number(node))
    return name if name in {"NaN", "Infinity", "-Infinity"} else node.text


def _grads(node: Node, wrt: tuple[str, ...]) -> dict[str, Expected]:
    if not isinstance(node, Mapping):
        raise Invalid(node, "`grads` names the inputs", "grads: {x: [1, 1]}")
    for name, key in node.keys.items():
        if name not in wrt:
            close = difflib.get_close_matches(name, wrt, 1)
            known = ", ".join(wrt) or "none"
            hint = f"did you mean `{close[0]}`?" if close else f"gradients are taken for: {known}"
            raise Invalid(key, f"no gradient is taken for `{name}`", hint)
    return {name: expected(value) for name, value in node.entries.items()}


def _variables(node: Node, wrt: tuple[str, ...]) -> dict[str, Expected]:
    named = _fields(node, wrt, "the trained variables")
    found = {name: expected(value) for name, value in named.entries.items()}
    for name, part in found.items():
        if isinstance(part, Missing):
            raise Invalid(named.entries[name], "a variable always has a value")
    return found


def _throws(node: Node) -> Throws:
    if isinstance(node, Scalar) and node.text == "true":
        return Throws()
    fields = _fields(node, ("phase", "message"), "`throws`").entries
    phase = fields.get("phase")
    if phase is not None and (not isinstance(phase, Scalar) or phase.text not in _PHASES):
        raise Invalid(phase, "no phase of a case", f"one of {', '.join(_PHASES)}")
    message = _text(fields["message"]) if "message" in fields else None
    text = phase.text if isinstance(phase, Scalar) else None
    return Throws(phase=text, message=message)  # type: ignore[arg-type]  # checked above


def _printed(node: Node, wrt: tuple[str, ...]) -> PrintedTexts:
    fields = _fields(node, ("value", "grads"), "`printed`").entries
    grads: dict[str, str] = {}
    if "grads" in fields:
        named = _fields(fields["grads"], wrt, "the printed gradients")
        grads = {name: _text(text) for name, text in named.entries.items()}
    return PrintedTexts(value=_text(fields["value"]) if "value" in fields else None, grads=grads)


def _text(node: Node) -> str:
    if not isinstance(node, Scalar):
        raise Invalid(node, "a text is expected here")
    return node.text.removesuffix("\n") if node.block else node.text


def _fields(node: Node, allowed: tuple[str, ...], what: str) -> Mapping:
    if not isinstance(node, Mapping):
        raise Invalid(node, f"{what} is a mapping", f"of {', '.join(allowed)}")
    for field, key in node.keys.items():
        if field not in allowed:
            close = difflib.get_close_matches(field, allowed, 1)
            hint = f"did you mean `{close[0]}`?" if close else f"one of {', '.join(allowed)}"
            raise Invalid(key, f"unknown field `{field}` in {what}", hint)
    return node
