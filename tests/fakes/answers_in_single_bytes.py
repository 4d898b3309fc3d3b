"""Writes every byte on its own, which is legal."""

import json

from _speak import answer, requests, write

for request in requests():
    for byte in json.dumps(answer(request)).encode() + b"\n":
        write(bytes([byte]))
