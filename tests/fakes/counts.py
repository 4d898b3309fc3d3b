"""Answers every case rightly, and notes its start and each case in the file of its argument."""

import sys
from pathlib import Path

from _speak import answer, requests, say

HEARD = Path(sys.argv[-1])


def note(word):
    with HEARD.open("a") as file:
        file.write(word + "\n")


note("start")
for request in requests():
    note(str(request["id"]))
    say(answer(request))
