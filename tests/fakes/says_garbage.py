"""Writes a line that is no JSON instead of one answer."""

from _speak import speak, write

speak(lambda _request: write(b"Segmentation fault (core dumped)\n"))
