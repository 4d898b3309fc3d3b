"""The command line, called where the shipped cases and documents are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "conformance.cli")
MINUTES = 10


def program(*words: object) -> str:
    """What a command prints; its exit code has to be 0."""
    done = subprocess.run(
        [*COMMAND, *map(str, words)], cwd=ROOT, capture_output=True, text=True,
        timeout=60 * MINUTES, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
