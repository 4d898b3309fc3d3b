"""Ends at one case, but only the first time; the given file remembers it."""

import sys
from pathlib import Path

from _speak import answer, say, speak


def fault(request):
    memory = Path(sys.argv[2])
    if memory.exists():
        say(answer(request))
    else:
        memory.touch()
        sys.exit(1)


speak(fault)
