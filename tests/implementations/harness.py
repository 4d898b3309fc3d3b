"""A harness to be killed: plays cases to fakes until it is stopped, and says which pids it started.

Arguments: names of fakes, each with an optional `:FIRST`.
"""

import asyncio
import contextlib
import signal
import sys

import psutil
from playing import cases, fake

from conformance.implementations.options import Options
from conformance.implementations.pool import run


async def main():
    implementations = [fake(*word.split(":")) for word in sys.argv[1:]]
    task = asyncio.current_task()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    settled = []

    def settle(_case, _outcomes):
        settled.append(1)
        if len(settled) == 3:
            pids = [child.pid for child in psutil.Process().children(recursive=True)]
            sys.stdout.write(" ".join(map(str, pids)) + "\n")
            sys.stdout.flush()

    await run(
        implementations,
        cases(10),
        settle,
        options=Options(case_timeout=1000),
        started=lambda *_: None,
        fault=lambda fault: sys.exit(fault.message),
    )


with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
    asyncio.run(main())
