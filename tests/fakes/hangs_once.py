"""Never answers one case, but only the first time; the given file remembers it."""

import signal
import sys
from pathlib import Path

from _speak import answer, say, speak


def fault(request):
    memory = Path(sys.argv[2])
    if memory.exists():
        say(answer(request))
        return
    memory.touch()
    while True:
        signal.pause()


speak(fault)
