"""The ledger for people: on a terminal within 120 columns, in a pipe as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from conformance.ledger.cells import ORDERS, Order
from conformance.ledger.errors import LedgerError
from conformance.ledger.gather import Ledger, Tally
from conformance.ledger.registry import Registry
from conformance.ledger.summary import (
    Row,
    attributes,
    check_rows,
    gradient_rows,
    most_first,
    other_rows,
    shares,
)
from conformance.report.console import literal

SHORT = {"float32": "f32", "int32": "i32", "complex64": "c64", "string": "str"}
MOST_VALUES = 8
_ORDER_HEADS = {"value": "value", "first": "1st", "second": "2nd", "higher": "3rd+"}
_CHECKS = "cases: sharp / usable / vacuous under the contract of the implementation"
_VERDICTS = "verdicts are cases: pass / explained / unexpected"


def show(
    ledger: Ledger,
    registry: Registry,
    found: Sequence[LedgerError],
    to: Console,
    *,
    whole: bool,
) -> None:
    """Print everything: sums, gradients by slot, checks, other kernels, attributes, errors.

    What no case reaches is among it where the ledger is ``whole``, of all cases.
    """
    head(ledger, registry, to)
    to.print(f"\n[bold]Gradients[/], by input slot; {_VERDICTS}")
    to.print(_table(ledger, _wanted(gradient_rows(ledger, registry), whole=whole), ORDERS))
    to.print(f"\n[bold]Checks of gradients[/]; {_CHECKS}")
    to.print(_checks(ledger))
    to.print(f"\n[bold]Kernels without a registered gradient[/]; {_VERDICTS}")
    to.print(_table(ledger, _wanted(other_rows(ledger, registry), whole=whole), ORDERS[:1]))
    to.print("\n[bold]Values of attributes[/], with the number of cases")
    _attributes(ledger, to)
    errors(found, to)


def show_kernels(ledger: Ledger, kernels: Sequence[str], to: Console) -> None:
    """Print all cells of some kernels."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("kernel", "slot", "order", "dtype", "rank", "attributes"):
        table.add_column(name, overflow="fold")
    for address in ledger.implementations:
        table.add_column(literal(address), justify="right", no_wrap=True)
    wanted = set(kernels)
    cells = ledger.tally(lambda cell: (cell,) if cell.kernel in wanted else ())
    order = {name: i for i, name in enumerate(ORDERS)}
    for cell in sorted(cells, key=lambda c: (c.kernel, c.slot, order[c.order], c)):
        values = " ".join(f"{name}={value}" for name, value in cell.attributes)
        table.add_row(
            literal(cell.kernel), literal(cell.slot), cell.order, cell.dtype,
            cell.rank + (" empty" if cell.empty else ""), literal(values),
            *(_verdicts(cells[cell].get(address)) for address in ledger.implementations),
        )  # fmt: skip
    to.print(table)
    to.print(_VERDICTS, style="dim")


def head(ledger: Ledger, registry: Registry, to: Console) -> None:
    """Print how much of what is reached."""
    silent = [a for a in ledger.implementations if a not in ledger.traced]
    to.print(f"[bold]tf.js {registry.version}[/]: {ledger.cases:,} cases, traced on "
             f"{literal(', '.join(ledger.traced))}")  # fmt: skip
    if silent:
        to.print(f"taken from these for {literal(', '.join(silent))}", style="dim")
    sums = shares(ledger, registry)
    width = max(len(share.what) for share in sums)
    for share in sums:
        to.print(f"  {literal(share.what):<{width}}{share.reached:>6,} of {share.of:,}")


def errors(found: Iterable[LedgerError], to: Console) -> None:
    """Print what is wrong, and how much is."""
    errors = list(found)
    to.print()
    for error in errors:
        to.print(f"[bold red]{error.kind}[/]  {literal(error.message)}", soft_wrap=True)
    count = "1 error" if len(errors) == 1 else f"{len(errors):,} errors"
    to.print(f"[{'red' if errors else 'green'}]{count}[/]")


def _wanted(rows: Iterable[Row], *, whole: bool) -> list[Row]:
    return [row for row in rows if whole or any(row.orders.values())]


def _table(ledger: Ledger, rows: Iterable[Row], orders: Sequence[Order]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", collapse_padding=True)
    table.add_column("kernel", overflow="fold")
    table.add_column("slot", no_wrap=True)
    for order in orders:
        table.add_column(_ORDER_HEADS[order], justify="right", no_wrap=True)
    table.add_column("dtypes", overflow="fold")
    table.add_column("ranks", no_wrap=True)
    for address in ledger.implementations:
        table.add_column(literal(address), justify="right", no_wrap=True)
    last = ""
    for row in rows:
        table.add_row(
            literal(row.kernel if row.kernel != last else ""), literal(row.slot),
            *(str(row.orders[order] or "·") for order in orders),
            " ".join(SHORT.get(dtype, dtype) for dtype in row.dtypes),
            ranks(row), *(_verdicts(row.verdicts.get(a)) for a in ledger.implementations),
            style=None if any(row.orders.values()) else "yellow",
        )  # fmt: skip
        last = row.kernel
    return table


def _checks(ledger: Ledger) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", collapse_padding=True)
    table.add_column("kernel", overflow="fold")
    for name in ("slot", "order"):
        table.add_column(name, no_wrap=True)
    for address in ledger.implementations:
        table.add_column(literal(address), justify="right", no_wrap=True)
    for row in check_rows(ledger):
        table.add_row(literal(row.kernel), literal(row.slot), row.order, *row.cells)
    return table


def ranks(row: Row) -> str:
    """The classes of ranks of a row, and ``∅`` for tensors without elements."""
    return " ".join([*row.ranks, *(["∅"] if row.empty else [])])


def _verdicts(tally: Tally | None) -> str:
    if tally is None:
        return "·"
    bad = f"[red]{tally.unexpected}[/]" if tally.unexpected else "0"
    return f"{tally.passed}/{tally.explained}/{bad}"


def _attributes(ledger: Ledger, to: Console) -> None:
    for kernel, named in attributes(ledger).items():
        for name, counts in named.items():
            values = most_first(counts)
            shown = [f"{value} ({cases})" for value, cases in values[:MOST_VALUES]]
            more = [f"and {len(values) - MOST_VALUES} more"] if len(values) > MOST_VALUES else []
            to.print(f"  {literal(f'{kernel}.{name}')}: {literal(', '.join(shown + more))}",
                     soft_wrap=True)  # fmt: skip
