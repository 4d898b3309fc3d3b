"""What can go wrong with an implementation, from its address to its end.

1. Its address means nothing: ``UnknownImplementation``, before anything runs.
2. Its process breaks off the conversation (it dies, hangs, or says what the protocol does not
   know): ``Broken``. It is restarted, and the case that did it twice has that as its outcome.
3. It does not start, or keeps breaking: ``GivenUp``. What is left of its cases is `not run`.

The first reaches the user as an error. The others stay inside this package: a case's outcome tells
the second, a ``Fault`` the third.
"""

from __future__ import annotations

import msgspec

from conformance.problems import UsageError


class UnknownImplementation(UsageError):  # noqa: N818  it is the implementation that is unknown
    """An address that names no implementation."""


class Fault(msgspec.Struct, frozen=True):
    """Something wrong with an implementation that is no case's fault.

    ``stderr`` has the last lines that the process wrote there.
    """

    implementation: str
    message: str
    hint: str | None = None
    stderr: str = ""


class Broken(Exception):  # noqa: N818  it is the conversation that is broken
    """The conversation with a process cannot go on.

    ``suspect`` is the id of the request that did it, where the process itself said so. With
    ``excused`` no request in flight is to blame. ``hung`` tells a time-out from all the rest.
    """

    def __init__(
        self,
        reason: str,
        *,
        suspect: int | None = None,
        excused: bool = False,
        hung: bool = False,
        hint: str | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.suspect = suspect
        self.excused = excused
        self.hung = hung
        self.hint = hint


class GivenUp(Exception):  # noqa: N818  it is the implementation that is given up
    """An implementation is not started again."""

    def __init__(self, reason: str, *, hint: str | None = None, stderr: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.stderr = stderr
