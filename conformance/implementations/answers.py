"""Lines of an implementation, read and checked."""

from __future__ import annotations

import msgspec

from conformance.implementations.errors import Broken
from conformance.protocol import PROTOCOL, Answer, Returned, Started, Threw, what

_decoder = msgspec.json.Decoder(Answer)
_STDOUT_HINT = "stdout is for answers alone; everything else belongs on stderr"
_QUOTED = 120


def read(line: bytes) -> tuple[int, Started | Returned | Threw | str, Answer]:
    """The id of an answer, what it says, and all of it; a string is the reason of ``unsupported``.

    Raises:
        Broken: the line is no JSON or no answer, or a tensor in it is none.
    """
    try:
        answer = _decoder.decode(line)
        said = what(answer)
    except msgspec.ValidationError as error:
        raise Broken(
            f"wrote JSON that is no answer ({error}): {quote(line)}", suspect=_id(line)
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Broken(f"wrote a line that is no JSON: {quote(line)}", hint=_STDOUT_HINT) from None
    if type(said) is Returned:
        _check_tensors(answer.id, said)
    return answer.id, said, answer


def read_started(line: bytes) -> Started:
    """Who answers, from the first line of a process.

    Raises:
        Broken: the line is something else, or the process speaks another version of the protocol.
    """
    try:
        _, said, _ = read(line)
    except Broken:
        _check_protocol(_spoken_protocol(line))
        raise
    if not isinstance(said, Started):
        raise Broken(f"answered `start` with something else than `started`: {quote(line)}")
    _check_protocol(said.protocol)
    return said


def quote(line: bytes) -> str:
    """The beginning of a line, as it can be shown in a message."""
    text = line[: _QUOTED + 4].decode("utf-8", "replace")
    return repr(text if len(text) <= _QUOTED else text[:_QUOTED] + "…")


def _check_tensors(number: int, returned: Returned) -> None:
    if returned.value is not None and (problem := returned.value.problem()):
        raise Broken(f"answered with an invalid value: {problem}", suspect=number)
    for index, grad in enumerate(returned.grads):
        if grad is not None and (problem := grad.problem()):
            raise Broken(f"answered with an invalid grads[{index}]: {problem}", suspect=number)
    for index, variable in enumerate(returned.variables):
        if problem := variable.problem():
            raise Broken(f"answered with an invalid variables[{index}]: {problem}", suspect=number)


def _check_protocol(spoken: int | None) -> None:
    if spoken not in (None, PROTOCOL):
        raise Broken(
            f"speaks version {spoken} of the protocol, this harness version {PROTOCOL}",
            hint="install versions that belong together",
        )


def _loose(line: bytes) -> dict[str, object]:
    """A JSON object of any shape; empty for anything else."""
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _id(line: bytes) -> int | None:
    number = _loose(line).get("id")
    return number if isinstance(number, int) else None


def _spoken_protocol(line: bytes) -> int | None:
    """The version that a ``started`` of another protocol names, whatever else it has."""
    started = _loose(line).get("started")
    spoken = started.get("protocol") if isinstance(started, dict) else None
    return spoken if isinstance(spoken, int) else None
