"""One case for people: who is right, what was asked, every answer, and the reasons.

Whoever wants to know whether it is a bug of theirs reads from the top: one sentence for each
implementation, the numbers, then what stands behind the sentences.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.judge import finding
from conformance.judge.finding import title
from conformance.laws import law, requests
from conformance.outcomes import ORACLE, Outcome, Verdict
from conformance.protocol import Returned
from conformance.report import (
    asked,
    closeness,
    culprits,
    elements,
    explaining,
    sentences,
    terminal,
)
from conformance.report.elements import Cell, Grid, Place
from conformance.report.explanation import Explained, Explanation
from conformance.results import Results, Settled, oracle_of
from conformance.suite.case import Case

_MOST_UNCHECKED = 5


def show(found: Results, console: Console) -> None:
    """Print a run of one case.

    Raises:
        IndexError: the run has no case.
    """
    settled = found.settled[0]
    case = settled.case
    places, explanation = explained(found)
    by_place = {one.place: one for one in explanation.places} if explanation else {}
    _head(case, console)
    for verdict in settled.verdicts:
        started = found.header.implementations[verdict.implementation]
        _sentence(verdict, sentences.rest(verdict, explanation, started), console)
    console.print()
    _request(case, console)
    for place in places:
        about = by_place.get(place.place)
        _place(place, console, about)
        if about is not None and explanation is not None:
            closeness.show(about, explanation, console)
        console.print()
    if case.law is not None:
        _variants(settled, found.header.reference, console)
    if case.law is None and (met := closeness.met(oracle_of(settled), explanation)):
        console.print(f"{escape(met)}\n", soft_wrap=True)
    for outcome, verdict in zip(settled.outcomes, settled.verdicts, strict=True):
        started = found.header.implementations[outcome.implementation]
        about_it = escape(terminal.who(started))
        console.print(f"[bold]{escape(outcome.implementation)}[/]  [dim]{about_it}[/]",
                      soft_wrap=True)  # fmt: skip
        for line in (*_verdict(verdict), *_steps(verdict), *_said(case, outcome, verdict.kind)):
            console.print(f"    {line}", soft_wrap=True)
        console.print()
    for fault in found.footer.faults:
        console.print(f"[bold red]fault[/]  {escape(fault)}", soft_wrap=True)
    for problem in found.footer.expectations:
        console.print(f"[bold red]expectation[/]  {escape(problem)}", soft_wrap=True)


def explained(found: Results) -> tuple[list[Place], Explanation | None]:
    """The elements of a run of one case, and what the oracle says about them, if it was asked.

    Raises:
        IndexError: the run has no case.
    """
    settled = found.settled[0]
    oracle = oracle_of(settled) if settled.case.law is None else None
    answers = {} if oracle is None or oracle.acceptance is None else {ORACLE: oracle.returned}
    answers |= {one.implementation: one.returned for one in settled.outcomes}
    returned = {who: one for who, one in answers.items() if one is not None}
    reference = ORACLE if ORACLE in returned else found.header.reference
    places = elements.places(settled.case, returned, reference)
    return places, explaining.explain(found, places) if ORACLE in returned else None


def _sentence(verdict: Verdict, rest: str, console: Console) -> None:
    who, head = escape(verdict.implementation), escape(sentences.head(verdict))
    more = f": {escape(rest)}" if rest else ""
    console.print(f"[bold]{who}[/] [{terminal.style(verdict)}]{head}[/]{more}", soft_wrap=True)


def _steps(verdict: Verdict) -> Iterator[str]:
    """What is known of the steps of a case: the culprit with what went in and came out."""
    certificate = verdict.certificate
    if certificate is None:
        return
    culprit = certificate.culprit
    if culprit is not None:
        yield f"[bold]culprit[/]: {escape(culprits.named(culprit))}"
        for given in culprit.inputs:
            yield f"    given     {escape(given)}"
        yield f"    expected  {escape(culprit.expected + finding.at(culprit.index))}"
        far = ", ".join(culprits.distance(culprit))
        yield f"    got       {escape(culprit.got)}{f'  ({far})' if far else ''}"
    yield escape(f"steps: {culprits.checked(verdict)}")
    for one in certificate.unchecked[:_MOST_UNCHECKED]:
        yield f"    not checked: {escape(one)}"
    if len(certificate.unchecked) > _MOST_UNCHECKED:
        yield f"    … and {len(certificate.unchecked) - _MOST_UNCHECKED} more"


def _head(case: Case, console: Console) -> None:
    console.print(f"[bold]{escape(case.id)}[/]", soft_wrap=True)
    console.print(f"{escape(case.file)}:{case.line}", style="dim", soft_wrap=True)
    for line in (case.why, case.spec):
        if line:
            console.print(escape(line), soft_wrap=True)
    console.print()


def _request(case: Case, console: Console) -> None:
    if case.law is not None:
        name = law.parse(case.law).name
        console.print(f"law [bold]{escape(case.law)}[/]: {law.FORMULAS[name]}\n", soft_wrap=True)
    asked.show(case, console)
    for line in asked.expectation(case.expect):
        console.print(escape(line), soft_wrap=True)
    console.print()


def _variants(settled: Settled, reference: str | None, console: Console) -> None:
    """The further requests of a law, each with all its answers."""
    for name, variant in requests.variants(settled.case).items():
        console.print(f"[bold]request `{escape(name)}`[/]", soft_wrap=True)
        asked.show(variant, console)
        console.print()
        returned = {}
        for outcome in settled.outcomes:
            said = outcome.variants.get(name)
            if said is not None and said.threw is not None:
                about = f"{outcome.implementation} threw {said.threw.type}: {said.threw.message}"
                console.print(escape(about), soft_wrap=True)
            elif said is not None and said.returned is not None:
                returned[outcome.implementation] = said.returned
            else:
                console.print(f"no answer from {escape(outcome.implementation)}", soft_wrap=True)
        for place in elements.places(variant, returned, reference):
            _place(place, console)
            console.print()


def _verdict(verdict: Verdict) -> Iterator[str]:
    kind = f" ({verdict.kind})" if verdict.kind else ""
    known = "  known" if terminal.is_explained(verdict) else ""
    against = f"  against {verdict.against}" if verdict.against else ""
    style = terminal.STYLES[verdict.verdict]
    yield f"[{style}]{verdict.verdict}[/]{escape(kind + known + against)}"
    if verdict.why:
        yield escape(verdict.why)
    if verdict.because:
        yield escape(f"because: {verdict.because}")


def _said(case: Case, outcome: Outcome, kind: str | None) -> Iterator[str]:
    if outcome.threw is not None:
        threw = outcome.threw
        yield escape(f"threw {threw.type} in phase {threw.phase}: {threw.message}")
    if outcome.returned is not None:
        yield from _work(outcome.returned)
        if kind == "printed":
            yield from _printed(case, outcome.returned)
    if outcome.attempts > 1:
        yield f"{outcome.attempts} attempts"


def _work(returned: Returned) -> Iterator[str]:
    if returned.kernels:
        counts = Counter(returned.kernels)
        kernels = ", ".join(f"{k} x {n}" if n > 1 else k for k, n in counts.items())
        yield escape(f"kernels: {kernels} (on {', '.join(returned.backends)})")
    if returned.leaked:
        yield f"{returned.leaked} tensors stay alive"


def _printed(case: Case, returned: Returned) -> Iterator[str]:
    if returned.printed is None:
        return
    names = ("value", *(f"gradient of {name}" for name in case.wrt))
    texts = (returned.printed.value, *returned.printed.grads)
    for name, text in zip(names, texts, strict=False):
        if text is not None:
            yield escape(f"printed {name}:\n{textwrap.indent(text, '        ')}")


def _place(place: Place, console: Console, about: Explained | None = None) -> None:
    if not place.grids:
        if place.absent:
            console.print(f"[bold]{title(place.place)}[/]  none on any side")
        return
    for grid in place.grids:
        _print_grid(grid, console, _outside(about) if about and ORACLE in grid.implementations
                    else None)  # fmt: skip
    if place.absent:
        who = escape(", ".join(place.absent))
        console.print(f"[yellow]no {escape(title(place.place))} from {who}[/]")


_Outside = set[tuple[tuple[int, ...], str]]


def _outside(about: Explained) -> _Outside:
    """The elements that are outside their balls, each with whose it is."""
    return {
        (element.index, held.implementation)
        for element in about.elements
        for held in element.held
        if held.outside and not held.choice
    }


def _print_grid(grid: Grid, console: Console, outside: _Outside | None) -> None:
    """Print a grid; where it is known who is outside a ball, nobody else is marked."""
    size = f"{grid.differing} differing" if grid.differing else "all the same"
    head = f"{title(grid.place)}  {grid.dtype} {list(grid.shape)}"
    alone = f"  from {grid.implementations[0]}" if len(grid.implementations) == 1 else f"  {size}"
    console.print(f"[bold]{escape(head)}[/]{escape(alone)}", soft_wrap=True)
    table = Table(box=None, pad_edge=False, padding=(0, 3 if outside is None else 2, 0, 0))
    table.add_column("index", style="dim", no_wrap=True)
    states = any(row.expected is not None for row in grid.rows)
    if states:
        table.add_column("expected", justify="right", no_wrap=True)
    for address in grid.implementations:
        table.add_column(escape(address), justify="right")
    for row in grid.rows:
        stated = [escape(row.expected or "")] if states else []
        index = escape(f"[{', '.join(map(str, row.index))}]")
        cells = [
            _cell(cell, outside is None or (row.index, who) in outside, brief=outside is not None)
            for who, cell in zip(grid.implementations, row.cells, strict=True)
        ]
        table.add_row(index, *stated, *cells)
    console.print(table)
    if grid.omitted:
        console.print(f"… {grid.omitted} more elements are not shown", style="dim")


def _cell(cell: Cell, is_outside: bool, *, brief: bool) -> str:
    """An element; ``brief`` leaves out the bits where the decimals tell the elements apart."""
    has_bits = cell.bits and not (brief and (cell.ulp is not None or not cell.differs))
    parts = [escape(cell.text), *([escape(cell.bits or "")] if has_bits else [])]
    if cell.ulp is not None:
        parts.append(f"{cell.ulp:.3g} ulp" if brief else f"{cell.ulp:.4g} ulp")
    if not (cell.differs and is_outside):
        return "  ".join(parts)
    return f"[bold red]{'  '.join([*parts, *(['✗'] if brief else [])])}[/]"
