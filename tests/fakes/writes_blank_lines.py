"""Keeps the line alive with blank lines, which is legal."""

from _speak import answer, requests, say, write

write(b"\n\n")
for request in requests():
    write(b"\n \t\r\n\n")
    say(answer(request))
