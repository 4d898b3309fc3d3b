"""Answers one more each time it is asked for the same, so nothing that it says holds twice.

With a number: rightly so often, and only then otherwise.
"""

import base64
import struct
import sys

from _speak import answer, requests, say

patience = int(sys.argv[1]) if len(sys.argv) > 1 else 0
for asked, request in enumerate(requests(), 1):
    found = answer(request)
    if asked > patience:
        value = found["returned"]["value"]
        count = len(base64.b64decode(value["data"])) // 4
        value["data"] = base64.b64encode(struct.pack(f"<{count}f", *[asked] * count)).decode()
    say(found)
