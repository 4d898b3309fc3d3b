"""Views of results files: ``report``, ``merge``, ``diff``."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from conformance import results, shards
from conformance.outcomes import Verdict
from conformance.problems import HarnessError
from conformance.report import terminal
from conformance.report.console import console, literal
from conformance.results import Results


def render(found: Results, form: str) -> str:
    """A report as text: ``markdown`` or ``junit``."""
    if form == "markdown":
        from conformance.report import markdown  # noqa: PLC0415

        return markdown.render(found)
    from conformance.report import junit  # noqa: PLC0415

    return junit.render(found)


def write(path: Path, text: str) -> None:
    """Write a report.

    Raises:
        HarnessError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise HarnessError(f"{path} cannot be written: {os.strerror(error.errno or 0)}") from None


def report(files: Sequence[Path], form: str, output: Path | None, *, known: bool) -> None:
    """Print the report of each file, or write it."""
    texts: list[str] = []
    for file in files:
        found = results.read(file)
        if form == "terminal":
            if output is None:
                terminal.show(found, console(), known=known)
                continue
            text = io.StringIO()
            terminal.show(found, console(text), known=known)
            texts.append(text.getvalue())
        else:
            texts.append(render(found, form))
    if output is not None:
        write(output, "\n".join(texts))
    else:
        click.echo("\n".join(texts), nl=False)


def merge(files: Sequence[Path], output: Path) -> None:
    """Make one file of shards and print its sum."""
    click.echo(terminal.summary(shards.merge(files, output)))


class Flip(msgspec.Struct, frozen=True):
    """A verdict that is another one now."""

    case: str
    implementation: str
    before: str
    after: str
    why: str

    @property
    def is_worse(self) -> bool:
        """Whether a pass was lost."""
        return self.before == "pass"


def diff(old: Path, new: Path, *, as_json: bool) -> int:
    """Print what changed between two runs; 1 where something got worse."""
    before = {(v.case, v.implementation): v for v in results.read(old).verdicts()}
    after = {(v.case, v.implementation): v for v in results.read(new).verdicts()}
    flips = [
        _flip(before[key], after[key])
        for key in after
        if key in before
        and (before[key].verdict, before[key].kind) != (after[key].verdict, after[key].kind)
    ]
    gone = [key for key in before if key not in after]
    added = [key for key in after if key not in before]
    worse = [flip for flip in flips if flip.is_worse]
    fresh = [key for key in added if not after[key].expected]
    _print(flips, as_json=as_json)
    if not as_json:
        for title, keys in (("gone", gone), ("new", added)):
            for case, implementation in keys:
                click.echo(f"{title}: {case} on {implementation}")
        click.echo(f"{len(flips)} verdicts changed, {len(worse)} for the worse; "
                   f"{len(added)} new, {len(gone)} gone")  # fmt: skip
    return 1 if worse or gone or fresh else 0


def word(verdict: Verdict) -> str:
    """A verdict in short: ``differs (numeric)``."""
    return verdict.verdict + (f" ({verdict.kind})" if verdict.kind else "")


def _flip(before: Verdict, after: Verdict) -> Flip:
    return Flip(before.case, before.implementation, word(before), word(after),
                after.why or before.why)  # fmt: skip


def _print(flips: Sequence[Flip], *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(flips).decode())
        return
    out = console()
    for flip in flips:
        colour = "red" if flip.is_worse else "green"
        out.print(
            f"[{colour}]{literal(flip.before)} → {literal(flip.after)}[/]  "
            f"[bold]{literal(flip.case)}[/]  on {literal(flip.implementation)}"
            + (f"\n    {literal(flip.why)}" if flip.why else ""),
            soft_wrap=True,
        )
