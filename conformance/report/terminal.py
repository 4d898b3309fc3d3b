"""The report for people: on a terminal with colour, in a pipe as plain text."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from conformance import bundle
from conformance.outcomes import NO_FAULT, WORDS, Verdict
from conformance.protocol import Started
from conformance.report import culprits
from conformance.report.console import literal
from conformance.results import Footer, Header, Results
from conformance.suite.case import Case

STYLES = {
    "pass": "green", "ill-conditioned": "cyan", "differs": "red", "threw": "red",
    "accepted": "red", "crashed": "bold red", "timed out": "bold red", "unsupported": "yellow",
    "not run": "bold red",
}  # fmt: skip
MOST_SHOWN = 50


def show(results: Results, console: Console, *, known: bool = False) -> None:
    """Print a whole report: who ran, what is unexpected, the table, the sums.

    With ``known`` the explained divergences are printed too, each with its reason, and so is what
    is ill-conditioned.
    """
    head(results.header, console)
    unexpected = [
        (item.case, v) for item in results.settled for v in item.verdicts if not v.expected
    ]
    for case, verdict in unexpected[:MOST_SHOWN]:
        console.print(finding(case, verdict), soft_wrap=True, highlight=False)
    if len(unexpected) > MOST_SHOWN:
        console.print(f"… and {len(unexpected) - MOST_SHOWN} more; --results FILE keeps them all\n")
    if known:
        for item in results.settled:
            for verdict in item.verdicts:
                if verdict.expected and verdict.verdict != "pass":
                    console.print(finding(item.case, verdict), soft_wrap=True, highlight=False)
    console.print(table(results.header, results.verdicts()))
    foot(results, console)


def head(header: Header, console: Console) -> None:
    """Print what ran: one line per implementation, then the policy."""
    for address, started in header.implementations.items():
        console.print(
            f"[bold]{literal(address)}[/]  {literal(who(started))}", soft_wrap=True, highlight=False
        )
    shard = f" · shard {header.shard}" if header.shard else ""
    console.print(f"policy {literal(header.policy)}{shard}\n", style="dim", highlight=False)


def who(started: Started | None) -> str:
    """An implementation in a few words: name, version, backend, runtime."""
    if started is None:
        return "did not start"
    backend = f" {started.backend}" if started.backend else ""
    return f"{started.name} {started.version}{backend} · {started.runtime}"


def style(verdict: Verdict) -> str:
    """The style of a verdict: what an entry explains is no alarm."""
    return "yellow" if is_explained(verdict) else STYLES[verdict.verdict]


def is_explained(verdict: Verdict) -> bool:
    """Whether a verdict is a divergence, and known: neither a pass nor nobody's fault."""
    return verdict.expected and verdict.verdict not in NO_FAULT


def finding(case: Case, verdict: Verdict) -> str:
    """One verdict that is no pass, as markup: where, what, why, whose fault, and how to see it."""
    kind = f" ({verdict.kind})" if verdict.kind else ""
    mark = "known" if is_explained(verdict) else verdict.verdict
    head = f"[{style(verdict)}]{literal(mark)}[/]{literal(kind)}  [bold]{literal(verdict.case)}[/]"
    lines = [f"{head}  on {literal(verdict.implementation)}"]
    if verdict.why:
        lines.append(f"    {literal(verdict.why)}")
    if culprit := culprits.line(verdict):
        lines.append(f"    {literal(culprit)}")
    if verdict.because:
        lines.append(f"    because: {literal(verdict.because)}")
    lines.append(f"    [dim]{literal(command(case))}[/]\n")
    return "\n".join(lines)


def command(case: Case) -> str:
    """The command that shows one case alone; it names the file of a case that is not shipped."""
    text = f"tfjs-conformance show {shlex.quote(case.id)}"
    file = Path(case.file)
    if file.is_file() and not file.resolve().is_relative_to(bundle.cases()):
        text += f" --cases {shlex.quote(case.file)}"
    return text


def table(header: Header, verdicts: Iterable[Verdict]) -> Table:
    """Verdicts by implementation; only the words that occur have a column."""
    counts: dict[str, Counter[str]] = {address: Counter() for address in header.implementations}
    known: Counter[str] = Counter()
    unexpected: Counter[str] = Counter()
    for verdict in verdicts:
        counts[verdict.implementation][verdict.verdict] += 1
        if not verdict.expected:
            unexpected[verdict.implementation] += 1
        elif is_explained(verdict):
            known[verdict.implementation] += 1
    words = [w for w in WORDS if w == "pass" or any(count[w] for count in counts.values())]
    grid = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    grid.add_column("implementation", style="bold", overflow="fold")
    for word in words:
        grid.add_column(word, justify="right", style=STYLES[word])
    grid.add_column("explained", justify="right")
    grid.add_column("unexpected", justify="right", style="bold")
    for address, count in counts.items():
        cells = [f"{count[word]:,}" if count[word] else "·" for word in words]
        grid.add_row(literal(address), *cells, f"{known[address]:,}", f"{unexpected[address]:,}")
    return grid


def foot(results: Results, console: Console) -> None:
    """Print what was wrong around the cases, and the sum."""
    footer = results.footer
    console.print()
    for fault in footer.faults:
        console.print(f"[bold red]fault[/]  {literal(fault)}", soft_wrap=True, highlight=False)
    for problem in footer.expectations:
        console.print(f"[bold red]expectation[/]  {literal(problem)}", soft_wrap=True,
                      highlight=False)  # fmt: skip
    if note := unchecked(results):
        console.print(f"[yellow]{note}[/]", soft_wrap=True, highlight=False)
    console.print(f"[{'green' if is_clean(footer) else 'red'}]{summary(footer)}[/]",
                  soft_wrap=True, highlight=False)  # fmt: skip


def unchecked(results: Results) -> str | None:
    """A sentence about the passes that are no checks, or None where every pass is one."""
    count = results.unchecked()
    if not count:
        return None
    verdicts = "1 verdict was" if count == 1 else f"{count:,} verdicts were"
    reference = results.header.reference
    silent = f"{reference} gave no answer" if reference else "no second implementation took part"
    return f"{verdicts} held against nothing: the case states nothing, and {silent}"


def is_clean(footer: Footer) -> bool:
    """Whether all is as expected."""
    return not (
        footer.unexpected or footer.faults or footer.expectations or footer.interrupted
        or not footer.planned
    )  # fmt: skip


def summary(footer: Footer) -> str:
    """The sum of a run in one line."""
    passed, ill = footer.verdicts["pass"], footer.verdicts.get("ill-conditioned", 0)
    total = sum(footer.verdicts.values())
    explained = total - passed - ill - footer.unexpected
    text = f"{total:,} verdicts: {passed:,} pass, {explained:,} explained, "
    text += f"{ill:,} ill-conditioned, " if ill else ""
    text += f"{footer.unexpected:,} unexpected, in {footer.seconds:.1f} s"
    if footer.expectations:
        text += f"; {len(footer.expectations)} problems in the expectations"
    if footer.interrupted:
        text += f"; interrupted, {footer.planned - total:,} of {footer.planned:,} not reached"
    return text
