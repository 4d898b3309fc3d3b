"""Ends at one case, but leaves a child that keeps stdout open; its pid goes to the given file."""

import os
import signal
import sys
from pathlib import Path

from _speak import speak


def fault(_request):
    child = os.fork()
    if child == 0:
        signal.pause()
    with Path(sys.argv[2]).open("a") as file:
        file.write(f"{child}\n")
    os._exit(1)


speak(fault)
