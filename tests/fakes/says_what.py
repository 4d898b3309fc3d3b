"""Answers one case with the JSON of its second argument, @ standing for the id."""

import sys

from _speak import speak, write

speak(lambda request: write(sys.argv[2].replace("@", str(request["id"])).encode() + b"\n"))
