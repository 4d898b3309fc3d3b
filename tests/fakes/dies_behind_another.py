"""Ends at one case while the one before it is still unanswered (unless that came first of all)."""

import sys

from _speak import FIRST, answer, requests, say

for count, request in enumerate(requests()):
    if request["id"] == FIRST:
        sys.exit(1)
    if request["id"] != FIRST - 1 or count == 0:
        say(answer(request))
