"""The planted runner as a child process: a case in, its outcome and the gradients behind it out."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from conformance import bundle
from conformance.implementations import answers
from conformance.implementations.address import parse
from conformance.implementations.errors import Broken
from conformance.implementations.greeting import START, STOP
from conformance.outcomes import Outcome
from conformance.protocol import Returned, Threw
from conformance.suite.case import Case

ADDRESS = "tfjs:cpu"
RUNNER = Path(__file__).with_name("planted_runner.cjs")


class Seen(msgspec.Struct, frozen=True):
    """Whether a gradient had an element that is not zero, and not the shape of its input."""

    nonzero: bool
    misshapen: bool


class Trace(msgspec.Struct, frozen=True):
    """The gradients computed for one case, by kernel and slot, and how many a fault changed."""

    computed: Mapping[str, Mapping[str, Seen]]
    changed: int


class Fault(msgspec.Struct, frozen=True):
    """One wrong gradient: of which kernel and input slot, and how it is wrong.

    ``other`` is the slot that a swapped gradient is exchanged with.
    """

    kernel: str
    slot: str
    fault: str
    other: str | None = None


class Planted:
    """tf.js with at most one wrong gradient at a time; without ``plant`` it is tf.js as it is."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        self._requests: dict[str, bytes] = {}
        self._write(START)
        self.started = answers.read_started(self._line())
        self._trace()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self._write(STOP)
        else:
            self._process.kill()
        self._process.communicate(timeout=10)

    def plant(self, fault: Fault | None) -> None:
        """From now on this gradient is wrong, or none is."""
        self._write(msgspec.json.encode({"plant": fault}) + b"\n")

    def run(self, case: Case) -> tuple[Outcome | None, Trace]:
        """What comes of a case, None where the answer is no answer, and how."""
        if case.id not in self._requests:
            self._requests[case.id] = msgspec.json.encode(case.request(1)) + b"\n"
        self._write(self._requests[case.id])
        line = self._line()
        trace = self._trace()
        try:
            _, said, _ = answers.read(line)
        except Broken:
            return None, trace
        match said:
            case Returned():
                return Outcome(case.id, ADDRESS, returned=said), trace
            case Threw():
                return Outcome(case.id, ADDRESS, threw=said), trace
            case str():
                return Outcome(case.id, ADDRESS, unsupported=said), trace
            case _:
                raise AssertionError(f"{case.id} was answered with `started`")

    def _trace(self) -> Trace:
        return msgspec.json.decode(self._line(), type=Trace)

    def _write(self, data: bytes) -> None:
        self._in.write(data)
        self._in.flush()

    def _line(self) -> bytes:
        line = self._out.readline()
        assert line, "the planted runner has ended"
        return line


def command() -> Sequence[str]:
    """The command line of the planted runner."""
    node = parse(ADDRESS).argv[0]
    return (node, str(RUNNER), str(bundle.runner()), "--backend", "cpu")
