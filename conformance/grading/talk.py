"""A conversation with one implementation in which every deviation is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from conformance.implementations.address import Implementation
from conformance.implementations.answers import read
from conformance.implementations.errors import Broken
from conformance.implementations.greeting import STOP, greet
from conformance.implementations.process import Process
from conformance.implementations.spawn import spawn
from conformance.protocol import Returned, Run, Start, Started, Threw

Said = Returned | Threw | str


class Limits(msgspec.Struct, frozen=True):
    """How long to wait, in seconds: for ``started``, for answers, for an exit. Lines in bytes."""

    start: float = 120.0
    answer: float = 20.0
    end: float = 5.0
    line: int = 64 << 20


class Talk:
    """Asks one implementation; a process that broke off is replaced when the next question comes.

    ``noise`` is the first line on stdout that was no answer, ``unasked`` the first answer that
    nothing asked for: a second one, or one with another id.
    """

    def __init__(self, implementation: Implementation, limits: Limits) -> None:
        self.limits = limits
        self.noise: str | None = None
        self.unasked: str | None = None
        self.started: Started | None = None
        self._implementation = implementation
        self._changed = asyncio.Event()
        self._process: Process | None = None
        self._number = 0

    async def start(self) -> Started:
        """Make sure that a process is there that has said who it is.

        Raises:
            Broken: it cannot be started, or does not say it.
        """
        if self._process is not None and self.started is not None:
            return self.started
        process = self.open()
        try:
            self.started = await greet(process, self._changed, self.limits.start)
        except Broken as broken:
            self._remember(broken)
            await self.close()
            raise _explained(broken, process) from None
        return self.started

    def open(self) -> Process:
        """A new process that was asked nothing yet.

        Raises:
            Broken: it cannot be started.
        """
        try:
            child = spawn(self._implementation.argv, self._implementation.env)
        except OSError as error:
            name = self._implementation.argv[0]
            raise Broken(f"cannot be started: {error.strerror}: {name}") from None
        self._process = Process(child, max_line=self.limits.line, wake=self._changed.set)
        return self._process

    async def close(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            await self._process.kill()
        self._process = None
        self.started = None

    async def ask(self, *runs: Run, in_bytes: bool = False) -> list[Said]:
        """Send all of these at once, and give the answers in the order of the questions.

        With ``in_bytes`` each byte is written on its own.

        Raises:
            Broken: something else than one answer for each came, in time.
        """
        await self.start()
        process = self._process
        assert process is not None
        numbers = range(self._number + 1, self._number + len(runs) + 1)
        self._number += len(runs)
        numbered = zip(runs, numbers, strict=True)
        lines = [msgspec.json.encode(msgspec.structs.replace(r, id=n)) + b"\n" for r, n in numbered]
        try:
            if in_bytes:
                for byte in b"".join(lines):
                    process.write(bytes([byte]))
                    await asyncio.sleep(0)
            else:
                process.write(b"".join(lines))
            async with asyncio.timeout(self.limits.answer):
                said = await self._answers(process, set(numbers))
        except TimeoutError:
            await self.close()
            raise Broken(f"did not answer within {self.limits.answer:g} seconds") from None
        except Broken as broken:
            self._remember(broken)
            await self.close()
            raise _explained(broken, process) from None
        return [said[number] for number in numbers]

    async def offer(self, protocol: int) -> Started | None:
        """What a new process says of itself when it is asked for this version of the protocol."""
        await self.close()
        process = self.open()
        process.write(msgspec.json.encode(Start(id=0, protocol=protocol)) + b"\n")
        try:
            async with asyncio.timeout(self.limits.start):
                _, said, _ = read(await self._line(process))
        except (TimeoutError, Broken):
            return None
        finally:
            await self.close()
        return said if isinstance(said, Started) else None

    async def end(self, *, by_stop: bool) -> str:
        """How the process ends at ``stop``, or at the end of its input.

        Raises:
            Broken: it does not end in time, or does not start.
        """
        await self.start()
        process = self._process
        assert process is not None
        try:
            if by_stop:
                process.write(STOP)
                async with asyncio.timeout(self.limits.end):
                    while process.ending is None:
                        await self._change()
            else:
                await process.stop(b"", self.limits.end)
            self._look(process.lines(), {}, set())
        except TimeoutError:
            raise Broken(f"did not end within {self.limits.end:g} seconds") from None
        except Broken as broken:
            self._remember(broken)
            raise
        finally:
            await self.close()
        return (process.ending or "").removesuffix(" before answering")

    async def _answers(self, process: Process, wanted: set[int]) -> dict[int, Said]:
        found: dict[int, Said] = {}
        while len(found) < len(wanted):
            self._look(process.lines(), found, wanted)
            if len(found) == len(wanted):
                break
            if wrong := process.failure or process.ending:
                raise Broken(wrong)
            await self._change()
        return found

    def _look(self, lines: Sequence[bytes], found: dict[int, Said], wanted: set[int]) -> None:
        for line in lines:
            if line.isspace():
                continue
            number, said, _ = read(line)
            if number not in wanted or number in found:
                times = "twice" if number in found or 0 < number <= self._number else "unasked"
                raise Broken(f"answered {times}: id {number}", excused=True)
            if isinstance(said, Started):
                raise Broken("said `started` in answer to a case")
            found[number] = said

    async def _line(self, process: Process) -> bytes:
        while True:
            for line in process.lines():
                if not line.isspace():
                    return line
            if wrong := process.failure or process.ending:
                raise Broken(wrong)
            await self._change()

    async def _change(self) -> None:
        await self._changed.wait()
        self._changed.clear()

    def _remember(self, broken: Broken) -> None:
        if broken.excused:
            self.unasked = self.unasked or broken.reason
        elif broken.reason.startswith("wrote"):
            self.noise = self.noise or broken.reason


def _explained(broken: Broken, process: Process) -> Broken:
    """The same with the last line that the process wrote to stderr."""
    words = process.last_words(1)
    said = f"; its last words: {words}" if words else ""
    return Broken(broken.reason + said, hint=broken.hint)
