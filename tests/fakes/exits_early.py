"""Ends after the case of the given id, although nobody told it to."""

import sys

from _speak import answer, say, speak


def fault(request):
    say(answer(request))
    sys.exit(0)


speak(fault)
