"""The cases in hand: between being taken from the plan and having an outcome from everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from conformance import variants
from conformance.implementations.options import Options
from conformance.outcomes import Outcome
from conformance.suite.case import Case

Settle = Callable[[Case, dict[str, Outcome]], None]

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Slot:
    """A case in hand: its request as a line, the same for everybody, and the outcomes so far."""

    number: int
    case: Case
    line: bytes
    held: int
    outcomes: dict[str, Outcome] = field(default_factory=dict)


class Hand(Protocol):
    """What whoever serves an implementation needs of a board; ``Board`` says what each means."""

    def get(self, number: int, wake: Callable[[], None]) -> Slot | None:
        """The case of this number, or None: there is none (``over``), or none yet."""

    def over(self, number: int) -> bool:
        """Whether the plan is known to end before this number."""

    def answer(self, number: int, outcome: Outcome, size: int = 0) -> None:
        """Note what came of a case."""

    def __getitem__(self, number: int) -> Slot: ...

    def __contains__(self, number: int) -> bool: ...


class Board:
    """Takes cases from the plan one by one, numbers them from 1, and settles each exactly once.

    The number is the id of the request. So that memory stays bounded, no case is taken from the
    plan that is too far ahead of the oldest one in hand, or while too many bytes are in hand.
    """

    def __init__(
        self, cases: Iterable[Case], addresses: Iterable[str], settle: Settle, options: Options
    ) -> None:
        self._cases = iter(cases)
        self._everybody = len(set(addresses))
        self._settle = settle
        self._options = options
        self._slots: dict[int, Slot] = {}
        self._taken = 0
        self._oldest = 1
        self._held = 0
        self._at_end = False
        self._waiting: set[Callable[[], None]] = set()

    def get(self, number: int, wake: Callable[[], None]) -> Slot | None:
        """The case of this number, or None: there is none (``over``), or none yet.

        In the second case ``wake`` is called, once, when it is worth asking again. Numbers are
        asked for in order.
        """
        slot = self._slots.get(number)
        if slot is not None or self.over(number):
            return slot
        if number >= self._oldest + self._options.ahead or self._held >= self._options.ahead_bytes:
            self._waiting.add(wake)
            return None
        return self._take()

    def over(self, number: int) -> bool:
        """Whether the plan is known to end before this number."""
        return self._at_end and number > self._taken

    def __getitem__(self, number: int) -> Slot:
        return self._slots[number]

    def __contains__(self, number: int) -> bool:
        return number in self._slots

    def answer(self, number: int, outcome: Outcome, size: int = 0) -> None:
        """Note an implementation's outcome; with the last one the case is settled.

        A second outcome of the same implementation takes the place of the first. ``size`` is what
        the outcome weighs, in bytes.
        """
        slot = self._slots[number]
        slot.outcomes[outcome.implementation] = outcome
        slot.held += size
        self._held += size
        if len(slot.outcomes) < self._everybody:
            return
        del self._slots[number]
        self._held -= slot.held
        while self._oldest <= self._taken and self._oldest not in self._slots:
            self._oldest += 1
        self._settle(slot.case, slot.outcomes)
        waiting, self._waiting = self._waiting, set()
        for wake in waiting:
            wake()

    def _take(self) -> Slot | None:
        case = next(self._cases, None)
        if case is None:
            self._at_end = True
            return None
        self._taken += 1
        # Variants and laws ask for a case once more: what they reach is what the case reaches.
        again = case.law is not None or variants.original(case.id)[1] is not None
        trace = self._options.trace and not again
        explain = self._options.explain and not again
        request = case.request(self._taken, trace=trace, tap=self._options.tap, explain=explain)
        line = _encode(request) + b"\n"
        slot = Slot(number=self._taken, case=case, line=line, held=len(line))
        self._slots[slot.number] = slot
        self._held += slot.held
        return slot
