"""How sharply gradients were checked: by input slot, order and implementation.

That a case passes says little where rounding may move its result far. A check counts as sharp where
every element of what the case computes has a sharp ball (``conformance.protocol.Ball``) under the
contract of the implementation: then no step of the case amplified anything, whatever their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np

from conformance.judge.contracts import contract_of
from conformance.ledger.cells import ORDERS, Cell, Order
from conformance.outcomes import Outcome, Verdict
from conformance.protocol import Ball, Started
from conformance.results import Settled, oracle_of
from conformance.tensors import Tensor

Word = Literal["sharp", "zero", "usable", "vacuous", "nothing", "failed"]
"""What a case is to a slot.

It checks the gradient ``sharp``; or sharply, but nothing of it is other than ``zero``; in balls
that are ``usable``; or one of them is ``vacuous``. Or ``nothing`` was held against the oracle. Or
the implementation ``failed``: there was no gradient of the right kind to look at.
"""

LOOKED_AT: tuple[Word, ...] = ("sharp", "usable", "vacuous")
"""What the views have a column for."""

Slot = tuple[str, str, Order]
"""A kernel, its input slot, and the order of the gradient."""

# Behind these findings every element was held against its ball.
_COMPARED = frozenset({"numeric", "special", "convention", "printed", "leak"})
_SHARP, _VACUOUS = 0, 3


def named(slot: Slot) -> str:
    """A slot and its order, as ``Pow.b second``."""
    return "{}.{} {}".format(*slot)


class Checks(msgspec.Struct, frozen=True):
    """By slot and implementation, the cases by what they are to the slot."""

    by_slot: Mapping[Slot, Mapping[str, Counter[Word]]] = {}

    def slots(self) -> list[Slot]:
        """All slots, by name and then by order."""
        return sorted(self.by_slot, key=lambda slot: (*slot[:2], ORDERS.index(slot[2])))

    def of(self, slot: Slot, implementation: str) -> Counter[Word]:
        """The cases of one slot and implementation; ``zero`` is sharp where there is no more."""
        found = Counter(self.by_slot.get(slot, {}).get(implementation, {}))
        if found["zero"] and self._is_zero(slot):
            found["sharp"] = found.pop("zero")
        return found

    def untested(self, implementations: Sequence[str]) -> Iterator[tuple[Slot, str, Counter[Word]]]:
        """Slots without a sharp check on an implementation that has such a gradient at all.

        Third and higher derivatives are none of them: each order adds to the bounds of the one
        before, so what is sharp enough there is no property of the cases.
        """
        for slot in self.slots():
            if slot[2] == "higher":
                continue
            for implementation in implementations:
                found = self.of(slot, implementation)
                if not found["sharp"] and found.keys() - {"failed"}:
                    yield slot, implementation, found

    def _is_zero(self, slot: Slot) -> bool:
        """Whether the gradient is zero in all cases, as that of a floor is."""
        others = Counter[Word]()
        for found in self.by_slot[slot].values():
            others += found
        return not others["sharp"] + others["usable"] + others["vacuous"]


class Looked(msgspec.Struct, frozen=True):
    """A case with what it reached on each implementation, None where that did not tell."""

    settled: Settled
    reached: Sequence[frozenset[Cell] | None]


def checks(items: Iterable[Looked], started: Mapping[str, Started | None]) -> Checks:
    """The checks of some cases; ``started`` says which contract an implementation is held to."""
    found: dict[Slot, dict[str, Counter[Word]]] = {}
    contracts = {address: contract_of(one) for address, one in started.items()}
    for item in items:
        by_contract = {name: _width(item.settled, name) for name in set(contracts.values())}
        everywhere = _slots(cell for cells in item.reached for cell in cells or ())
        said = zip(item.settled.outcomes, item.settled.verdicts, item.reached, strict=True)
        for outcome, verdict, own in said:
            word = _word(outcome, verdict, by_contract[contracts[verdict.implementation]])
            # What threw may not have come as far as the others did.
            slots = everywhere if own is None or word == "failed" else _slots(own)
            for slot in slots:
                by_address = found.setdefault(slot, {})
                by_address.setdefault(verdict.implementation, Counter())[word] += 1
    return Checks(found)


def _slots(cells: Iterable[Cell]) -> Collection[Slot]:
    return {(cell.kernel, cell.slot, cell.order) for cell in cells if cell.order != "value"}


def _word(outcome: Outcome, verdict: Verdict, width: Word) -> Word:
    match verdict.verdict:
        case "pass":
            if outcome.returned is None:
                return "failed"  # as the case wants it
            # What was held against the oracle has a share of its budget.
            return width if verdict.used is not None else "nothing"
        case "ill-conditioned":
            return "usable" if width == "usable" else "vacuous"
        case "differs":
            return width if verdict.kind in _COMPARED else "failed"
        case "accepted" | "not run":
            return "nothing"
        case "threw" | "crashed" | "timed out" | "unsupported":
            return "failed"


def _width(item: Settled, contract: str) -> Word:
    """How wide the balls of what a case computes are."""
    counts = np.zeros(_VACUOUS + 1, int)
    is_zero = True
    for ball, tensor in _balls(item):
        counts += ball.widths.get(contract, (0,) * len(counts))
        is_zero &= not _moves(tensor)
    if not counts.any():
        return "nothing"
    if counts[_VACUOUS]:
        return "vacuous"
    if counts[_SHARP] != counts.sum():
        return "usable"
    return "zero" if is_zero else "sharp"


def _moves(tensor: Tensor) -> bool:
    """Whether any element is a number other than zero."""
    elements = tensor.numpy()
    return bool((np.isfinite(elements) & (elements != 0)).any())


def _balls(item: Settled) -> Iterator[tuple[Ball, Tensor]]:
    """The balls of the gradients of a case; of a case without gradients, of its value."""
    oracle = oracle_of(item)
    if oracle is None or oracle.returned is None or oracle.acceptance is None:
        return
    accepted, answer = oracle.acceptance, oracle.returned
    pairs: Iterable[tuple[Ball | None, Tensor | None]]
    match item.case.call:
        case "value":
            pairs = [(accepted.value, answer.value)]
        case "minimize":
            pairs = zip(accepted.variables, answer.variables, strict=True)
        case _:
            pairs = zip(accepted.grads, answer.grads, strict=True)
    for ball, tensor in pairs:
        if ball is not None and tensor is not None:
            yield ball, tensor
