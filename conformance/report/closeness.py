"""How close everybody is to the exact numbers of a place, and why so much is allowed."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from conformance.judge.finding import at
from conformance.outcomes import Outcome
from conformance.protocol import Contribution
from conformance.report.console import literal
from conformance.report.explanation import Element, Explained, Explanation, Held
from conformance.report.sentences import worst

_MOST_KINKS = 4
_SMALLEST_SHARE = 0.005


def show(place: Explained, explanation: Explanation, console: Console) -> None:
    """Print the worst element of each implementation, the budget's parts, and the kinks."""
    rows = [(one, *worst(place, one)) for one in place.standings]
    if any(held.ulp or held.budget for _, _, held in rows):
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("worst number of", overflow="fold")
        table.add_column("at", no_wrap=True)
        for name in ("exactly", "got", "off", "allowed", "used"):
            table.add_column(name, justify="right", no_wrap=name != "exactly")
        table.add_column("budget", no_wrap=True)
        for standing, element, held in rows:
            style = "[bold red]" if held.outside else "[default]"
            cells = [literal(cell) for cell in (_where(element), element.real or element.exact,
                                                held.got, *_distance(held))]  # fmt: skip
            table.add_row(literal(standing.implementation), *(f"{style}{c}[/]" for c in cells))
        console.print(table)
    for line in (*_enclosures(place), *_budgets(place, explanation), *_kinks(place)):
        console.print(literal(line), style="dim", soft_wrap=True)


def met(oracle: Outcome | None, explanation: Explanation | None) -> str | None:
    """What the oracle met on the way that a reader should know of, or why it has no answer."""
    if explanation is None:
        return _silence(oracle)
    parts = []
    if explanation.kinks:
        count = explanation.kinks
        ops = f" (in {', '.join(explanation.tied)})" if explanation.tied else ""
        parts.append(("1 kink" if count == 1 else f"{count} kinks") + ops)
    if explanation.straddled:
        count = explanation.straddled
        decisions = "1 decision" if count == 1 else f"{count} decisions"
        parts.append(f"{decisions} that rounding may turn: both outcomes are within the budgets")
    return f"the exact computation meets {' and '.join(parts)}" if parts else None


def _silence(oracle: Outcome | None) -> str | None:
    if oracle is None:
        return None
    if oracle.unsupported is not None:
        return f"the exact oracle does not answer this case: {oracle.unsupported}"
    if oracle.threw is not None:
        return f"the exact oracle refuses this case: {oracle.threw.message}"
    return None


def _where(element: Element) -> str:
    part = f" {element.part}" if element.part else ""
    return f"[{', '.join(map(str, element.index))}]{part}"


def _distance(held: Held) -> tuple[str, str, str, str]:
    if held.ulp is None:
        return "", "", "all" if held.outside else "", held.width
    if held.budget is None:
        return f"{held.ulp:.3g} ulp", "any", "", held.width
    # Where nothing is allowed, no ratio says how much is taken of it.
    used = f"{held.share:.0%}" if held.share is not None else "∞"
    if held.share is not None and held.share > 1:
        used = f"{held.share:.3g} x"
    elif held.share and held.share < _SMALLEST_SHARE:
        used = "<1%"
    return f"{held.ulp:.3g} ulp", f"{held.budget:.3g} ulp", used, held.width


def _enclosures(place: Explained) -> Iterator[str]:
    """The real number and its bits, at the worst elements that are not rounded correctly."""
    for number in sorted({one.element for one in place.standings}):
        element = place.elements[number]
        low, high = element.enclosure or (0.0, 0.0)
        if low < high and any(one.bits != element.bits for one in element.held):
            yield (
                f"exactly{at(element.index)}: {element.real} ± {(high - low) / 2:.1g},"
                f" nearest float32 {element.exact} {element.bits}"
            )


def _budgets(place: Explained, explanation: Explanation) -> Iterator[str]:
    """Why the budgets of the worst elements are what they are; of none of them, of the widest."""
    elements = [place.elements[one.element] for one in place.standings]
    told = dict.fromkeys(element.index for element in elements if element.contributions)
    if not told:
        told = dict.fromkeys(one.index for one in place.elements if one.contributions)
        told = dict.fromkeys(list(told)[:1])
    for element in place.elements:
        if element.index in told and element.contributions:
            parts = ", ".join(
                contribution(one) for one in element.contributions if one.share >= _SMALLEST_SHARE
            )
            yield f"budget{at(element.index)} (contract {explanation.contract}): {parts}"


def contribution(one: Contribution) -> str:
    """A part of a budget: ``62% sum in matMul (call 0, gradient)``."""
    order = ("value", "gradient", "second order")[min(one.order, 2)]
    op = f"{one.op} (call {one.call}, {order})" if one.op else f"no op ({order})"
    return f"{one.share:.0%} {one.function} in {op}"


def _kinks(place: Explained) -> Iterator[str]:
    kinked = [one for one in place.elements if one.sides]
    # Those where somebody took what no side and nothing between them has come first.
    kinked.sort(key=lambda one: all(held.subgradient for held in one.held))
    for element in kinked[:_MOST_KINKS]:
        one, other = element.sides or ("", "")
        chosen = ", ".join(
            f"{held.implementation} {held.got}{_taken(held)}" for held in element.held
        )
        yield f"kink{at(element.index)}: {one} from one side, {other} from the other; {chosen}"
    if len(kinked) > _MOST_KINKS:
        yield f"… and {len(kinked) - _MOST_KINKS} more kinks"


def _taken(held: Held) -> str:
    """What is to be said of the number that somebody took at a kink."""
    notes = [
        *(["its own choice"] if held.choice else []),
        *([] if held.subgradient else ["no subgradient"]),
    ]
    return f" ({', '.join(notes)})" if notes else ""
