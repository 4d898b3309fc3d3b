"""JSON Schemas of the protocol and of results files, generated from the structs.

``python -m conformance.schemas`` writes them to ``docs/schemas``. The schema of case files is
written by hand: ``conformance/suite/case.schema.json``.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from conformance.outcomes import Outcome, Verdict
from conformance.protocol import Answer, Run, Start, Stop
from conformance.results import Footer, Header
from conformance.suite.case import Case

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "schemas"
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_ANSWERS = ("started", "returned", "threw", "unsupported")


def protocol() -> dict[str, Any]:
    """The schema of one line of the protocol, in either direction."""
    refs, components = _components((Start, Run, Stop, Answer))
    # What `protocol.what` checks beyond the struct.
    components["Answer"]["oneOf"] = [{"required": [field]} for field in _ANSWERS]
    return {
        "$schema": _DRAFT,
        "title": "Protocol of tfjs-conformance",
        "description": "One line: Start, Run and Stop go to the implementation, Answer comes back.",
        "anyOf": refs,
        "$defs": components,
    }


def results() -> dict[str, Any]:
    """The schema of one line of ``results.ndjson``."""
    kinds = {"header": Header, "case": Case, "outcome": Outcome, "verdict": Verdict,
             "footer": Footer}  # fmt: skip
    refs, components = _components(tuple(kinds.values()))
    lines = [
        {
            "type": "object",
            "properties": {kind: ref},
            "required": [kind],
            "additionalProperties": False,
        }
        for kind, ref in zip(kinds, refs, strict=True)
    ]
    return {
        "$schema": _DRAFT,
        "title": "Results of tfjs-conformance",
        "description": "One line: header first, then case, outcomes and verdicts, footer last.",
        "oneOf": lines,
        "$defs": components,
    }


def texts() -> dict[str, str]:
    """The generated files by name."""
    schemas = {"protocol": protocol(), "results": results()}
    return {
        f"{name}.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas.items()
    }


def write(folder: Path = FOLDER) -> None:
    """Write the generated files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (folder / name).write_text(text, "utf-8")


def _components(types: Sequence[type]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    found = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    refs: list[dict[str, Any]] = list(found[0])
    components = dict(found[1])
    for component in components.values():
        # msgspec takes docstrings as they stand, indented.
        component["description"] = inspect.cleandoc(component["description"])
    return refs, components


if __name__ == "__main__":
    write()
