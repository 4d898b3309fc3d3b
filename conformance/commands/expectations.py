"""``expectations``: hold the known divergences against a run, and make the edits."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from conformance import bundle, causes, expectations, results
from conformance.commands import views
from conformance.commands.select import EXPECTATIONS
from conformance.expectation_edits import apply
from conformance.expectations import Matcher
from conformance.language.names import shipped
from conformance.outcomes import Verdict
from conformance.problems import UsageError
from conformance.run import describe_cause, describe_edit
from conformance.suite.load import load


def update(path: Path, given: Path | None, *, write: bool) -> int:
    """Print, or make, the edits that a run asks for; 1 where edits or explanations are missing.

    Entries for unexpected verdicts are only suggested: an explanation cannot be generated.

    Raises:
        InvalidResults: the results cannot be trusted.
        InvalidFiles: the expectations file or a case file beside it is wrong.
        UsageError: there is no expectations file, or no case file beside it.
    """
    file = given or bundle.cases() / EXPECTATIONS
    if not file.is_file():
        raise UsageError(f"no such file: {file}", "name it with --file")
    entries = expectations.load(file, str(file))
    found = results.read(path)
    if found.footer.interrupted:
        raise UsageError(f"{path} was interrupted", "finish it with `run --resume`")
    beside = causes.beside(file)
    matcher = Matcher(entries, causes.load(beside, str(beside)))
    left = [verdict for verdict in map(matcher.explain, found.verdicts()) if not verdict.expected]
    # What the cases are now says what an entry is about; a run of a part of them says nothing of
    # the others.
    known = [case.id for case in load([file.parent], shipped())]
    ran = {item.case.id for item in found.settled}
    addresses = list(found.header.implementations)
    edits = matcher.edits(known, ran, addresses, whole=True)
    for edit in edits:
        click.echo(describe_edit(edit, str(file)))
    stale = matcher.stale_causes(known, ran, addresses)
    for cause, message in stale:
        click.echo(describe_cause(cause, message, str(beside)))
    old = file.read_bytes().decode("utf-8-sig")
    new = apply(old, edits, entries, str(file))
    if new != old:
        click.echo("".join(_diff(old, new, str(file))), nl=False)
        if write:
            views.write(file, new)
            click.echo(f"{file} is updated")
    reason = "cause" if matcher.causes.by_id else "because"
    for verdict in left:
        click.echo(_suggestion(verdict, reason))
    click.echo(
        f"{len(edits)} edits, {len(stale)} causes that do not hold,"
        f" {len(left)} verdicts without an explanation"
    )
    unmade = edits if not write else [edit for edit in edits if edit.count is None]
    return 1 if unmade or stale or left else 0


def _diff(old: str, new: str, name: str) -> list[str]:
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    return list(difflib.unified_diff(before, after, name, name))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _suggestion(verdict: Verdict, reason: str) -> str:
    kind = f"  class: {verdict.kind}\n" if verdict.kind else ""
    return (
        f"not explained: {verdict.why}\n- cases: {_quoted(verdict.case)}\n"
        f"  implementation: {_quoted(verdict.implementation)}\n"
        f"  verdict: {verdict.verdict}\n{kind}"
        f"  count: 1\n  {reason}: …"
    )
