"""``implementations``: start each one, print what it says about itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from conformance.commands.run import parse_addresses
from conformance.implementations import pool
from conformance.implementations.address import KNOWN
from conformance.implementations.errors import Fault
from conformance.implementations.options import Options
from conformance.protocol import Started
from conformance.replay import Replays
from conformance.report.console import console, literal
from conformance.report.terminal import who
from conformance.suite.case import Case


def show(addresses: Sequence[str], node: Path | None, *, as_json: bool) -> int:
    """Print what the implementations are; 3 where one of them does not start.

    Raises:
        UsageError: an address names none.
    """
    chosen = parse_addresses(addresses, (), node)
    replays = Replays(chosen)
    started: dict[str, Started] = dict(replays.started)
    faults: list[Fault] = []
    asyncio.run(
        pool.run(
            chosen, _no_cases(), lambda _case, _outcomes: None, options=Options(),
            started=started.__setitem__, fault=faults.append, replay=replays.outcome,
        )
    )  # fmt: skip
    if as_json:
        found = {one.address: started.get(one.address) for one in chosen}
        click.echo(msgspec.json.encode(found).decode())
        return 3 if faults else 0
    out = console()
    for one in chosen:
        about = started.get(one.address)
        out.print(f"[bold]{literal(one.address)}[/]  {literal(who(about))}", soft_wrap=True)
        if about is None:
            continue
        flushing = "flushed to zero" if about.flushes_subnormals else "kept"
        out.print(f"    subnormal numbers  {flushing}")
        for name, value in about.settings.items():
            out.print(f"    {literal(name)}  {literal(value)}", style="dim", soft_wrap=True)
    for fault in faults:
        hint = f"\n    hint: {fault.hint}" if fault.hint else ""
        said = f"{fault.implementation}: {fault.message}{hint}\n{fault.stderr}"
        out.print(f"[bold red]fault[/]  {literal(said)}", soft_wrap=True)
    out.print("\naddresses")
    for known in KNOWN:
        out.print(f"  [bold]{literal(known.address):<14}[/] {literal(known.description)}")
    return 3 if faults else 0


def _no_cases() -> list[Case]:
    return []
