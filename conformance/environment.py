"""What a result depends on besides the cases: this machine, this Python, this program."""

from __future__ import annotations

import os
import platform
import re
from importlib import metadata
from pathlib import Path

DISTRIBUTION = "tfjs-conformance"
_CPU_FLAGS = ("sse4_1", "avx", "avx2", "fma", "avx512f", "asimd", "sve")


def version() -> str:
    """The version of this program."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "0+unknown"


def describe() -> dict[str, str]:
    """The surroundings of a run, for the header of its results."""
    found = {
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "python": platform.python_version(),
        "cores": str(os.cpu_count()),
    }
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return found
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", text, re.MULTILINE)
    if model:
        found["cpu"] = model[1]
    if flags:
        has = set(flags[1].split())
        found["cpu_flags"] = " ".join(flag for flag in _CPU_FLAGS if flag in has)
    return found
