"""``goldens``: where the oracle's answers are stored, and how much that is."""

from __future__ import annotations

import click
import msgspec

from conformance import goldens
from conformance.goldens_file import GoldensFile
from conformance.report.console import console, literal

_MIB = 1 << 20


def show(*, clear: bool, as_json: bool) -> None:
    """Print what is stored; with ``clear`` forget it first.

    Raises:
        UsageError: the limit in the environment is no number.
    """
    path, limit = goldens.own_path(), goldens.own_limit()
    err = console(stderr=True)
    file = GoldensFile(path, lambda text: err.print(literal(text), soft_wrap=True), limit=limit)
    if clear:
        file.clear()
    answers, size = file.size()
    file.close()
    if as_json:
        found = {"file": str(path), "answers": answers, "bytes": size, "limit": limit}
        click.echo(msgspec.json.encode(found).decode())
    else:
        click.echo(f"{path}: {answers:,} answers, {size / _MIB:,.1f} of {limit // _MIB:,} MiB")
