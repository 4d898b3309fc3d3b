"""``conventions``: the compatibility matrix, what each library chose at exact kinks and ties."""

from __future__ import annotations

import click
import msgspec
from rich.table import Table

from conformance.judge import conventions
from conformance.report.console import console, literal

LIBRARIES = ("tensorflow", "tfjs:cpu", "tfjs:wasm")


def show(*, differing: bool, as_json: bool) -> None:
    """Print a row for each kink, or only for those where the libraries are not of one mind."""
    rows = [row for row in conventions.matrix(*LIBRARIES) if row.differs or not differing]
    if as_json:
        found = {"measured": conventions.conventions().measured, "kinks": rows}
        click.echo(msgspec.json.encode(found).decode())
        return
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for head in ("op", "at", *LIBRARIES):
        table.add_column(head, no_wrap=True)
    for row in rows:
        at = "equal numbers" if row.at is None else f"{row.at:g}"
        table.add_row(literal(row.op), at, *(_cell(row, name) for name in LIBRARIES))
    console().print(table)
    console().print(
        "\nWho of the equal numbers gets the upstream gradient; * is not even a subgradient.",
        style="dim",
    )


def _cell(row: conventions.Row, library: str) -> str:
    chosen = row.choices.get(library)
    if chosen is None:
        return "no gradient"
    text = f"{chosen} *" if library in row.not_a_subgradient else chosen
    return f"[yellow]{text}[/]" if row.differs else text
