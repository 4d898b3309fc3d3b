"""One implementation's way through all cases, over as many processes as that takes.

Requests are in flight up to the window; answers come in any order. When a process breaks off, all
that it left unanswered is sent again to the next one, one at a time, the suspect first: the oldest
one, or the one that the process itself named. Only a case that is sent alone to a fresh process,
not for the first time, and breaks it, gets that as its outcome. So a breakdown costs one case at
most, and never one that merely stood near it. A case that is known to be dangerous is sent alone
from the first, and is believed at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from conformance.implementations.address import Implementation
from conformance.implementations.answers import read
from conformance.implementations.board import Hand, Slot
from conformance.implementations.errors import Broken, Fault, GivenUp
from conformance.implementations.greeting import START, STOP, greet, identity
from conformance.implementations.options import Options
from conformance.implementations.process import Process
from conformance.implementations.spawn import Early, spawn
from conformance.outcomes import Outcome
from conformance.protocol import Started

_STARTS = 2


class Lane:
    """One implementation on its way through the cases of a board."""

    def __init__(  # noqa: PLR0913, PLR0917  two of them are whom to tell
        self,
        implementation: Implementation,
        board: Hand,
        options: Options,
        started: Callable[[str, Started], None],
        fault: Callable[[Fault], None],
        early: Early,
        *,
        start: bytes = START,
    ) -> None:
        self._implementation = implementation
        self._address = implementation.address
        self._board = board
        self._options = options
        self._started = started
        self._fault = fault
        self._early = early
        self._start_line = start
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._identity: str | None = None
        self._processes = 0
        self._silent = 0
        self._next = 1
        self._again: deque[int] = deque()
        self._broke: dict[int, int] = {}
        self._flight: dict[int, int] = {}
        self._flight_bytes = 0
        self._asked: dict[int, str] = {}
        self._deadline = 0.0
        self._oldest: int | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Bring every case to an outcome of this implementation."""
        try:
            while not await self._one_process():
                pass
        except GivenUp as given_up:
            self._fault(
                Fault(self._address, given_up.reason, hint=given_up.hint, stderr=given_up.stderr)
            )
            await self._leave_the_rest(given_up.reason)

    async def _one_process(self) -> bool:
        """Start a process and serve it cases; whether all are through."""
        process = await self._start()
        try:
            await self._converse(process)
            await process.stop(STOP, self._options.stop_grace)
            self._hear_the_last(process)
        except Broken as broken:
            await process.kill()
            self._after(broken, process.last_words())
            if not self._through():
                self._may_restart(broken.reason, process.last_words())
                return False
        finally:
            await process.kill()
        return True

    async def _start(self) -> Process:
        for attempt in range(1, _STARTS + 1):
            self._processes += 1
            try:
                child = self._early.take(self._address) or spawn(
                    self._implementation.argv, self._implementation.env
                )
            except OSError as error:
                raise GivenUp(
                    f"cannot be started: {error.strerror}: {self._implementation.argv[0]}",
                    hint="is it installed, executable, and spelled as on your PATH?",
                ) from None
            process = Process(child, max_line=self._options.max_line, wake=self._changed.set)
            try:
                await self._meet(process)
            except Broken as broken:
                await process.kill()
                if attempt == _STARTS or self._processes > self._options.restarts:
                    raise GivenUp(
                        f"did not start: {broken.reason}",
                        hint=broken.hint or f"start it by hand and send it {START.decode()}",
                        stderr=process.last_words(),
                    ) from None
            except BaseException:
                await process.kill()
                raise
            else:
                return process
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _meet(self, process: Process) -> None:
        """Learn who answers; after a restart it must be the same as before."""
        started = await greet(process, self._changed, self._options.start_timeout, self._start_line)
        if self._identity is None:
            self._identity = identity(started)
            self._started(self._address, started)
        elif identity(started) != self._identity:
            raise GivenUp(
                f"is {identity(started)} after a restart, and was {self._identity}",
                hint="what one run compares must not change under way",
                stderr=process.last_words(),
            )

    async def _converse(self, process: Process) -> None:
        """Serve a process until no case is left."""
        self._asked = {}
        self._oldest = None
        try:
            while True:
                self._hear(process)
                if self._through():
                    return
                if wrong := process.failure or process.ending:
                    raise Broken(wrong)
                self._send(process)
                self._watch_oldest(process)
                await self._change()
        finally:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _through(self) -> bool:
        """Whether every case has its outcome."""
        if self._flight or self._again:
            return False
        slot = self._board.get(self._next, self._changed.set)
        return slot is None and self._board.over(self._next)

    def _send(self, process: Process) -> None:
        """Fill the window once half of it is empty: few large writes cost less than many small."""
        if self._broke:
            if not self._flight:
                process.write(self._take_off(self._board[self._again.popleft()]))
            return
        if len(self._flight) > self._options.window // 2 or self._is_alone():
            return
        lines: list[bytes] = []
        while not self._flight or (
            len(self._flight) < self._options.window
            and self._flight_bytes < self._options.window_bytes
        ):
            slot = self._board.get(self._next, self._changed.set)
            if slot is None or (slot.case.is_dangerous and self._flight):
                break
            self._next += 1
            lines.append(self._take_off(slot))
            if slot.case.is_dangerous:
                break
        if lines:
            process.write(b"".join(lines))

    def _is_alone(self) -> bool:
        """Whether a case is in flight beside which no other one may be."""
        return len(self._flight) == 1 and self._board[next(iter(self._flight))].case.is_dangerous

    def _take_off(self, slot: Slot) -> bytes:
        self._flight[slot.number] = len(slot.line)
        self._flight_bytes += len(slot.line)
        self._asked[slot.number] = slot.case.id
        return slot.line

    def _hear(self, process: Process) -> None:
        for line in process.lines():
            if line.isspace():
                continue
            number, said, answer = read(line)
            if number not in self._flight:
                raise self._unasked(number)
            case = self._asked[number]
            attempts = self._broke.get(number, 0) + 1
            if isinstance(said, Started):
                raise Broken("said `started` in answer to a case", suspect=number)
            outcome = Outcome(
                case,
                self._address,
                attempts,
                returned=answer.returned,
                threw=answer.threw,
                unsupported=answer.unsupported,
                trace=answer.trace,
                taps=answer.taps,
                acceptance=answer.acceptance,
            )
            self._silent = 0
            self._land(number, outcome, len(line))

    def _unasked(self, number: int) -> Broken:
        case = self._asked.get(number)
        if case is None:
            return Broken(f"answered with id {number}, which was not asked")
        if number in self._board:
            self._board.answer(number, Outcome(case, self._address, crashed="answered twice"))
        else:
            self._fault(Fault(self._address, f"answered {case!r} twice"))
        return Broken("answered twice", excused=True)

    def _hear_the_last(self, process: Process) -> None:
        """What came after the last answer costs no case, but is not passed over."""
        try:
            self._hear(process)
        except Broken as broken:
            if not broken.excused:
                self._fault(Fault(self._address, f"did not end well: {broken.reason}"))

    def _watch_oldest(self, process: Process) -> None:
        """The clock of a case runs from the moment when it is the oldest one in flight."""
        oldest = next(iter(self._flight), None)
        if oldest != self._oldest:
            self._oldest = oldest
            self._deadline = self._loop.time() + (self._time_for(oldest) if oldest else 0.0)
        elif oldest is not None and self._loop.time() >= self._deadline:
            # The answer may be waiting in the pipe while somebody else took the time.
            process.read_what_is_there()
            self._hear(process)
            if oldest in self._flight:
                waited = f"{self._time_for(oldest):g} seconds"
                raise Broken(f"did not answer within {waited}", hung=True)
            self._changed.set()
        # One timer at a time: when it rings for a case long answered, it is set anew.
        if self._timer is not None and self._timer.when() > self._deadline:
            self._timer.cancel()
            self._timer = None
        if oldest is not None and self._timer is None:
            self._timer = self._loop.call_at(self._deadline, self._ring)

    def _time_for(self, number: int) -> float:
        """The seconds that a case has: those of the run, or fewer that it states itself."""
        seconds = self._options.case_timeout
        return min(seconds, self._board[number].case.timeout or seconds)

    def _ring(self) -> None:
        self._timer = None
        self._changed.set()

    def _after(self, broken: Broken, stderr: str) -> None:
        """Decide about what was in flight when a process broke off."""
        unanswered = list(self._flight)
        if not unanswered and not broken.excused:
            what = broken.reason.removesuffix(" before answering")
            self._fault(Fault(self._address, f"broke off between cases: {what}", stderr=stderr))
        for number in unanswered:
            self._broke[number] = self._broke.get(number, 0) + 1
        if unanswered and not broken.excused:
            suspect = broken.suspect if broken.suspect in self._flight else unanswered[0]
            unanswered.remove(suspect)
            confirmed = len(self._asked) == 1 and self._broke[suspect] > 1
            if confirmed or self._is_alone():
                self._land(suspect, self._blame(suspect, broken, stderr))
            else:
                unanswered.insert(0, suspect)
        self._again.extendleft(reversed(unanswered))
        self._flight.clear()
        self._flight_bytes = 0

    def _may_restart(self, reason: str, stderr: str) -> None:
        restarts = self._processes - 1
        if restarts >= self._options.restarts or self._silent >= self._options.silent_restarts:
            times = "1 restart" if restarts == 1 else f"{restarts} restarts"
            raise GivenUp(f"given up after {times}: {reason}", stderr=stderr)
        self._silent += 1

    def _blame(self, number: int, broken: Broken, stderr: str) -> Outcome:
        case, attempts = self._asked[number], self._broke[number]
        if broken.hung:
            return Outcome(case, self._address, attempts, timed_out=self._time_for(number))
        words = f"{broken.reason}\nstderr ends with:\n{stderr}" if stderr else broken.reason
        return Outcome(case, self._address, attempts, crashed=words)

    def _land(self, number: int, outcome: Outcome, size: int = 0) -> None:
        self._flight_bytes -= self._flight.pop(number)
        self._broke.pop(number, None)
        self._board.answer(number, outcome, size)

    async def _leave_the_rest(self, reason: str) -> None:
        for number in self._again:
            case = self._board[number].case.id
            outcome = Outcome(case, self._address, self._broke[number], not_run=reason)
            self._board.answer(number, outcome)
        while not self._board.over(self._next):
            slot = self._board.get(self._next, self._changed.set)
            if slot is not None:
                self._next += 1
                outcome = Outcome(slot.case.id, self._address, 0, not_run=reason)
                self._board.answer(slot.number, outcome)
            elif not self._board.over(self._next):
                await self._change()

    async def _change(self) -> None:
        await self._changed.wait()
        self._changed.clear()
