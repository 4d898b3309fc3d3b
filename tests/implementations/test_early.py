"""Processes that are started before the cases are read: taken once, or ended."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from conformance.implementations.address import Implementation
from conformance.implementations.spawn import Early

WAITS = (sys.executable, "-S", "-c", "import sys; sys.stdin.read()")


def test_what_nobody_took_is_ended() -> None:
    with Early([Implementation("cmd:a", WAITS), Implementation("cmd:b", WAITS)]) as early:
        taken = early.take("cmd:b")
        assert taken is not None
        children = psutil.Process().children()
        (other,) = (child for child in children if child.pid != taken.pid)
    assert not other.is_running()
    assert taken.poll() is None
    taken.communicate()
    assert taken.returncode == 0


def test_a_process_is_taken_once() -> None:
    with Early([Implementation("cmd:a", WAITS)]) as early:
        taken = early.take("cmd:a")
        assert taken is not None
        assert early.take("cmd:a") is None
        assert early.take("cmd:other") is None
        taken.communicate()


def test_a_replay_has_no_process_and_what_cannot_start_is_left_to_be_told_later() -> None:
    replay = Implementation("replay:a", replay=Path("a"))
    missing = Implementation("cmd:b", ("no-such-program-of-this-name",))
    with Early([replay, missing]) as early:
        assert early.take("replay:a") is None
        assert early.take("cmd:b") is None
        assert psutil.Process().children() == []


def test_an_error_while_the_cases_are_read_ends_them_too() -> None:
    with pytest.raises(ValueError, match="wrong"), Early([Implementation("cmd:a", WAITS)]):
        raise ValueError("wrong")
    assert psutil.Process().children() == []
