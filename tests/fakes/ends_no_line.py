"""Writes 100 MB without the end of a line at one case."""

from _speak import speak, write


def fault(_request):
    for _ in range(1600):
        write(b"x" * 62500)


speak(fault)
