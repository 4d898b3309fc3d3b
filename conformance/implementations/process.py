"""One child process: lines in, lines out, and its certain end.

The pipes are read and written by the event loop's callbacks, never blocking: a child that does not
read, or writes without end, cannot stop the harness. The child leads a process group of its own,
and only that group is ever signalled, while the leader's id is still ours (running, or dead and not
reaped).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections import deque
from collections.abc import Callable
from itertools import takewhile

from conformance.implementations.answers import quote
from conformance.implementations.spawn import Child

_CHUNK = 1 << 16
_LAST_WORDS = 64 << 10
# What a dead process may have left in a pipe: Linux lets a pipe hold 1 MiB at most.
_PIPE_BYTES = 1 << 20
# How long an exit may take once stdout or stdin is closed, before that itself is the fault.
_EXIT_GRACE = 1.0
# How long answers may gather before they are read: far less than a window of them takes.
_GATHERING = 0.005


class Process:
    """A running child. ``wake`` is called after every change: lines, a failure, the end.

    ``failure`` says what made the stream unreadable (a line without end, a closed pipe), ``ending``
    how the process ended; both are None while all is well.
    """

    def __init__(
        self,
        child: Child,
        *,
        max_line: int,
        wake: Callable[[], None],
    ) -> None:
        self.failure: str | None = None
        self.ending: str | None = None
        self._wake = wake
        self._max_line = max_line
        self._lines: list[bytes] = []
        self._partial = bytearray()
        self._stderr = bytearray()
        self._unwritten: deque[memoryview] = deque()
        self._gone = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._popen = child
        pipes = (self._popen.stdin, self._popen.stdout, self._popen.stderr)
        self._pipes = [pipe for pipe in pipes if pipe is not None]
        self._in, self._out, self._err = (pipe.fileno() for pipe in self._pipes)
        for descriptor in (self._in, self._out, self._err):
            os.set_blocking(descriptor, False)
        self._listen()
        self._loop.add_reader(self._err, self._read_err)
        self._watch_exit()

    @property
    def pid(self) -> int:
        """The id of the process and of its group."""
        return self._popen.pid

    def write(self, data: bytes) -> None:
        """Send bytes as soon as the child takes them."""
        if self._in < 0:
            return
        self._unwritten.append(memoryview(data))
        if len(self._unwritten) == 1:
            self._write_in()

    def lines(self) -> list[bytes]:
        """The complete lines that came since the last call, without their ends."""
        taken, self._lines = self._lines, []
        return taken

    def read_what_is_there(self) -> None:
        """Read now what the child has written, instead of when the event loop gets to it."""
        self._read_rest(lambda: self._out >= 0 and self._read_out())

    def last_words(self, lines: int = 20) -> str:
        """The last lines of the child's stderr."""
        text = self._stderr.decode("utf-8", "replace").rstrip()
        return "\n".join(text.splitlines()[-lines:])

    async def stop(self, farewell: bytes, grace: float) -> None:
        """End the process politely: farewell and end of input, then SIGTERM, then SIGKILL."""
        self.write(farewell)
        self._close_in()
        if await self._ends_within(grace):
            return
        self._signal(signal.SIGTERM)
        if not await self._ends_within(grace):
            await self.kill()

    async def kill(self) -> None:
        """End the process and its group at once, and wait until it is gone."""
        self._signal(signal.SIGKILL)
        await self._gone.wait()

    def _write_in(self) -> None:
        while self._unwritten:
            head = self._unwritten[0]
            try:
                written = os.write(self._in, head)
            except BlockingIOError:
                break
            except OSError:
                self._close_in()
                self._expect_exit("closed its stdin")
                return
            if written < len(head):
                self._unwritten[0] = head[written:]
            else:
                self._unwritten.popleft()
        if self._unwritten:
            self._loop.add_writer(self._in, self._write_in)
        else:
            self._loop.remove_writer(self._in)

    def _close_in(self) -> None:
        if self._in >= 0:
            self._loop.remove_writer(self._in)
            self._unwritten.clear()
            self._pipes[0].close()
            self._in = -1

    def _listen(self) -> None:
        if self._out >= 0 and self.failure is None:
            self._loop.add_reader(self._out, self._hear)

    def _hear(self) -> None:
        """Read, then let answers gather: to be woken by each one would cost more than it takes."""
        self._read_out()
        if self._out >= 0:
            self._loop.remove_reader(self._out)
            self._loop.call_later(_GATHERING, self._listen)

    def _read_out(self) -> bool:
        """Read one chunk; whether there was one."""
        try:
            chunk = os.read(self._out, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            self._close_out()
            self._expect_exit("closed its stdout")
            return False
        *ends, rest = chunk.split(b"\n")
        too_long = False
        if ends:
            ends[0] = bytes(self._partial) + ends[0]
            self._partial.clear()
            fitting = list(takewhile(lambda end: len(end) <= self._max_line, ends))
            self._lines += [end for end in fitting if end]
            too_long = len(fitting) < len(ends)
        self._partial += rest
        if too_long or len(self._partial) > self._max_line:
            # Not closed: the child would complain on stderr about a broken pipe that we broke.
            self._loop.remove_reader(self._out)
            self._partial.clear()
            self.failure = f"wrote a line of more than {self._max_line} bytes"
        self._wake()
        return True

    @staticmethod
    def _read_rest(read: Callable[[], bool]) -> None:
        # Bounded: somebody who left the group may hold the pipe's other end, and write on.
        for _ in range(_PIPE_BYTES // _CHUNK):
            if not read():
                return

    def _close_out(self) -> None:
        if self._out >= 0:
            self._loop.remove_reader(self._out)
            self._pipes[1].close()
            self._out = -1

    def _read_err(self) -> bool:
        """Read one chunk; whether there was one."""
        try:
            chunk = os.read(self._err, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            self._close_err()
            return False
        self._stderr += chunk
        del self._stderr[:-_LAST_WORDS]
        return True

    def _close_err(self) -> None:
        if self._err >= 0:
            self._loop.remove_reader(self._err)
            self._pipes[2].close()
            self._err = -1

    def _expect_exit(self, otherwise: str) -> None:
        """Give a process that closed a pipe the time to exit, so that its end has its real name."""

        def complain() -> None:
            if self.ending is None and self.failure is None:
                self.failure = otherwise
                self._wake()

        if self.ending is None:
            self._loop.call_later(_EXIT_GRACE, complain)

    def _watch_exit(self) -> None:
        try:
            descriptor = os.pidfd_open(self.pid)
        except (AttributeError, OSError):  # not Linux, or one before 5.3
            threading.Thread(target=self._wait_in_thread, daemon=True).start()
            return

        def exited() -> None:
            self._loop.remove_reader(descriptor)
            os.close(descriptor)
            self._exited()

        self._loop.add_reader(descriptor, exited)

    def _wait_in_thread(self) -> None:
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        else:
            self._popen.wait()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._exited)

    def _exited(self) -> None:
        # What the leader left of its group goes with it, before its id is free to be reused.
        self._signal(signal.SIGKILL)
        self.read_what_is_there()
        self._read_rest(lambda: self._err >= 0 and self._read_err())
        code = self._popen.wait()
        how = f"killed by {_signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
        if self._partial:
            self.ending = f"{how} inside a line: {quote(bytes(self._partial[:200]))}"
        else:
            self.ending = how if code < 0 else f"{how} before answering"
        self._close_in()
        self._close_out()
        self._close_err()
        self._gone.set()
        self._wake()

    def _signal(self, number: signal.Signals) -> None:
        if self._popen.returncode is None:
            # The group may be gone already, or be nothing but a zombie, which macOS forbids.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    async def _ends_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._gone.wait()
        except TimeoutError:
            return False
        return True


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
