"""However a run ends, no process of it stays."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from playing import FAKES, cases, fake, options, play, words

from conformance.implementations.pool import run
from conformance.implementations.process import Process
from conformance.implementations.spawn import spawn

HARNESS = Path(__file__).parent / "harness.py"
DEADLINE = 20


def gone(pids):
    """Whether all these processes end before the deadline."""
    left = []
    for pid in pids:
        try:
            left.append(psutil.Process(pid))
        except psutil.NoSuchProcess:
            continue
    _, alive = psutil.wait_procs(left, timeout=DEADLINE)
    # In a container whose init does not reap, an orphan may stay a zombie: it is dead all the same.
    return not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_child_outlives_a_harness_that_is_killed(number):
    with subprocess.Popen(
        [sys.executable, str(HARNESS), "hangs:4", "ignores_sigterm"],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(HARNESS.parents[2])},
    ) as harness:
        pids = [int(word) for word in harness.stdout.readline().split()]
        assert len(pids) == 2
        harness.send_signal(number)
        harness.wait(DEADLINE)
    assert gone(pids)


def test_a_cancelled_run_has_killed_and_awaited_its_processes():
    pids = []

    async def cancelled():
        def settle(case, _outcomes):
            if case.line == 3:
                pids.extend(child.pid for child in psutil.Process().children())
                task.cancel()

        task = asyncio.create_task(
            run(
                [fake("hangs", 4), fake("ignores_sigterm")],
                cases(10),
                settle,
                options=options(),
                started=lambda *_: None,
                fault=lambda _: None,
            )
        )
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not any(psutil.pid_exists(pid) for pid in pids)

    asyncio.run(cancelled())
    assert len(pids) == 2


def test_an_error_of_the_caller_ends_the_run_and_its_processes():
    def settle(_case, _outcomes):
        raise OSError("no space left")

    async def failing():
        with pytest.raises(OSError, match="no space left"):
            await run(
                [fake("echo"), fake("hangs", 50)],
                cases(100),
                settle,
                options=options(),
                started=lambda *_: None,
                fault=lambda _: None,
            )
        assert psutil.Process().children() == []

    asyncio.run(failing())


def test_a_finished_run_leaves_nobody_even_who_ignores_every_request_to_end():
    deaf = fake("ignores_sigterm")
    score = play(cases(5), deaf, limits=options(stop_grace=0.1))
    assert words(score.of(deaf)) == {"returned": 5}
    assert psutil.Process().children() == []


def test_a_grandchild_goes_with_its_group_and_does_not_hide_the_end(tmp_path):
    pids = tmp_path / "pids"
    parent = fake("leaves_a_grandchild", 7, pids)
    outcomes = play(cases(20), parent).of(parent)
    assert outcomes[7].crashed == "ended with exit code 1 before answering"
    assert words(outcomes) == {"returned": 19, "crashed": 1}
    assert gone(int(line) for line in pids.read_text().split())


def test_an_end_is_seen_where_the_system_has_no_pidfd(monkeypatch):
    monkeypatch.delattr(os, "pidfd_open")
    fatal = fake("segfaults", 7)
    outcomes = play(cases(20), fatal).of(fatal)
    assert outcomes[7].crashed == "killed by SIGSEGV"
    assert words(outcomes) == {"returned": 19, "crashed": 1}


def test_only_the_last_of_stderr_is_kept():
    async def flooded():
        changed = asyncio.Event()
        argv = [sys.executable, "-S", str(FAKES / "floods_stderr.py")]
        process = Process(spawn(argv, {}), max_line=1 << 20, wake=changed.set)
        process.write(b'{"id":0,"do":"start","protocol":1}\n')
        process.write(b'{"id":1,"do":"run","args":[{"dtype":"bool","shape":[],"data":"AA=="}]}\n')
        heard = []
        while len(heard) < 2:
            await changed.wait()
            changed.clear()
            heard += process.lines()
        await process.kill()
        assert len(process.last_words().splitlines()) == 20
        assert len(process.last_words(lines=10**6)) <= 64 << 10

    asyncio.run(flooded())
