"""Ends with exit code 1 at one case."""

import sys

from _speak import speak


def fault(_request):
    sys.exit("cannot go on")


speak(fault)
