"""Leaves its input unread until 200 kB, more than a pipe holds, are written, at each case."""

from _speak import answer, requests, say, write

for request in requests():
    write(b"\n" * 200_000)
    say(answer(request))
