"""A case as a script for TensorFlow, with tf.js's names and gradients on ``tf.GradientTape``."""

from __future__ import annotations

import struct
from typing import Any

from conformance.language.python import to_python
from conformance.protocol import Argument
from conformance.report import repro
from conformance.suite.case import Case
from conformance.tensors import Tensor

_HEAD = """\
import json
import os

from reference_impl import settings

os.environ.update(settings.ENVIRONMENT)

import numpy
import tensorflow

from reference_impl import gradients, optimizers
from reference_impl import tfjs as tf

settings.pin()

"""

_SHOW = """
def show(title, tensor):
    if tensor is None:
        print(f"{title}: none")
        return
    array = tensor.numpy() if tensor.shape.rank else numpy.asarray(tensor.numpy())
    dtype = tensor.dtype.name
    print(f"{title}: {dtype} [{','.join(map(str, tensor.shape))}]")
    for index, item in numpy.ndenumerate(array):
        print(f"  [{','.join(map(str, index))}] {text(item)}")


def text(item):
    if isinstance(item, bytes):
        return json.dumps(item.decode("utf-8"))
    if isinstance(item, numpy.complexfloating):
        return f"{text(item.real)} {text(item.imag)}"
    if isinstance(item, numpy.floating):
        return f"{item} 0x{item.view(numpy.uint32):08x}"
    return str(item).lower()


try:
    main()
except Exception as error:
    print(f"threw {type(error).__name__}: {error}")
"""


def script(case: Case) -> str:
    """The script; it needs this distribution installed, for ``reference_impl``."""
    names = repro.variables(case)
    comment = "".join(f"# {line}\n" for line in (case.id, case.why, case.spec) if line)
    lines = ["def main():", *_indented("\n".join(_body(case, names)))]
    for name, variant in repro.requests(case).items():
        function = _indented(to_python(variant.f.tree)) if variant.f != case.f else []
        inner = [*function, *_indented("\n".join(_body(variant, repro.variables(variant))))]
        request = [f"print({f'request: {name}'!r})", "def request():", *inner, "request()"]
        lines += _indented("\n".join(request))
    body = "\n".join(lines)
    return f"{comment}{_HEAD}\n{to_python(case.f.tree)}\n\n{body}\n\n{_SHOW}"


def _body(case: Case, names: dict[str, str]) -> list[str]:
    """The lines that make the inputs, call, and show."""
    lines = []
    for name, argument in zip(case.names, case.args, strict=True):
        made = _tensor(argument)
        if case.call in {"variableGrads", "minimize"} and name in case.wrt:
            made = f"tensorflow.Variable({made}, name={name!r})"
        lines.append(f"{names[name]} = {made}")
    if case.dy is not None:
        lines.append(f"dy = {_tensor(case.dy)}")
    return [*lines, *_call(case, names)]


def _indented(text: str) -> list[str]:
    return [f"    {line}" for line in text.split("\n")]


def _call(case: Case, names: dict[str, str]) -> list[str]:
    """The lines that differentiate, and show what comes of it.

    The tape knows inputs by their identity, so ``f`` is called with all of them as they are.
    """
    given = ", ".join(names.values())
    xs = ", ".join(names[name] for name in case.wrt)
    if case.call == "value":
        return [f'show("value", f({given}))']
    if case.optimizer is not None:
        about = f"{case.optimizer.name!r}, {case.optimizer.arguments!r}, {case.steps}"
        lines = [f"value = optimizers.minimize(lambda: f({given}), [{xs}], {about})"]
        lines.append('show("value", value)')
        return lines + [f"show({f'variable {n}'!r}, {names[n]})" for n in case.wrt]
    dy = ""
    if case.dy is not None:
        coerced = f'gradients.upstream("{case.call}", dy)'
        dy = f", {coerced if case.call in {'grad', 'grads'} else 'dy'}"
    compute = f'gradients.compute("{case.call}", lambda *_: f({given}), [{xs}]{dy})'
    lines = [f"value, grads = {compute}"]
    if case.call not in {"grad", "grads"}:
        lines.append('show("value", value)')
    lines += [f"show({f'gradient of {n}'!r}, grads[{i}])" for i, n in enumerate(case.wrt)]
    return lines


def _tensor(argument: Argument) -> str:
    held = argument.tensor()
    if held is not None:
        return _held(held)
    parts = [_literal(argument.literal)]
    if argument.shape is not None or argument.dtype is not None:
        parts.append(str(None if argument.shape is None else list(argument.shape)))
    if argument.dtype is not None:
        parts.append(repr(argument.dtype))
    return f"tf.tensor({', '.join(parts)})"


def _literal(value: Any) -> str:
    match value:
        case list():
            return repro.listed([_literal(item) for item in value])
        case {"number": "-0"}:
            return "-0.0"
        case {"number": str() as name}:
            return f'float("{name}")'
        case _:
            return repr(value)


def _held(tensor: Tensor) -> str:
    shape = list(tensor.shape)
    if tensor.dtype == "string":
        texts = repro.listed([repr(item) for item in tensor.strings()])
        return f"tensorflow.constant({texts}, tensorflow.string, {shape})"
    return f"tensorflow.constant({_array(tensor)}.reshape({shape}))"


def _array(tensor: Tensor) -> str:
    match tensor.dtype:
        case "int32":
            numbers = struct.unpack(f"<{tensor.size}i", tensor.data)
            return f"numpy.array({repro.listed([str(n) for n in numbers])}, numpy.int32)"
        case "bool":
            truths = [str(bool(byte)) for byte in tensor.data]
            return f"numpy.array({repro.listed(truths)}, numpy.bool_)"
        case _:
            words = struct.unpack(f"<{len(tensor.data) // 4}I", tensor.data)
            texts = None if tensor.dtype == "complex64" else repro.decimals(words)
            if texts is not None:
                named = [f'float("{t}")' if t.endswith("inf") else t for t in texts]
                return f"numpy.array({repro.listed(named)}, numpy.float32)"
            bits = repro.listed([f"0x{word:08x}" for word in words])
            kind = "complex64" if tensor.dtype == "complex64" else "float32"
            return f"numpy.array({bits}, numpy.uint32).view(numpy.{kind})"
