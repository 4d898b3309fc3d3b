"""How patient the pool is, and how much it holds in hand."""

from __future__ import annotations

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of one run. Times are in seconds, sizes in bytes.

    ``case_timeout`` is for one case, from the moment when it is the oldest one unanswered;
    ``start_timeout`` from the start of a process to its ``started``. ``restarts`` is the total of
    an implementation, and ``silent_restarts`` how many of them may follow each other without any
    answer in between. ``window`` cases of together ``window_bytes`` are in flight at once.
    No implementation is further ahead of the slowest one than ``ahead`` cases, or than
    ``ahead_bytes`` of requests and answers. ``max_line`` is the longest line that an implementation
    may write. ``stop_grace`` is what a process has between ``stop`` and SIGTERM, and again before
    SIGKILL. With ``trace`` the cases of the plan are asked for with a trace of what they reach,
    with ``tap`` for what went through every op, with ``explain`` for what the bounds are made of.
    """

    case_timeout: float = 30.0
    start_timeout: float = 120.0
    restarts: int = 50
    silent_restarts: int = 8
    window: int = 64
    window_bytes: int = 8 << 20
    ahead: int = 4000
    ahead_bytes: int = 256 << 20
    max_line: int = 64 << 20
    stop_grace: float = 1.0
    trace: bool = False
    tap: bool = False
    explain: bool = False
