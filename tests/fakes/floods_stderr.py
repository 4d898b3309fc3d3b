"""Writes 10 MB to stderr before each answer."""

import os

from _speak import answer, requests, say

for request in requests():
    for _ in range(160):
        os.write(2, b"warning: this is deprecated....\n" * 2048)
    say(answer(request))
