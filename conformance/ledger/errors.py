"""What is wrong with a ledger: what is there in tf.js and no case reaches, what never ran."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from conformance.ledger.gather import Idle, Ledger
from conformance.ledger.registry import Registry
from conformance.ledger.unreachable import Exemption, Kind


class LedgerError(msgspec.Struct, frozen=True):
    """One error: its kind, what it is about, and the sentence that says so."""

    kind: Literal["gradient", "function", "call", "exemption"]
    about: str
    message: str
    case: str | None = None


def errors(
    ledger: Ledger,
    registry: Registry,
    exemptions: Sequence[Exemption],
    *,
    file: str,
    whole: bool,
) -> list[LedgerError]:
    """Everything that is wrong.

    Args:
        ledger: what was reached.
        registry: what there is.
        exemptions: what need not be reached, and may not.
        file: how messages call the file of the exemptions.
        whole: whether the ledger has all cases. Only then does what is not reached say something.
    """
    used: set[int] = set()

    def exempt(kind: Kind, name: str, case: str | None = None) -> bool:
        found = [i for i, entry in enumerate(exemptions) if entry.covers(kind, name, case)]
        used.update(found)
        return bool(found)

    found: list[LedgerError] = []
    if whole:
        found += [error for error in _gradients(ledger, registry)
                  if not exempt("gradient", error.about)]  # fmt: skip
        found += [error for error in _functions(ledger, registry)
                  if not exempt("function", error.about)]  # fmt: skip
    found += [error for error in _calls(ledger.idle) if not exempt("call", error.about, error.case)]
    if whole:
        reached = _reached(ledger)
        found += list(_exemptions(exemptions, used, reached, file))
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


def _reached(ledger: Ledger) -> dict[Kind, set[str]]:
    """What an exemption may not be about."""
    computed = _differentiated(ledger)
    return {
        "gradient": {kernel for kernel, _ in computed} | {f"{k}.{slot}" for k, slot in computed},
        "function": set(ledger.called),
        "call": set(),
    }


def _exemptions(
    exemptions: Sequence[Exemption], used: set[int], reached: dict[Kind, set[str]], file: str
) -> Iterator[LedgerError]:
    for i, entry in enumerate(exemptions):
        what = f"{file}:{entry.line}: {entry.kind} `{entry.pattern}`"
        wrong = sorted(name for name in reached[entry.kind] if entry.covers(entry.kind, name))
        if wrong:
            message = f"{what} is reached ({wrong[0]}): remove the entry, or narrow it"
            yield LedgerError("exemption", entry.pattern, message)
        elif i not in used:
            message = f"{what} matches nothing that is out of reach: remove the entry"
            yield LedgerError("exemption", entry.pattern, message)
