"""What is wrong with a ledger: what no case reaches, what none checks sharply, what never ran."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from conformance.ledger.checks import LOOKED_AT, named
from conformance.ledger.gather import Idle, Ledger
from conformance.ledger.registry import Registry
from conformance.ledger.unmodelled import FILE as UNMODELLED
from conformance.ledger.unmodelled import Unmodelled, mistakes
from conformance.ledger.unreachable import FILE as UNREACHABLE
from conformance.ledger.unreachable import Exemption, Kind
from conformance.outcomes import ORACLE


class LedgerError(msgspec.Struct, frozen=True):
    """One error: its kind, what it is about, and the sentence that says so."""

    kind: Literal["gradient", "untested", "function", "call", "model", "exemption"]
    about: str
    message: str
    case: str | None = None


class Lists(msgspec.Struct, frozen=True):
    """What is known to be out of reach, and to have no exact model, with the names of the files."""

    exemptions: Sequence[Exemption] = ()
    unmodelled: Sequence[Unmodelled] = ()
    file: str = UNREACHABLE
    models_file: str = UNMODELLED


def errors(ledger: Ledger, registry: Registry, lists: Lists, *, whole: bool) -> list[LedgerError]:
    """Everything that is wrong.

    Args:
        ledger: what was reached.
        registry: what there is.
        lists: what need not be reached or modelled, and may not.
        whole: whether the ledger has all cases. Only then does what is not reached say something.
    """
    exemptions = lists.exemptions
    used: set[int] = set()

    def exempt(kind: Kind, name: str, at: str | None = None) -> bool:
        found = [i for i, entry in enumerate(exemptions) if entry.covers(kind, name, at)]
        used.update(found)
        return bool(found)

    found: list[LedgerError] = []
    if whole:
        found += [error for error in _gradients(ledger, registry)
                  if not exempt("gradient", error.about)]  # fmt: skip
        found += _untested(ledger, lambda name, at: exempt("untested", name, at))
        found += [error for error in _functions(ledger, registry)
                  if not exempt("function", error.about)]  # fmt: skip
    found += [error for error in _calls(ledger.idle) if not exempt("call", error.about, error.case)]
    if whole:
        found += [
            LedgerError("model", about, message)
            for about, message in mistakes(ledger.models, lists.unmodelled, lists.models_file)
        ]
        found += list(_exemptions(exemptions, used, _reached(ledger), lists.file))
    return found


def _differentiated(ledger: Ledger) -> set[tuple[str, str]]:
    """Kernel and slot of all gradients that were computed."""
    return {
        (cell.kernel, cell.slot)
        for reach in ledger.reaches
        for cell in reach.cells
        if cell.order != "value"
    }


def _gradients(ledger: Ledger, registry: Registry) -> Iterator[LedgerError]:
    computed = _differentiated(ledger)
    reached = {kernel for kernel, _ in computed}
    for kernel in sorted(registry.gradients - reached):
        yield LedgerError("gradient", kernel, f"no case reaches the gradient of {kernel}")
    for kernel, known in sorted(ledger.rules.items()):
        # What a tf.js op brings along inside itself is no registered gradient, but as much a rule.
        for slot in sorted(known) if kernel in reached else ():
            if (kernel, slot) not in computed:
                message = f"no case reaches the gradient of {kernel} for its input {slot}"
                yield LedgerError("gradient", f"{kernel}.{slot}", message)


def _untested(ledger: Ledger, exempt: Callable[[str, str], bool]) -> Iterator[LedgerError]:
    where: dict[str, list[str]] = defaultdict(list)
    for slot, address, counts in ledger.checks.untested(_judged(ledger)):
        cases = ", ".join(f"{counts[word]} {word}" for word in LOOKED_AT if counts[word])
        if not exempt(named(slot), address):
            where[named(slot)].append(f"{address} ({cases or 'none compares it'})")
    for name, addresses in where.items():
        message = f"no case checks the gradient {name} sharply on {', '.join(addresses)}"
        yield LedgerError("untested", name, message)


def _judged(ledger: Ledger) -> list[str]:
    return [address for address in ledger.implementations if address != ORACLE]


def _functions(ledger: Ledger, registry: Registry) -> Iterator[LedgerError]:
    for function in sorted(registry.functions - ledger.called.keys()):
        if function in ledger.named:
            message = f"cases name {function}, but in none of them it ran"
        else:
            message = f"no case names {function}"
        yield LedgerError("function", function, message)


def _calls(idle: Sequence[Idle]) -> Iterator[LedgerError]:
    where: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in idle:
        where[one.case, one.call].append(one.implementation)
    for (case, call), addresses in where.items():
        message = f"{case} names {call}, which never ran on {' and '.join(addresses)}"
        yield LedgerError("call", call, message, case)


def _reached(ledger: Ledger) -> dict[Kind, set[tuple[str, str | None]]]:
    """What an exemption may not be about, and where."""
    computed = _differentiated(ledger)
    slots = {kernel for kernel, _ in computed} | {f"{k}.{slot}" for k, slot in computed}
    return {
        "gradient": {(name, None) for name in slots},
        "function": {(name, None) for name in ledger.called},
        "call": set(),
        "untested": {
            (named(slot), address)
            for slot in ledger.checks.slots()
            for address in _judged(ledger)
            if ledger.checks.of(slot, address)["sharp"]
        },
    }


def _exemptions(
    exemptions: Sequence[Exemption],
    used: set[int],
    reached: dict[Kind, set[tuple[str, str | None]]],
    file: str,
) -> Iterator[LedgerError]:
    for i, entry in enumerate(exemptions):
        what = f"{file}:{entry.line}: {entry.kind} `{entry.pattern}`"
        wrong = sorted(
            name for name, at in reached[entry.kind] if entry.covers(entry.kind, name, at)
        )
        if wrong:
            done = "is tested" if entry.kind == "untested" else "is reached"
            message = f"{what} {done} ({wrong[0]}): remove the entry, or narrow it"
            yield LedgerError("exemption", entry.pattern, message)
        elif i not in used:
            message = f"{what} matches nothing that is out of reach: remove the entry"
            yield LedgerError("exemption", entry.pattern, message)
