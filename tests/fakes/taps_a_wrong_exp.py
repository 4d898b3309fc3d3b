"""Answers the exponential of the square of its input, wrongly: in its taps the square is right."""

import base64
import math
import struct
import time

from _speak import requests, say


def tensor(shape, numbers):
    """These numbers as float32."""
    data = base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
    return {"dtype": "float32", "shape": shape, "data": data}


def tap(op, given, made, source):
    """A call of a method without further arguments."""
    return {
        "op": op, "method": True, "arguments": [{"input": 0}], "inputs": [given],
        "sources": [source], "results": {"": made},
    }  # fmt: skip


for request in requests():
    x = request["args"][0]
    data = base64.b64decode(x["data"])
    numbers = struct.unpack(f"<{len(data) // 4}f", data)
    squares = tensor(x["shape"], [number * number for number in numbers])
    rounded = struct.unpack(f"<{len(numbers)}f", base64.b64decode(squares["data"]))
    value = tensor(x["shape"], [math.exp(number) * 1.001 for number in rounded])
    # How long it took is another number each time.
    answer = {"id": request["id"], "returned": {"value": value, "seconds": time.perf_counter()}}
    if request.get("tap"):
        answer["taps"] = [
            tap("square", x, squares, None),
            tap("exp", squares, value, [0, ""]),
        ]
    say(answer)
