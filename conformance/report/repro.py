"""A case as a program of its own, to paste into a bug report: for Node, for a page, for Python.

Each program prints the value and every gradient, or trained variable, one element a line: index,
shortest float32 decimal, bits. Inputs are written as decimals where decimals say all, and as bits
where they do not: NaN, -0 and subnormal numbers.
"""

from __future__ import annotations

import keyword
import re
import textwrap
from collections.abc import Sequence
from typing import Literal

from conformance.suite.case import Case

Form = Literal["js", "html", "python"]

_WIDTH = 96
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What the programs call their own things, and what JavaScript keeps for itself.
_TAKEN = frozenset({
    "tf", "f", "dy", "value", "grads", "grad", "main", "show", "say", "bits", "decimal", "text",
    "os", "numpy", "tensorflow", "settings", "gradients", "optimizers", "optimizer", "step",
    "request", "tensor", "print", "json", "try", "await",
    "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete",
    "do", "else", "enum", "eval", "export", "extends", "finally", "for", "function", "if",
    "implements", "import", "in", "instanceof", "interface", "let", "new", "null", "package",
    "private", "protected", "public", "return", "static", "super", "switch", "this", "throw",
    "true", "false", "typeof", "undefined", "var", "void", "while", "with", "yield", "async",
    "arguments", "NaN", "Infinity", "Number", "Object", "Math", "Array", "String", "document",
    "require", "module", "Float32Array", "Uint32Array",
})  # fmt: skip
_EXPONENT, _FRACTION = 0x7F80_0000, 0x007F_FFFF


def program(case: Case, form: Form, backend: str = "cpu") -> str:
    """The text of a stand-alone program that runs the case.

    Args:
        case: what to run.
        form: ``js`` for Node, ``html`` for a page, ``python`` for TensorFlow.
        backend: the backend of tf.js, ``cpu`` or ``wasm``; Python has no use for it.
    """
    from conformance.report import repro_javascript, repro_python  # noqa: PLC0415

    match form:
        case "js":
            return repro_javascript.node(case, backend)
        case "html":
            return repro_javascript.page(case, backend)
        case "python":
            return repro_python.script(case)


def requests(case: Case) -> dict[str, Case]:
    """The further requests of a case with a law, by name; a program makes them all."""
    if case.law is None:
        return {}
    from conformance.laws.requests import variants  # noqa: PLC0415

    return variants(case)


def snippet(case: Case) -> str:
    """The lines of JavaScript that make the inputs and call the function, to be read in a text."""
    from conformance.report import repro_javascript  # noqa: PLC0415

    return "\n".join(repro_javascript.snippet(case))


def variables(case: Case) -> dict[str, str]:
    """The name in a program for each input: its own where JavaScript and Python allow it."""
    found: dict[str, str] = {}
    for number, name in enumerate(case.names):
        usable = _IDENTIFIER.fullmatch(name) and not keyword.iskeyword(name) and name not in _TAKEN
        wish = name if usable else f"input{number}"
        while wish in found.values() or (wish != name and wish in case.names):
            wish += "_"
        found[name] = wish
    return found


def listed(items: Sequence[str]) -> str:
    """``[a, b, …]``, over several lines where it is long."""
    flat = f"[{', '.join(items)}]"
    if len(flat) <= _WIDTH:
        return flat
    lines = textwrap.wrap(
        ", ".join(items), _WIDTH - 4, break_long_words=False, break_on_hyphens=False
    )
    return "[\n" + textwrap.indent("\n".join(lines), "    ") + ",\n]"


def decimals(words: Sequence[int]) -> list[str] | None:
    """The float32 numbers of these bits as decimals that say all, or None where bits are needed."""
    import numpy as np  # noqa: PLC0415  only numbers that were generated need it

    bits = np.array(words, np.uint32)
    numbers = bits.view(np.float32)
    fraction, exponent = bits & _FRACTION, bits & _EXPONENT
    if (((exponent == 0) & (bits != 0)) | ((exponent == _EXPONENT) & (fraction != 0))).any():
        return None
    texts = [str(number) for number in numbers]
    if (np.array(texts, np.float64).astype(np.float32).view(np.uint32) != bits).any():
        return None
    return [text.removesuffix(".0") for text in texts]
