"""Answers one case with nothing while the one before it is unanswered (unless that came first)."""

from _speak import FIRST, answer, requests, say

for count, request in enumerate(requests()):
    if request["id"] == FIRST:
        say({"id": FIRST})
    elif request["id"] != FIRST - 1 or count == 0:
        say(answer(request))
