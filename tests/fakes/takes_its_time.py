"""Needs a tenth of a second for each case."""

import time

from _speak import answer, requests, say

for request in requests():
    time.sleep(0.1)
    say(answer(request))
