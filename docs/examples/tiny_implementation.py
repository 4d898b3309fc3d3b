"""A working implementation of the protocol in plain Python: add, mul and square, with gradients."""
# An example is as short as it can be:
# ruff: noqa: ANN001, ANN201, ANN204, ARG005, B905, D103, INP001, N818, T201

import base64
import json
import platform
import sys
from array import array


class Unsupported(Exception):
    """The case needs something that is not here."""


class Tensor:
    """float32 numbers, and for each operand the derivative by it, element by element."""

    def __init__(self, shape, items, operands=()):
        self.shape, self.items, self.operands = list(shape), array("f", items), operands


# Each op: its value, and its derivative by each operand.
OPS = {
    "add": (lambda a, b: a + b, [lambda a, b: 1, lambda a, b: 1]),
    "mul": (lambda a, b: a * b, [lambda a, b: b, lambda a, b: a]),
    "square": (lambda a: a * a, [lambda a: 2 * a]),
}


def apply(op, tensors):
    if op not in OPS:
        raise Unsupported(f"no op {op}")
    value, derivatives = OPS[op]
    if len(tensors) != len(derivatives) or any(t.shape != tensors[0].shape for t in tensors):
        raise Unsupported(f"{op} of these shapes")
    rows = list(zip(*(tensor.items for tensor in tensors)))
    slopes = [array("f", (by(*row) for row in rows)) for by in derivatives]
    return Tensor(tensors[0].shape, (value(*row) for row in rows), list(zip(tensors, slopes)))


def evaluate(node, names):
    """The tensor that an expression stands for: a name, x.op(…) or tf.op(…)."""
    if node["is"] == "name":
        return names[node["name"]]
    if node["is"] != "call" or node["callee"]["is"] != "member":
        raise Unsupported(f"no {node['is']} here")
    owner, arguments = node["callee"]["object"], node["arguments"]
    if owner != {"is": "name", "name": "tf"}:
        arguments = [owner, *arguments]
    return apply(node["callee"]["name"], [evaluate(one, names) for one in arguments])


def spread(tensor, upstream, grads):
    """Add an upstream gradient to a tensor's own, and hand it on to the operands."""
    before = grads.get(tensor, [0] * len(upstream))
    grads[tensor] = array("f", (a + b for a, b in zip(before, upstream)))
    for operand, slope in tensor.operands:
        spread(operand, array("f", (a * b for a, b in zip(upstream, slope))), grads)


def read(argument):
    if argument.get("dtype", "float32") != "float32":
        raise Unsupported(f"no dtype {argument['dtype']}")
    if "data" in argument:
        return Tensor(argument["shape"], array("f", base64.b64decode(argument["data"])))
    shape, items = [], [argument["literal"]]
    while items and isinstance(items[0], list):
        shape.append(len(items[0]))
        items = [inner for item in items for inner in item]
    if not all(item is None or type(item) in (int, float) for item in items):
        raise Unsupported("only plain numbers")
    return Tensor(argument.get("shape", shape), (item or 0 for item in items))


def write(shape, items):
    return {"dtype": "float32", "shape": shape, "data": base64.b64encode(items).decode()}


def run(message):
    if message["call"] == "minimize":
        raise Unsupported("no optimizers")
    tree, tensors = message["f"]["tree"], [read(argument) for argument in message["args"]]
    y = evaluate(tree["body"], {p.get("name"): t for p, t in zip(tree["parameters"], tensors)})
    grads, inputs = {}, dict(zip(message["names"], tensors))
    spread(y, read(message["dy"]).items if "dy" in message else [1] * len(y.items), grads)
    wanted = [(inputs[name], grads.get(inputs[name])) for name in message["wrt"]]
    found = [None if grad is None else write(tensor.shape, grad) for tensor, grad in wanted]
    value = {} if message["call"] in ("grad", "grads") else {"value": write(y.shape, y.items)}
    return {"returned": {**value, "grads": found}}


def started():
    runtime = f"python {platform.python_version()}"
    about = {"name": "tiny", "version": "1", "runtime": runtime, "protocol": 1, "reads": "tree"}
    return {"started": about}


for line in sys.stdin:
    message = json.loads(line)
    if message["do"] == "stop":
        break
    try:
        answer = started() if message["do"] == "start" else run(message)
    except Unsupported as reason:
        answer = {"unsupported": str(reason)}
    print(json.dumps({"id": message["id"], **answer}), flush=True)
