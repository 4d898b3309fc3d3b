"""The oracle on its way through the cases: from what is stored, and from a process for the rest.

No process is started before a case comes whose answer is not stored. Who answers is stored as well,
so the header of a run says it even where nobody had to be asked.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Mapping

import msgspec

from conformance.fingerprint import fingerprint
from conformance.goldens import Golden, Goldens
from conformance.implementations import greeting
from conformance.implementations.address import Implementation
from conformance.implementations.board import Board, Slot
from conformance.implementations.errors import Fault
from conformance.implementations.lane import Lane
from conformance.implementations.options import Options
from conformance.implementations.spawn import Early
from conformance.outcomes import Outcome
from conformance.protocol import Contract, Started

Found = tuple[Golden, int]

NOT_NEEDED = "a law is held against the implementation's own answers"
# How many answers are looked up at once; between two of these the others have their turn.
_AT_ONCE = 64
# How long cases may gather before they are looked up.
_GATHERING = 0.02
_NOTHING = Golden()
_encode = msgspec.json.Encoder(order="deterministic").encode


class Oracle:
    """Whom the judge asks how far answers may be off, and how many of its own came from where.

    ``found`` counts the answers that were stored, ``computed`` those of a process.
    """

    def __init__(
        self,
        implementation: Implementation,
        contracts: Mapping[str, Contract],
        goldens: Goldens | None = None,
    ) -> None:
        """Ask this implementation for these contracts; without ``goldens`` nothing is stored."""
        self.implementation = implementation
        self.start = greeting.start(contracts)
        self.found = 0
        self.computed = 0
        self.goldens = goldens or Goldens(None)
        about = [implementation.address.encode(), _encode(contracts), fingerprint()]
        self._about = hashlib.blake2b(digest_size=32)
        for part in about:
            self._about.update(f"{len(part)}\0".encode() + part)

    @property
    def address(self) -> str:
        """The name under which its outcomes appear."""
        return self.implementation.address

    async def run(
        self,
        board: Board,
        options: Options,
        started: Callable[[str, Started], None],
        fault: Callable[[Fault], None],
    ) -> None:
        """Bring every case of the board to an outcome of the oracle."""
        who = self.stored_as(b"who")

        def met(address: str, answer: Started) -> None:
            if who_answers is None:
                self.goldens.put(who, Golden(started=answer))
                started(address, answer)

        def misbehaved(what: Fault) -> None:
            self.goldens.distrust()
            fault(what)

        stored = self.goldens.get([who]).get(who)
        who_answers = stored[0].started if stored else None
        unknown = _Unknown(self, board)
        if who_answers is not None:
            started(self.address, who_answers)
            if not await unknown.any():
                return
        # Where it is not stored who answers, the process starts before any case is settled.
        lane = Lane(
            self.implementation, unknown, options, met, misbehaved, Early([]), start=self.start
        )
        await lane.run()

    def key(self, slot: Slot) -> bytes:
        """What the answer to the request of a case is stored under."""
        return self.stored_as(asked(slot.line, slot.number))

    def stored_as(self, what: bytes) -> bytes:
        """What something of this oracle, under these contracts, is stored under."""
        digest = self._about.copy()
        digest.update(what)
        return digest.digest()


def asked(line: bytes, number: int) -> bytes:
    """All of a request that its answer depends on: neither its id nor whether a trace is asked."""
    head = b'{"do":"run","id":%d,' % number
    assert line.startswith(head)
    return line[len(head) :].removesuffix(b"}\n").removesuffix(b',"trace":true')


class _Unknown:
    """The part of a board whose answers are not stored; the others are answered on the way.

    To the lane that serves it this is all there is: its cases are numbered from 1 in ``get`` and
    ``over``, and keep the numbers of their requests in everything else.
    """

    def __init__(self, oracle: Oracle, board: Board) -> None:
        self._oracle = oracle
        self._board = board
        self._next = 1
        self._batch: deque[tuple[Slot, Found | None]] = deque()
        self._keys: dict[int, bytes] = {}
        self._count = 0
        self._last = 0

    async def any(self) -> bool:
        """Whether there is a case to be asked; all before it are answered then."""
        changed = asyncio.Event()
        while self.get(1, changed.set) is None:
            if self.over(1):
                return False
            await changed.wait()
            # The board has room for one case at a time: many are looked up for the price of a few.
            await asyncio.sleep(_GATHERING)
            changed.clear()
        return True

    def get(self, number: int, wake: Callable[[], None]) -> Slot | None:
        """The case of this number, or None: there is none (``over``), or none yet."""
        if number <= self._count:
            return self._board[self._last]
        if not self._batch:
            self._look_up(wake)
            if not self._batch:
                return None
        while self._batch:
            slot, found = self._batch.popleft()
            if slot.case.law is not None:
                self._board.answer(
                    slot.number, Outcome(slot.case.id, self._oracle.address, 0, not_run=NOT_NEEDED)
                )
            elif found is not None:
                self._oracle.found += 1
                self._board.answer(slot.number, self._outcome(slot, found[0]), found[1])
            else:
                self._count += 1
                self._last = slot.number
                return slot
        # Not the next ones at once: so many answers took their time, and others wait for theirs.
        asyncio.get_running_loop().call_soon(wake)
        return None

    def over(self, number: int) -> bool:
        """Whether no case of this number will come."""
        return number > self._count and not self._batch and self._board.over(self._next)

    def __getitem__(self, number: int) -> Slot:
        return self._board[number]

    def __contains__(self, number: int) -> bool:
        return number in self._board

    def answer(self, number: int, outcome: Outcome, size: int = 0) -> None:
        """Note what came of a case that was asked, and store it where all went well."""
        key = self._keys[number]
        golden = Golden(
            returned=outcome.returned,
            threw=outcome.threw,
            unsupported=outcome.unsupported,
            acceptance=outcome.acceptance,
        )
        if golden == _NOTHING:
            self._oracle.goldens.forget(key)
        else:
            self._oracle.computed += 1
            if outcome.attempts == 1:
                self._oracle.goldens.put(key, golden)
        self._board.answer(number, outcome, size)

    def _look_up(self, wake: Callable[[], None]) -> None:
        """Take the next cases from the board, and what is stored of them."""
        slots: list[Slot] = []
        while len(slots) < _AT_ONCE and (slot := self._board.get(self._next, wake)) is not None:
            self._next += 1
            slots.append(slot)
        keys = {slot.number: self._oracle.key(slot) for slot in slots if slot.case.law is None}
        found = self._oracle.goldens.get(keys.values()) if keys else {}
        for slot in slots:
            stored = found.get(keys.get(slot.number, b""))
            if stored is None and slot.number in keys:
                self._keys[slot.number] = keys[slot.number]
            self._batch.append((slot, stored))

    def _outcome(self, slot: Slot, golden: Golden) -> Outcome:
        return Outcome(
            slot.case.id,
            self._oracle.address,
            returned=golden.returned,
            threw=golden.threw,
            unsupported=golden.unsupported,
            acceptance=golden.acceptance,
        )
