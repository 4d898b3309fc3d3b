"""Ends without a word after each five answers."""

import sys

from _speak import answer, requests, say

for count, request in enumerate(requests(), start=1):
    say(answer(request))
    if count == 5:
        sys.exit(0)
