"""Ends at one case, and is another version each time; the given file counts its starts."""

import sys
from pathlib import Path

from _speak import STARTED, speak

count = Path(sys.argv[2])
with count.open("a") as file:
    file.write("x")
speak(lambda _request: sys.exit(1), {**STARTED, "version": str(count.stat().st_size)})
