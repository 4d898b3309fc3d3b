"""What other policies make of stored bits: which verdicts flip, and how policies compare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec
from rich.console import Console
from rich.table import Table

from conformance.outcomes import NO_FAULT, Verdict
from conformance.report.console import literal
from conformance.results import Results


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """A verdict that is another one under a policy.

    ``used_before`` and ``used`` are the shares of the budget that the answer takes in the run and
    under the policy (1 is the limit), where a number says it.
    """

    case: str
    implementation: str
    before: str
    after: str
    why: str
    used_before: float | None = None
    used: float | None = None


class Count(msgspec.Struct, frozen=True):
    """How many verdicts of an implementation flip from one word and class to another."""

    before: str
    after: str
    implementation: str
    count: int


class Judged(msgspec.Struct, frozen=True):
    """What a policy makes of a run.

    ``counts`` has all verdicts by word and class, ``matrix`` and ``changes`` those that flip.
    ``unexpected`` ones are neither right nor what the run explained. Without ``has_oracle`` the
    policy wants bounds of an oracle, and the run has none.
    """

    policy: str
    verdicts: int
    counts: dict[str, int]
    matrix: list[Count]
    changes: list[Change]
    unexpected: int
    has_oracle: bool


def counts(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many verdicts have each word, ``differs`` by class."""
    found = Counter(
        f"{one.verdict} ({one.kind})" if one.kind and one.verdict == "differs" else one.verdict
        for one in verdicts
    )
    return dict(sorted(found.items(), key=lambda item: (item[0] not in NO_FAULT, item[0])))


def show(found: Results, judged: Sequence[Judged], most: int | None, console: Console) -> None:
    """Print what flips; several policies side by side first.

    Args:
        found: the run.
        judged: what each policy makes of it.
        most: how many verdicts that flip are listed for each policy; None for all.
        console: where to print.
    """
    if len(judged) > 1:
        console.print(_side_by_side(found, judged))
        console.print()
    for one in judged:
        if one.changes:
            if len(judged) > 1:
                console.print(f"[bold]{literal(one.policy)}[/]", soft_wrap=True)
            console.print(_matrix(one, list(found.header.implementations)))
            console.print()
        _changes(one, most, console)
        if not one.has_oracle:
            console.print(f"[yellow]the run has no answers of the oracle: {literal(one.policy)}"
                          " does with the costs of ops instead[/]", soft_wrap=True)  # fmt: skip
        console.print(
            f"{len(one.changes):,} of {one.verdicts:,} verdicts flip under {literal(one.policy)}"
            f" (the run used {literal(found.header.policy)})",
            soft_wrap=True,
        )


def _side_by_side(found: Results, judged: Sequence[Judged]) -> Table:
    """Policies by verdict: the run as it was judged first."""
    rows = {f"the run ({found.header.policy})": counts(found.verdicts())}
    rows |= {one.policy: one.counts for one in judged}
    words = sorted({word for row in rows.values() for word in row},
                   key=lambda word: (_order(word), word))  # fmt: skip
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("policy", style="bold")
    for word in words:
        table.add_column(literal(word), justify="right")
    for name, row in rows.items():
        table.add_row(literal(name), *(f"{row[word]:,}" if word in row else "·" for word in words))
    return table


def _order(word: str) -> int:
    if word in NO_FAULT:
        return NO_FAULT.index(word)
    return len(NO_FAULT) + (not word.startswith("differs"))


def _matrix(one: Judged, implementations: Sequence[str]) -> Table:
    """From what to what, by implementation."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("in the run")
    table.add_column(f"under {literal(one.policy)}")
    for address in implementations:
        table.add_column(literal(address), justify="right", overflow="fold")
    table.add_column("all", justify="right", style="bold")
    rows: dict[tuple[str, str], Counter[str]] = {}
    for part in one.matrix:
        rows.setdefault((part.before, part.after), Counter())[part.implementation] += part.count
    for (before, after), row in sorted(rows.items(), key=lambda item: -item[1].total()):
        cells = (f"{row[address]:,}" if row[address] else "·" for address in implementations)
        table.add_row(literal(before), literal(after), *cells, f"{row.total():,}")
    return table


def _changes(one: Judged, most: int | None, console: Console) -> None:
    shown = one.changes if most is None else one.changes[:most]
    for change in shown:
        colour = "red" if change.before in NO_FAULT else "green"
        console.print(
            f"[{colour}]{literal(change.before)} → {literal(change.after)}[/]  "
            f"[bold]{literal(change.case)}[/]  on {literal(change.implementation)}"
            + literal(_shares(change))
            + (f"\n    {literal(change.why)}" if change.why else ""),
            soft_wrap=True,
        )
    if shown and len(shown) < len(one.changes):
        console.print(f"… and {len(one.changes) - len(shown):,} more; --all lists them")


def _shares(change: Change) -> str:
    """How much of its budget the answer takes, in the run and now."""
    before = "" if change.used_before is None else f"{change.used_before:.3g}"
    now = "" if change.used is None else f"{change.used:.3g}"
    if not before and not now:
        return ""
    return f"  (takes {before or '?'} → {now or '?'} of its budget)"
