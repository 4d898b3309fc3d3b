"""``divergences``: the known divergences of a run, one entry per root cause."""

from __future__ import annotations

import difflib
import io
import sys
from pathlib import Path

import click
import msgspec

from conformance import bundle, causes, divergences, expectations, results
from conformance.causes import Causes
from conformance.commands import views
from conformance.commands.select import EXPECTATIONS
from conformance.divergences import Divergence
from conformance.problems import UsageError
from conformance.report import divergences as report
from conformance.report.console import console

_HOW = (
    "make one: `tfjs-conformance run --results run.ndjson`, "
    "then `tfjs-conformance divergences run.ndjson`"
)


def show(
    path: Path | None, given: Path | None, cause: str | None, output: Path | None, *, as_json: bool
) -> int:
    """Print the divergences of a results file: for people on a terminal, else as markdown.

    1 where a cause says that somebody else is wrong than the oracle does.

    Raises:
        InvalidResults: the results cannot be trusted.
        InvalidFiles: the expectations or the causes are wrong.
        UsageError: there is no results file, no such cause, or nothing with a cause in the run.
    """
    if path is None:
        raise UsageError("divergences are read from the results of a run", _HOW)
    file = given or bundle.cases() / EXPECTATIONS
    if not file.is_file():
        raise UsageError(f"no such file: {file}", "name it with --expectations")
    beside = causes.beside(file)
    known = causes.load(beside, str(beside))
    found = results.read(path)
    shown = divergences.collect(found, expectations.load(file, str(file)), known)
    if cause is not None:
        shown = [_one(cause, shown, known)]
    elif not shown:
        raise UsageError(f"nothing in {path} has a cause in {beside}", _HOW)
    if as_json:
        text = msgspec.json.encode(shown).decode() + "\n"
    elif sys.stdout.isatty() and output is None:
        report.show(shown, console())
        return _disagreements(shown, known)
    elif cause is not None and output is None:
        buffer = io.StringIO()
        report.show(shown, console(buffer))
        text = buffer.getvalue()
    else:
        text = report.markdown(found, shown)
    if output is None:
        click.echo(text, nl=False)
    else:
        views.write(output, text)
    return _disagreements(shown, known)


def _disagreements(shown: list[Divergence], known: Causes) -> int:
    wrong = [one for one in shown if one.disagreement is not None]
    for one in wrong:
        cause = one.cause
        place = f"{known.file}:{cause.line}"
        message = f"{place}: `{cause.id}` says `wrong: {cause.wrong}`, but on `{cause.minimal}`"
        click.echo(f"{message} {one.disagreement}", err=True)
    return 1 if wrong else 0


def _one(cause: str, shown: list[Divergence], known: Causes) -> Divergence:
    for one in shown:
        if one.cause.id == cause:
            return one
    if cause in known.by_id:
        raise UsageError(f"nothing in this run has the cause `{cause}`", "run all cases")
    close = difflib.get_close_matches(cause, known.by_id, 1)
    hint = f"did you mean `{close[0]}`?" if close else f"{known.file} has them all"
    raise UsageError(f"there is no cause `{cause}`", hint)
