"""From a results file with traces to what every case reached on every implementation."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import msgspec

from conformance.ledger.naming import asked, named
from conformance.ledger.registry import Registry
from conformance.outcomes import Outcome, Verdict
from conformance.problems import InvalidResults
from conformance.protocol import KernelCall, Operand, Trace
from conformance.results import Results, Settled
from conformance.suite.case import Case

Order = Literal["value", "first", "second", "higher"]
ORDERS: tuple[Order, ...] = ("value", "first", "second", "higher")
RANKS = ("0", "1", "2", "3", "4", "5+")
DRAWN = "drawn at random"
"""The value of an attribute that is another one each time, such as a seed that nobody gave."""

K = TypeVar("K", bound=Hashable)


class Cell(msgspec.Struct, frozen=True, order=True):
    """One thing that can be tested: an input slot of a kernel, with an input of such a kind.

    ``order`` says what of it was computed: the kernel's value, the gradient with respect to this
    input, or that gradient while an outer one was being taken. ``attributes`` are those of the
    kernel, as texts of JSON. A kernel without inputs has one cell, whose slot, dtype and rank are
    empty.
    """

    kernel: str
    slot: str
    order: Order
    dtype: str
    rank: str
    empty: bool
    attributes: tuple[tuple[str, str], ...]


class Reach(msgspec.Struct, frozen=True):
    """What a case reached on an implementation, and the verdict there."""

    case: str
    implementation: str
    cells: frozenset[Cell]
    verdict: Verdict


class Idle(msgspec.Struct, frozen=True, order=True):
    """A call that a case names and that never ran, though the implementation returned."""

    case: str
    call: str
    implementation: str


@dataclass
class Tally:
    """Cases by what the verdict on them was."""

    verdicts: Counter[str] = field(default_factory=Counter)
    explained: int = 0
    unexpected: int = 0

    def add(self, verdict: Verdict) -> None:
        """Count one case."""
        self.verdicts[verdict.verdict] += 1
        self.explained += verdict.expected and verdict.verdict != "pass"
        self.unexpected += not verdict.expected

    @property
    def cases(self) -> int:
        """How many cases."""
        return self.verdicts.total()

    @property
    def passed(self) -> int:
        """How many of them passed, and were expected to."""
        return self.cases - self.explained - self.unexpected


class Ledger(msgspec.Struct, frozen=True):
    """What was reached.

    ``traced`` are the implementations that told what they reached; a case reached on the others
    what it reached on these. ``rules`` are the gradient functions that ran, with all slots that
    they have. ``backends`` counts by backend and kernel the cases where it ran, ``named`` those
    that name a function, ``called`` those where it ran.
    """

    cases: int
    implementations: tuple[str, ...]
    traced: tuple[str, ...]
    reaches: tuple[Reach, ...]
    rules: dict[str, frozenset[str]]
    backends: dict[str, Counter[str]]
    named: Counter[str]
    called: Counter[str]
    idle: tuple[Idle, ...]

    def tally(self, keys: Callable[[Cell], Iterable[K]]) -> dict[K, dict[str, Tally]]:
        """By key and implementation, the cases that reached any cell with that key."""
        found: dict[K, dict[str, Tally]] = {}
        for reach in self.reaches:
            for key in {key for cell in reach.cells for key in keys(cell)}:
                by_address = found.setdefault(key, {})
                by_address.setdefault(reach.implementation, Tally()).add(reach.verdict)
        return found

    def count(self, keys: Callable[[Cell], Iterable[K]]) -> Counter[K]:
        """By key, how many cases reached any cell with that key on any implementation."""
        cases = {
            (key, reach.case) for reach in self.reaches for c in reach.cells for key in keys(c)
        }
        return Counter(key for key, _ in cases)


def gather(results: Results, registry: Registry, chosen: Collection[str] | None = None) -> Ledger:
    """The ledger of a run, or of some of its cases; laws ask for a case again, and are none.

    Raises:
        InvalidResults: the run was made without tracing, or it was interrupted, or nobody traced.
    """
    _check(results)
    items = [
        one
        for one in results.settled
        if one.case.law is None and (chosen is None or one.case.id in chosen)
    ]
    traced = {o.implementation for one in items for o in one.outcomes if o.trace is not None}
    if items and not traced:
        raise InvalidResults(
            "none of the implementations tells what it reaches",
            "let tfjs:cpu or tfjs:wasm take part",
        )
    rules: dict[str, set[str]] = {}
    naming: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    backends: dict[str, Counter[str]] = {}
    reaches: list[Reach] = []
    idle: list[Idle] = []
    for one in items:
        naming.update(_functions(registry, named(one.case.f.tree) | asked(one.case)))
        calls.update(_functions(registry, _called(one)))
        reaches += _reaches(one)
        idle += _idle(one)
        for backend, kernel in _ran(one.outcomes):
            backends.setdefault(backend, Counter())[kernel] += 1
        for trace in _traces(one.outcomes):
            for kernel, slots in trace.rules.items():
                rules.setdefault(kernel, set()).update(slots)
    addresses = tuple(results.header.implementations)
    return Ledger(
        cases=len(items),
        implementations=addresses,
        traced=tuple(address for address in addresses if address in traced),
        reaches=tuple(reaches),
        rules={kernel: frozenset(slots) for kernel, slots in rules.items()},
        backends=backends,
        named=naming,
        called=calls,
        idle=tuple(sorted(idle)),
    )


def _functions(registry: Registry, calls: Iterable[str]) -> frozenset[str]:
    return frozenset(registry.function(call) for call in calls)


def cells(trace: Trace, drawn: Collection[tuple[str, str]] = ()) -> frozenset[Cell]:
    """What a trace tells as cells, each once; ``drawn`` are kernels and attributes of no value."""
    return frozenset(_steady(cell, drawn) for cell in _cells(trace))


def rank_class(rank: int) -> str:
    """The class of a rank: 0 to 4, or ``5+``."""
    return RANKS[min(rank, len(RANKS) - 1)]


def _check(results: Results) -> None:
    if not results.header.traced:
        raise InvalidResults(
            "the results were made without tracing", "make them with `run --trace --results FILE`"
        )
    if results.footer.interrupted:
        raise InvalidResults(
            "the run was interrupted", "finish it with `run --trace --resume FILE`"
        )


def _cells(trace: Trace) -> Iterator[Cell]:
    for call in trace.kernels:
        yield from _value_cells(call)
    for one in trace.gradients:
        order = ORDERS[min(one.order, len(ORDERS) - 1)]
        yield _cell(one.kernel, one.input, order, one.attributes)


def _value_cells(call: KernelCall) -> Iterator[Cell]:
    for operand in call.inputs:
        yield _cell(call.kernel, operand, "value", call.attributes)
    if not call.inputs:
        yield Cell(call.kernel, "", "value", "", "", False, tuple(sorted(call.attributes.items())))


def _cell(kernel: str, operand: Operand, order: Order, attributes: dict[str, str]) -> Cell:
    return Cell(
        kernel, operand.slot, order, operand.dtype, rank_class(operand.rank), operand.empty,
        tuple(sorted(attributes.items())),
    )  # fmt: skip


def _traces(outcomes: Sequence[Outcome]) -> list[Trace]:
    return [outcome.trace for outcome in outcomes if outcome.trace is not None]


def _ran(outcomes: Sequence[Outcome]) -> set[tuple[str, str]]:
    return {(call.backend, call.kernel) for trace in _traces(outcomes) for call in trace.kernels}


def _reaches(one: Settled) -> Iterator[Reach]:
    drawn = _drawn(one.outcomes)
    own = [None if o.trace is None else cells(o.trace, drawn) for o in one.outcomes]
    everywhere = frozenset[Cell]().union(*(found for found in own if found is not None))
    for found, verdict in zip(own, one.verdicts, strict=True):
        reached = everywhere if found is None else found
        yield Reach(one.case.id, verdict.implementation, reached, verdict)


def _drawn(outcomes: Sequence[Outcome]) -> set[tuple[str, str]]:
    """Kernels and attributes that had other values on each implementation of the same tf.js.

    Where one implementation threw it has fewer values, which says nothing.
    """
    found: list[dict[tuple[str, str], set[str]]] = []
    for trace in _traces(outcomes):
        values: dict[tuple[str, str], set[str]] = {}
        for call in trace.kernels:
            for name, value in call.attributes.items():
                values.setdefault((call.kernel, name), set()).add(value)
        found.append(values)
    return {
        key
        for one, other in itertools.combinations(found, 2)
        for key in one.keys() & other
        if one[key] != other[key] and len(one[key]) == len(other[key])
    }


def _steady(cell: Cell, drawn: Collection[tuple[str, str]]) -> Cell:
    if not any((cell.kernel, name) in drawn for name, _ in cell.attributes):
        return cell
    attributes = tuple(
        (name, DRAWN if (cell.kernel, name) in drawn else value) for name, value in cell.attributes
    )
    return msgspec.structs.replace(cell, attributes=attributes)


def _called(one: Settled) -> frozenset[str]:
    """What ran of what the case names or has called, on any implementation that traces."""
    traces = _traces(one.outcomes)
    answered = any(o.trace is not None and o.returned is not None for o in one.outcomes)
    around = asked(one.case) if answered else frozenset[str]()
    return around | (named(one.case.f.tree) & frozenset().union(*(t.calls for t in traces)))


def _idle(one: Settled) -> Iterator[Idle]:
    """A throw may come before a call is reached, so only what returned is asked for all of them."""
    case: Case = one.case
    for outcome in one.outcomes:
        if outcome.trace is not None and outcome.returned is not None:
            for call in named(case.f.tree) - set(outcome.trace.calls):
                yield Idle(case.id, call, outcome.implementation)
