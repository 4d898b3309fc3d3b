"""Starting child processes, those of a run before its cases are even read.

A child leads a process group of its own, and ends when we do.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Self

from conformance.implementations.address import Implementation

_PR_SET_PDEATHSIG = 1
Child = subprocess.Popen[bytes]


def spawn(argv: Sequence[str], env: Mapping[str, str]) -> Child:
    """Start a program with pipes for all three streams.

    Raises:
        OSError: the program cannot be started.
    """
    return subprocess.Popen(  # noqa: S603  the command is what the user asked for
        list(argv),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env={**os.environ, **env},
        start_new_session=True,
        preexec_fn=_die_with_parent(),  # noqa: PLW1509  it calls prctl and nothing else
    )


class Early:
    """The first process of each implementation, on its way while the cases are read.

    TensorFlow takes seconds to import; what has to be read, checked and planned takes part of that
    time. As a context it ends what nobody took.
    """

    def __init__(self, implementations: Iterable[Implementation]) -> None:
        self._children: dict[str, Child] = {}
        for implementation in implementations:
            if implementation.replay is None:
                # What cannot be started is started again by whom it concerns, and told there.
                with contextlib.suppress(OSError):
                    child = spawn(implementation.argv, implementation.env)
                    self._children[implementation.address] = child

    def take(self, address: str) -> Child | None:
        """The process of this address, once; from now on it belongs to the caller."""
        return self._children.pop(address, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children.values():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
        self._children.clear()


def _die_with_parent() -> Callable[[], None] | None:
    """What a child runs before its program so that it ends with us, even if we end by SIGKILL.

    End of input on stdin tells a child the same, but a busy or hung one does not listen.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def before_exec() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent ended before prctl took effect
            os._exit(1)

    return before_exec
