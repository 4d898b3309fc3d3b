"""From a results file with traces to what every case reached on every implementation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from conformance.ledger.cells import Cell, cells, drawn
from conformance.ledger.checks import Checks, Looked, checks
from conformance.ledger.naming import asked, named
from conformance.ledger.registry import Registry
from conformance.ledger.unmodelled import Models, models
from conformance.outcomes import ORACLE, Outcome, Verdict
from conformance.problems import InvalidResults
from conformance.protocol import Trace
from conformance.results import Results, Settled
from conformance.suite.case import Case

K = TypeVar("K", bound=Hashable)


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
    that name a function, ``called`` those where it ran. ``checks`` says how sharply gradients were
    checked, ``models`` what the oracle knows.
    """

    cases: int
    implementations: tuple[str, ...]
    traced: tuple[str, ...]
    reaches: tuple[Reach, ...]
    checks: Checks
    models: Models
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
        InvalidResults: the run was made without tracing or without the oracle, or it was
            interrupted, or nobody traced.
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
    looked: list[Looked] = []
    reaches: list[Reach] = []
    idle: list[Idle] = []
    for one in items:
        naming.update(_functions(registry, named(one.case.f.tree) | asked(one.case)))
        calls.update(_functions(registry, _called(one)))
        looked.append(Looked(one, _own(one)))
        reaches += _reaches(looked[-1])
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
        checks=checks(looked, results.header.implementations),
        models=models(items, registry),
        rules={kernel: frozenset(slots) for kernel, slots in rules.items()},
        backends=backends,
        named=naming,
        called=calls,
        idle=tuple(sorted(idle)),
    )


def _functions(registry: Registry, calls: Iterable[str]) -> frozenset[str]:
    return frozenset(registry.function(call) for call in calls)


def _check(results: Results) -> None:
    if not results.header.traced:
        raise InvalidResults(
            "the results were made without tracing", "make them with `run --trace --results FILE`"
        )
    if results.header.oracle is None and ORACLE not in results.header.implementations:
        raise InvalidResults(
            "the results were made without the oracle",
            "make them with the default policy, and without --no-oracle",
        )
    if results.footer.interrupted:
        raise InvalidResults(
            "the run was interrupted", "finish it with `run --trace --resume FILE`"
        )


def _traces(outcomes: Sequence[Outcome]) -> list[Trace]:
    return [outcome.trace for outcome in outcomes if outcome.trace is not None]


def _ran(outcomes: Sequence[Outcome]) -> set[tuple[str, str]]:
    return {(call.backend, call.kernel) for trace in _traces(outcomes) for call in trace.kernels}


def _own(one: Settled) -> list[frozenset[Cell] | None]:
    """What a case reached on each implementation, None where that did not tell."""
    steady = drawn(_traces(one.outcomes))
    return [None if o.trace is None else cells(o.trace, steady) for o in one.outcomes]


def _reaches(one: Looked) -> Iterator[Reach]:
    everywhere = frozenset[Cell]().union(*(found for found in one.reached if found is not None))
    for found, verdict in zip(one.reached, one.settled.verdicts, strict=True):
        reached = everywhere if found is None else found
        yield Reach(verdict.case, verdict.implementation, reached, verdict)


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
