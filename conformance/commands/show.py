"""``show``: one case on all sides, element by element; or as a program of its own."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from conformance import bundle, results
from conformance.commands.run import (
    exit_code,
    load_expectations,
    oracle,
    parse_addresses,
    parse_policy,
    stored_answers,
)
from conformance.commands.select import Selection
from conformance.implementations.options import Options
from conformance.language.names import shipped
from conformance.plan import Plan
from conformance.problems import UsageError
from conformance.report.console import console
from conformance.results import Results
from conformance.run import Interrupted, execute
from conformance.suite.case import Case
from conformance.suite.load import load
from conformance.suite.select import glob

MOST_NAMED = 10


def show(defaults: Sequence[str], **options: Any) -> int:
    """Run the one case that is asked for and print it; the exit code of that run.

    Raises:
        DiagnosticError: anything is wrong with the words, the files or the surroundings.
    """
    root: Path = options["cases"] or bundle.cases()
    known = load([root], shipped())
    case = the_case(known, options["case"])
    if options["form"] is not None:
        from conformance.report import repro  # noqa: PLC0415

        wasm = "tfjs:wasm" in options["addresses"]
        click.echo(repro.program(case, options["form"], "wasm" if wasm else "cpu"), nl=False)
        return 0
    with tempfile.TemporaryDirectory(prefix="tfjs-conformance-") as folder:
        plan = _plan(case, Selection(known, [case], [case], [root]), defaults, options,
                     Path(folder) / "results.ndjson")  # fmt: skip
        with stored_answers(plan, options, console(stderr=True)) as goldens:
            try:
                footer = execute(plan, lambda _settled: None, goldens=goldens)
            except Interrupted as interrupted:
                return 128 + interrupted.number
        found = results.read(plan.path)
    code = exit_code(footer)
    if options["as_json"]:
        click.echo(msgspec.json.encode(_summary(found, code)).decode())
    else:
        from conformance.report import one_case  # noqa: PLC0415

        one_case.show(found, console())
    return code


def the_case(known: Sequence[Case], text: str) -> Case:
    """The one case that an id or a pattern means.

    Raises:
        UsageError: there is none, or several.
    """
    exact = [case for case in known if case.id == text]
    found = exact or [case for case in known if glob(text).fullmatch(case.id)]
    if len(found) == 1:
        return found[0]
    if not found:
        close = difflib.get_close_matches(text, [case.id for case in known], MOST_NAMED // 2, 0.6)
        parts = [case.id for case in known if text.lower() in case.id.lower()]
        named = "".join(f"\n  {case_id}" for case_id in (close or parts)[:MOST_NAMED])
        hint = f"did you mean{named}" if named else "`tfjs-conformance list` prints all ids"
        raise UsageError(f"no case matches `{text}`", hint)
    named = "".join(f"\n  {case.id}" for case in found[:MOST_NAMED])
    more = f"\n  … and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    raise UsageError(
        f"{len(found)} cases match `{text}`, and one can be shown", f"name one of{named}{more}"
    )


def _plan(
    case: Case, selection: Selection, defaults: Sequence[str], options: dict[str, Any], path: Path
) -> Plan:
    file, entries, causes = load_expectations(selection, None)
    rule = parse_policy(options["policy"])
    implementations = parse_addresses(options["addresses"], defaults, options["node"])
    return Plan(
        cases=[case],
        known=[one.id for one in selection.known],
        cases_hash=results.cases_hash([case]),
        implementations=implementations,
        policy=rule,
        oracle=oracle(rule, implementations, without=options["no_oracle"]),
        certify=options["certify"],
        # The others are about cases that are not here; `run` holds them to account.
        entries=[entry for entry in entries if glob(entry.cases).fullmatch(case.id)],
        expectations_file=file,
        causes=causes,
        options=Options(case_timeout=options["timeout"], explain=True),
        path=path,
    )


def _summary(found: Results, code: int) -> dict[str, Any]:
    from conformance.report import one_case, sentences  # noqa: PLC0415

    settled = found.settled[0]
    _, explanation = one_case.explained(found)
    started = found.header.implementations
    return {
        "case": settled.case,
        "implementations": found.header.implementations,
        "outcomes": settled.outcomes,
        "oracle": settled.oracle,
        "verdicts": settled.verdicts,
        "sentences": {
            one.implementation: ": ".join(
                part
                for part in (
                    sentences.head(one),
                    sentences.rest(one, explanation, started[one.implementation]),
                )
                if part
            )
            for one in settled.verdicts
        },
        "explanation": explanation,
        "faults": found.footer.faults,
        "expectations": found.footer.expectations,
        "exit_code": code,
    }
