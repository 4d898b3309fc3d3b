"""Never answers one case, nor anything after it, and does not notice the end of its input."""

import signal

from _speak import speak


def fault(_request):
    while True:
        signal.pause()


speak(fault)
