"""What part of a run of all shipped cases its oracle takes, where all answers are stored."""

from __future__ import annotations

import contextlib
import cProfile
import io
import pstats
import sys
import time
from pathlib import Path

from conformance.cli import main

PARTS = {
    "oracle.py": {"key", "_outcome"},
    "fingerprint.py": {"fingerprint"},
    "goldens.py": {"opened", "get", "put"},
    "phase.py": {"_stored_as"},
}
"""By file, the functions in which everything that concerns stored answers happens."""


def share() -> tuple[float, float]:
    """The seconds that a run takes, and those of them that the oracle's part takes.

    The profiler makes both longer, and the harness's Python more than waiting for processes.
    """
    profile = cProfile.Profile()
    begin = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        profile.enable()
        with contextlib.suppress(SystemExit):
            main(["run"])
        profile.disable()
    whole = time.perf_counter() - begin
    taken = 0.0
    for (file, _, function), (_, _, _, cumulative, _) in pstats.Stats(profile).stats.items():
        if function in PARTS.get(Path(file).name, ()):
            taken += cumulative
    return whole, taken


if __name__ == "__main__":
    run, oracle = share()
    sys.stdout.write(f"{run:.2f} {oracle:.3f}\n")
