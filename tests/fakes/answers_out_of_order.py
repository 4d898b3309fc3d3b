"""Answers in pairs, the second first, which is legal."""

from _speak import answer, requests, say

LAST = 20
kept = None
for request in requests():
    if kept is None and request["id"] != LAST:
        kept = request
        continue
    say(answer(request))
    if kept is not None:
        say(answer(kept))
        kept = None
