"""The numbers that every view of the ledger begins with, and the rows that they share."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator

import msgspec

from conformance.ledger.cells import ORDERS, RANKS, Cell
from conformance.ledger.checks import LOOKED_AT, Slot
from conformance.ledger.gather import Ledger, Tally
from conformance.ledger.registry import Registry
from conformance.outcomes import ORACLE

DTYPES = ("float32", "int32", "bool", "complex64", "string")


class Share(msgspec.Struct, frozen=True):
    """So many ``of`` these things, such as registered gradients, are reached."""

    what: str
    reached: int
    of: int


class CheckRow(msgspec.Struct, frozen=True):
    """How sharply a gradient was checked, as a text for each implementation."""

    kernel: str
    slot: str
    order: str
    cells: tuple[str, ...]


class Row(msgspec.Struct, frozen=True):
    """One slot of a kernel: cases by order, kinds of inputs, verdicts on what reached its gradient.

    ``dtypes`` are those of the inputs the kernel had there, ``ranks`` those whose gradient was
    computed; of a slot without gradient, of all inputs. A registered gradient that nothing reached
    has the slot ``—``.
    """

    kernel: str
    slot: str
    orders: dict[str, int]
    dtypes: tuple[str, ...]
    ranks: tuple[str, ...]
    empty: bool
    verdicts: dict[str, Tally]


def shares(ledger: Ledger, registry: Registry) -> list[Share]:
    """What is reached of the registered gradients, their slots, the kernels and the functions."""
    reached = {(cell.kernel, cell.slot, cell.order) for r in ledger.reaches for cell in r.cells}
    slots = {(k, slot) for k in registry.gradients for slot in ledger.rules.get(k, ())}
    found = []
    for order in ("first", "second"):
        kernels = {kernel for kernel, _, at in reached if at == order} & registry.gradients
        own = {(kernel, slot) for kernel, slot, at in reached if at == order} & slots
        found.append(Share(f"registered gradients, {order} order", len(kernels),
                           len(registry.gradients)))  # fmt: skip
        found.append(Share(f"their input slots, {order} order", len(own), len(slots)))
    for backend, every in sorted(registry.kernels.items()):
        ran = every & ledger.backends.get(backend, Counter()).keys()
        found.append(Share(f"kernels of {backend}", len(ran), len(every)))
    found += _tested(ledger)
    called = ledger.called.keys() & registry.functions
    found.append(Share("public functions", len(called),
                       len(registry.functions)))  # fmt: skip
    return found


def _tested(ledger: Ledger) -> Iterator[Share]:
    """By order and implementation, the slots with a sharp check, of those with a gradient there."""
    judged = [address for address in ledger.implementations if address != ORACLE]
    for order, address in itertools.product(("first", "second"), judged):
        slots = [slot for slot in ledger.checks.slots() if slot[2] == order]
        counts = [ledger.checks.of(slot, address) for slot in slots]
        there = [found for found in counts if found.keys() - {"failed"}]
        sharp = sum(found["sharp"] > 0 for found in there)
        yield Share(f"checked sharply on {address}, {order} order", sharp, len(there))


def gradient_rows(ledger: Ledger, registry: Registry) -> list[Row]:
    """A row per slot of every registered gradient, and of those that ops bring along."""
    rules = {kernel: ledger.rules.get(kernel, frozenset()) for kernel in registry.gradients}
    rules |= ledger.rules
    wanted = [(k, slot) for k in sorted(rules) for slot in sorted(rules[k]) or ("—",)]
    gradients = ledger.tally(lambda c: () if c.order == "value" else ((c.kernel, c.slot),))
    return list(_rows(ledger, wanted, gradients))


def other_rows(ledger: Ledger, registry: Registry) -> list[Row]:
    """A row per slot of every kernel that has no registered gradient and ran, or could have run."""
    every = frozenset[str]().union(*registry.kernels.values()) - registry.gradients
    slots: dict[str, set[str]] = defaultdict(set)
    for reach in ledger.reaches:
        for cell in reach.cells:
            slots[cell.kernel].add(cell.slot)
    wanted = [(k, slot) for k in sorted(every) for slot in sorted(slots.get(k, ())) or ("—",)]
    return list(_rows(ledger, wanted, ledger.tally(lambda c: ((c.kernel, c.slot),))))


def check_rows(ledger: Ledger) -> list[CheckRow]:
    """A row per slot and order, with sharp / usable / vacuous checks for each implementation."""
    return [
        CheckRow(*slot, tuple(_counts(ledger, slot, a) for a in ledger.implementations))
        for slot in ledger.checks.slots()
    ]


def _counts(ledger: Ledger, slot: Slot, address: str) -> str:
    found = ledger.checks.of(slot, address)
    if not found:
        return "·"
    if found.keys() == {"failed"}:
        return "fails"
    return " / ".join(str(found[word]) for word in LOOKED_AT)


def attributes(ledger: Ledger) -> dict[str, dict[str, Counter[str]]]:
    """By kernel and attribute, how many cases had which value."""
    counts = ledger.count(lambda c: [(c.kernel, name, value) for name, value in c.attributes])
    found: dict[str, dict[str, Counter[str]]] = {}
    for (kernel, name, value), cases in sorted(counts.items()):
        found.setdefault(kernel, {}).setdefault(name, Counter())[value] = cases
    return found


def most_first(counts: Counter[str]) -> list[tuple[str, int]]:
    """Values with their counts, the most frequent first, those of one count by name."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _rows(
    ledger: Ledger, wanted: list[tuple[str, str]], tallies: dict[tuple[str, str], dict[str, Tally]]
) -> Iterator[Row]:
    orders = ledger.count(lambda c: ((c.kernel, c.slot, c.order),))
    kinds: dict[tuple[str, str], set[Cell]] = defaultdict(set)
    for reach in ledger.reaches:
        for cell in reach.cells:
            kinds[cell.kernel, cell.slot].add(cell)
    for kernel, slot in wanted:
        cells = kinds[kernel, slot]
        differentiated = [cell for cell in cells if cell.order != "value"]
        ranked = {cell.rank for cell in differentiated or cells}
        dtypes = {cell.dtype for cell in cells}
        yield Row(
            kernel=kernel,
            slot=slot,
            orders={order: orders[kernel, slot, order] for order in ORDERS},
            dtypes=tuple(dtype for dtype in DTYPES if dtype in dtypes),
            ranks=tuple(rank for rank in RANKS if rank in ranked),
            empty=any(cell.empty for cell in differentiated or cells),
            verdicts=tallies.get((kernel, slot), {}),
        )
