"""The protocol over stdin and stdout, for an implementation in Python.

It answers ``start``, then every ``run`` in turn, and ends with code 0 at ``stop`` or at the end of
its input. Everything that prints, in Python or in C++, goes to stderr.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from conformance.protocol import Answer, Request, Returned, Run, Start, Started, Stop, Threw

_CHUNK = 1 << 20


class Implementation(Protocol):
    """Who answers, and what is answered."""

    def prepare(self) -> None:
        """What is to be done once, after stdout is safe and before any message is read."""

    def started(self, start: Start) -> Started:
        """The answer to ``start``."""

    def execute(self, request: Run) -> Answer | Returned | Threw | str:
        """The answer to a case; a string says why it is unsupported.

        It is a whole ``Answer``, of any id, where there is more to say.
        """


class _OnlyId(msgspec.Struct):
    """What is read of a message that cannot be read as a whole."""

    id: int


def serve(implementation: Implementation) -> None:
    """Answer until the harness says stop, and end the process."""
    # The protocol keeps the pipe for itself before anything can print into it.
    answers = os.dup(1)
    os.dup2(2, 1)
    # An interrupt is the harness's business; it ends this process by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    implementation.prepare()
    try:
        _serve(implementation, lambda line: _write(answers, line))
        code = 0
    except BrokenPipeError:
        code = 1
    sys.stderr.flush()
    # A library takes long to tear itself down, and there is nothing to keep.
    os._exit(code)


def _serve(implementation: Implementation, write: Callable[[bytes], None]) -> None:
    """Answer the lines of stdin until ``stop`` or their end.

    Every answer is written at once: a case that kills the process later must not take finished
    ones along.
    """
    decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
    encoder = msgspec.json.Encoder()
    for line in _lines(0):
        try:
            request = decoder.decode(line)
        except msgspec.DecodeError as error:
            answer = _refused(line, error)
        else:
            if isinstance(request, Stop):
                return
            answer = _answer(implementation, request)
        if answer is not None:
            write(encoder.encode(answer) + b"\n")


def _answer(implementation: Implementation, request: Start | Run) -> Answer:
    if isinstance(request, Start):
        return Answer(id=request.id, started=implementation.started(request))
    match implementation.execute(request):
        case Answer() as answer:
            return msgspec.structs.replace(answer, id=request.id)
        case Returned() as returned:
            return Answer(id=request.id, returned=returned)
        case Threw() as threw:
            return Answer(id=request.id, threw=threw)
        case reason:
            return Answer(id=request.id, unsupported=reason)


def _refused(line: bytes, error: msgspec.DecodeError) -> Answer | None:
    """The answer to a message that is not of the protocol, if it has an id to answer to."""
    try:
        number = msgspec.json.decode(line, type=_OnlyId).id
    except msgspec.DecodeError:
        print(f"ignored a line that is no message: {error}", file=sys.stderr)  # noqa: T201  the log
        return None
    return Answer(id=number, threw=Threw("parse", type(error).__name__, str(error)))


def _lines(descriptor: int) -> Iterator[bytes]:
    """The complete lines that arrive; at the end also one without a line feed."""
    rest: list[bytes] = []
    while chunk := os.read(descriptor, _CHUNK):
        *lines, last = chunk.split(b"\n")
        for line in lines:
            whole = b"".join([*rest, line])
            rest.clear()
            if whole.strip():
                yield whole
        rest.append(last)
    whole = b"".join(rest)
    if whole.strip():
        yield whole


def _write(descriptor: int, line: bytes) -> None:
    left = memoryview(line)
    while left:
        left = left[os.write(descriptor, left) :]
