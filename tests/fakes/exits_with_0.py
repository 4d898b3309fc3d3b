"""Ends with exit code 0 at one case, as if all were done."""

import sys

from _speak import speak

speak(lambda _request: sys.exit(0))
