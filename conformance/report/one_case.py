"""One case for people: what is asked, what is expected, and every answer element by element."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance import optimizers
from conformance.judge import finding
from conformance.judge.finding import title
from conformance.laws import law, requests
from conformance.outcomes import Outcome, Verdict
from conformance.protocol import Argument, Returned
from conformance.report import elements, terminal
from conformance.report.elements import Cell, Grid, Place
from conformance.results import Results, Settled
from conformance.suite.case import Case, Decimals, Exact, Expectation, Expected
from conformance.tensors import Tensor

_MOST_ELEMENTS = 64


def show(found: Results, console: Console) -> None:
    """Print a run of one case.

    Raises:
        IndexError: the run has no case.
    """
    settled = found.settled[0]
    case = settled.case
    _head(case, console)
    reference = found.header.reference
    for outcome, verdict in zip(settled.outcomes, settled.verdicts, strict=True):
        started = found.header.implementations[outcome.implementation]
        about = (
            f"[bold]{escape(outcome.implementation)}[/]  [dim]{escape(terminal.who(started))}[/]"
        )
        console.print(about, soft_wrap=True)
        for line in (*_verdict(verdict), *_said(case, outcome, verdict.kind)):
            console.print(f"    {line}", soft_wrap=True)
        console.print()
    returned = {o.implementation: o.returned for o in settled.outcomes if o.returned is not None}
    for place in elements.places(case, returned, reference):
        _place(place, console)
    if case.law is not None:
        _variants(settled, reference, console)
    for fault in found.footer.faults:
        console.print(f"[bold red]fault[/]  {escape(fault)}", soft_wrap=True)
    for problem in found.footer.expectations:
        console.print(f"[bold red]expectation[/]  {escape(problem)}", soft_wrap=True)


def _head(case: Case, console: Console) -> None:
    console.print(f"[bold]{escape(case.id)}[/]", soft_wrap=True)
    console.print(f"{escape(case.file)}:{case.line}", style="dim", soft_wrap=True)
    for line in (case.why, case.spec):
        if line:
            console.print(escape(line), soft_wrap=True)
    console.print()
    if case.law is not None:
        name = law.parse(case.law).name
        console.print(f"law [bold]{escape(case.law)}[/]: {law.FORMULAS[name]}\n", soft_wrap=True)
    _asked(case, console)
    for line in _expectation(case.expect):
        console.print(escape(line), soft_wrap=True)
    console.print()


def _asked(case: Case, console: Console) -> None:
    wrt = f" for {', '.join(case.wrt)}" if case.wrt else ""
    console.print(f"{case.call}{escape(wrt)} of")
    source = textwrap.indent(textwrap.dedent(case.f.source).strip(), "    ")
    console.print(f"[cyan]{escape(source)}[/]\n", soft_wrap=True)
    given = list(zip(case.names, case.args, strict=True))
    if case.dy is not None:
        given.append(("dy", case.dy))
    if case.optimizer is not None:
        about = optimizers.described(case.optimizer, case.steps)
        console.print(f"[bold]optimizer[/] = {escape(about)}", soft_wrap=True)
    for name, argument in given:
        console.print(f"[bold]{escape(name)}[/] = {escape(described(argument))}", soft_wrap=True)


def _variants(settled: Settled, reference: str | None, console: Console) -> None:
    """The further requests of a law, each with all its answers."""
    for name, variant in requests.variants(settled.case).items():
        console.print(f"[bold]request `{escape(name)}`[/]", soft_wrap=True)
        _asked(variant, console)
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


def described(argument: Argument) -> str:
    """An input in decimals: a literal as it is written, a tensor with its dtype and shape."""
    held = argument.tensor()
    if held is not None:
        return _tensor(held)
    notes = [
        str(note) for note in (argument.dtype, argument.shape and list(argument.shape)) if note
    ]
    return " ".join([_literal(argument.literal), *notes])


def _literal(value: object) -> str:
    match value:
        case list():
            return f"[{', '.join(_literal(item) for item in value)}]"
        case {"number": str() as name}:
            return name
        case str():
            return f'"{value}"'
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case _:
            return str(value)


def _tensor(tensor: Tensor) -> str:
    """Decimals; with bits after those that a decimal does not tell apart."""
    texts = [_element(element) for element in tensor.numpy().reshape(-1)[:_MOST_ELEMENTS]]
    more = f", … {tensor.size - len(texts)} more" if tensor.size > len(texts) else ""
    return f"{tensor.dtype} {list(tensor.shape)}: {', '.join(texts)}{more}"


def _element(element: object) -> str:
    text = finding.text(element)
    subnormal = "e-" in text and 0 < abs(complex(element)) < 2.0**-126  # type: ignore[call-overload]  # a number
    return f"{text} ({finding.bits(element)})" if text == "NaN" or subnormal else text


def _expectation(expect: Expectation, indent: str = "") -> Iterator[str]:
    if expect.value is not None:
        yield f"{indent}expected value: {_expected(expect.value)}"
    for name, part in expect.grads.items():
        yield f"{indent}expected gradient of {name}: {_expected(part)}"
    for name, part in expect.variables.items():
        yield f"{indent}expected variable {name}: {_expected(part)}"
    if expect.throws is not None:
        phase = f" in phase {expect.throws.phase}" if expect.throws.phase else ""
        said = f" that says: {expect.throws.message}" if expect.throws.message else ""
        yield f"{indent}expected: an error{phase}{said}"
    if expect.printed is not None:
        for name, text in (("value", expect.printed.value), *expect.printed.grads.items()):
            if text is not None:
                yield f"{indent}expected text of {name}:\n{textwrap.indent(text, indent + '    ')}"
    if expect.leaks:
        yield f"{indent}expected to stay alive: {expect.leaks} tensors"
    for number, alternative in enumerate(expect.either, 1):
        yield f"{indent}alternative {number}"
        yield from _expectation(alternative, f"{indent}    ")


def _expected(part: Expected) -> str:
    match part:
        case Decimals(shape=shape, items=items):
            shown = ", ".join(items[:_MOST_ELEMENTS])
            more = f", … {len(items) - _MOST_ELEMENTS} more" if len(items) > _MOST_ELEMENTS else ""
            return f"{list(shape)}: {shown}{more}"
        case Exact(tensor=tensor):
            return f"exactly {_tensor(tensor)}"
        case _:
            return "none"


def _verdict(verdict: Verdict) -> Iterator[str]:
    style = terminal.STYLES[verdict.verdict]
    kind = f" ({verdict.kind})" if verdict.kind else ""
    known = "  known" if verdict.expected and verdict.verdict != "pass" else ""
    against = f"  against {verdict.against}" if verdict.against else ""
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


def _place(place: Place, console: Console) -> None:
    if not place.grids:
        if place.absent:
            console.print(f"[bold]{title(place.place)}[/]  none on any side\n")
        return
    for grid in place.grids:
        _print_grid(grid, console)
    if place.absent:
        who = escape(", ".join(place.absent))
        console.print(f"[yellow]no {escape(title(place.place))} from {who}[/]")
    console.print()


def _print_grid(grid: Grid, console: Console) -> None:
    size = f"{grid.differing} differing" if grid.differing else "all the same"
    head = f"{title(grid.place)}  {grid.dtype} {list(grid.shape)}"
    alone = f"  from {grid.implementations[0]}" if len(grid.implementations) == 1 else f"  {size}"
    console.print(f"[bold]{escape(head)}[/]{escape(alone)}", soft_wrap=True)
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("index", style="dim", no_wrap=True)
    states = any(row.expected is not None for row in grid.rows)
    if states:
        table.add_column("expected", justify="right", no_wrap=True)
    for address in grid.implementations:
        table.add_column(escape(address), justify="right")
    for row in grid.rows:
        stated = [escape(row.expected or "")] if states else []
        index = escape(f"[{', '.join(map(str, row.index))}]")
        table.add_row(index, *stated, *map(_cell, row.cells))
    console.print(table)
    if grid.omitted:
        console.print(f"… {grid.omitted} more elements are not shown", style="dim")


def _cell(cell: Cell) -> str:
    parts = [escape(cell.text), *([escape(cell.bits)] if cell.bits else [])]
    if cell.ulp is not None:
        parts.append(f"{cell.ulp:.4g} ulp")
    text = "  ".join(parts)
    return f"[bold red]{text}[/]" if cell.differs else text
