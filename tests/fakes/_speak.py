"""What the fakes share: the protocol at its plainest. It imports no numerical library."""

import json
import os
import sys

FIRST = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 1
"""The id of the request at which a fake shows its fault."""

STARTED = {
    "name": "fake",
    "version": "1",
    "runtime": "python",
    "protocol": 1,
    "reads": "source",
    "backend": "none",
}


def say(message):
    """Write one message as a line, at once."""
    write(json.dumps(message).encode() + b"\n")


def write(data):
    """Write all of these bytes to stdout, at once."""
    while data:
        data = data[os.write(1, data) :]


def answer(request):
    """The right answer: the first input, as the value."""
    first = request["args"][0]
    value = {key: first[key] for key in ("dtype", "shape", "data")}
    return {"id": request["id"], "returned": {"value": value}}


def requests(started=STARTED):
    """Answer ``start``, then hand out the cases, until ``stop`` or the end of input."""
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if request["do"] == "start":
            say({"id": request["id"], "started": started})
        elif request["do"] == "stop":
            return
        else:
            yield request


def speak(fault, started=STARTED):
    """Answer rightly, but leave the request with id ``FIRST`` to ``fault``."""
    for request in requests(started):
        if request["id"] == FIRST:
            fault(request)
        else:
            say(answer(request))
