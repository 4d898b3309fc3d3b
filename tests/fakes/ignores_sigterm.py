"""Ends neither at `stop` nor at the end of its input nor at SIGTERM."""

import signal

from _speak import answer, requests, say

signal.signal(signal.SIGTERM, signal.SIG_IGN)
for request in requests():
    say(answer(request))
while True:
    signal.pause()
