"""Ends in the middle of an answer."""

import json
import sys

from _speak import answer, speak, write


def fault(request):
    write(json.dumps(answer(request)).encode()[:40])
    sys.exit(0)


speak(fault)
