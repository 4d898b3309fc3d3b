"""Ends at each of several cases, whose ids it is given with commas between them."""

import os
import sys

from _speak import answer, requests, say

fatal = {int(word) for word in sys.argv[1].split(",") if word}
for request in requests():
    if request["id"] in fatal:
        os._exit(1)
    say(answer(request))
