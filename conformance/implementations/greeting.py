"""The first words with a process, and the last."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from conformance.implementations.answers import read_started
from conformance.implementations.errors import Broken
from conformance.implementations.process import Process
from conformance.protocol import PROTOCOL, Contract, Start, Started, Stop


def start(contracts: Mapping[str, Contract]) -> bytes:
    """The first line to a process; contracts are for an oracle."""
    return msgspec.json.encode(Start(id=0, protocol=PROTOCOL, contracts=dict(contracts))) + b"\n"


START = start({})
STOP = msgspec.json.encode(Stop(id=0)) + b"\n"


async def greet(
    process: Process, changed: asyncio.Event, seconds: float, line: bytes = START
) -> Started:
    """Send ``start``, in the form of ``line``, and hear who answers.

    Raises:
        Broken: the process ends, says something else, or nothing within these seconds.
    """
    process.write(line)
    try:
        async with asyncio.timeout(seconds):
            return read_started(await _first_line(process, changed))
    except TimeoutError:
        raise Broken(f"did not answer `start` within {seconds:g} seconds", hung=True) from None


def identity(started: Started) -> str:
    """What must not change when a process is started again: name, version and backend."""
    backend = f" on {started.backend}" if started.backend else ""
    return f"{started.name} {started.version}{backend}"


async def _first_line(process: Process, changed: asyncio.Event) -> bytes:
    while True:
        lines = [line for line in process.lines() if not line.isspace()]
        if len(lines) == 1:
            return lines[0]
        if lines:
            read_started(lines[0])
            raise Broken("wrote a second line before it was asked anything")
        if wrong := process.failure or process.ending:
            raise Broken(wrong)
        await changed.wait()
        changed.clear()
