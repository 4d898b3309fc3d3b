"""Answers every case rightly."""

from _speak import answer, requests, say

for request in requests():
    say(answer(request))
