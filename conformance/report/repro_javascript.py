"""A case as a program for tf.js: in Node, and the same program in a page."""

from __future__ import annotations

import json
import struct
import textwrap
from collections.abc import Iterator
from typing import Any

from conformance.language.names import shipped
from conformance.protocol import Argument
from conformance.report import repro
from conformance.suite.case import Case
from conformance.tensors import Tensor

_TFJS = "@tensorflow/tfjs"
_WASM = "@tensorflow/tfjs-backend-wasm"

_SHOW = """\
async function show(title, tensor) {
  if (!tensor) {
    say(`${title}: none`);
    return;
  }
  say(`${title}: ${tensor.dtype} [${tensor.shape}]`);
  const items = await tensor.data();
  const parts = tensor.dtype === 'complex64' ? 2 : 1;
  for (let i = 0; i < items.length / parts; i++) {
    const index = [];
    for (let rest = i, axis = tensor.shape.length - 1; axis >= 0; axis--) {
      index.unshift(rest % tensor.shape[axis]);
      rest = Math.floor(rest / tensor.shape[axis]);
    }
    const texts = [];
    for (let at = i * parts; at < (i + 1) * parts; at++) {
      switch (tensor.dtype) {
        case 'string':
          texts.push(JSON.stringify(items[at]));
          break;
        case 'int32':
          texts.push(String(items[at]));
          break;
        case 'bool':
          texts.push(items[at] ? 'true' : 'false');
          break;
        default:
          texts.push(`${decimal(items[at])} ${bits(items, at)}`);
      }
    }
    say(`  [${index}] ${texts.join(' ')}`);
  }
}

function bits(items, at) {
  const word = new Uint32Array(items.buffer, items.byteOffset + 4 * at, 1)[0];
  return `0x${word.toString(16).padStart(8, '0')}`;
}

// The fewest digits that give the float32 back.
function decimal(x) {
  for (let digits = 1; digits < 10; digits++) {
    const text = Number(x.toPrecision(digits));
    if (Math.fround(text) === x) {
      return Object.is(text, -0) ? '-0' : String(text);
    }
  }
  return String(x);
}
"""


def node(case: Case, backend: str) -> str:
    """The program for Node; ``backend`` is ``cpu`` or ``wasm``."""
    packages = [_TFJS, *([_WASM] if backend == "wasm" else [])]
    versions = " ".join(f"{package}@{shipped().version}" for package in packages)
    lines = [
        *_comment(case),
        f"// npm install {versions}",
        f"const tf = require('{_TFJS}');",
        *([f"require('{_WASM}');"] if backend == "wasm" else []),
        "const say = (line) => console.log(line);",
        "",
        *_main(case, backend),
    ]
    return "\n".join(lines) + "\n"


def page(case: Case, backend: str) -> str:
    """The page; it loads tf.js from ``node_modules`` beside it, and shows what it finds."""
    scripts = [f"node_modules/{_TFJS}/dist/tf.min.js"]
    paths = []
    if backend == "wasm":
        scripts.append(f"node_modules/{_WASM}/dist/tf-backend-wasm.min.js")
        paths.append(f"tf.wasm.setWasmPaths('node_modules/{_WASM}/dist/');")
    body = [
        *_comment(case),
        "const say = (line) => {",
        "  document.getElementById('text').textContent += `${line}\\n`;",
        "};",
        *paths,
        "",
        *_main(case, backend),
    ]
    # Inside strings and comments these mean the same, and do not end the script.
    script = "\n".join(body).replace("</", "<\\/").replace("<!--", "<\\!--")
    tags = [f'<script src="{source}"></script>' for source in scripts]
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        '<meta charset="utf-8">',
        "<title>tf.js repro</title>",
        '<pre id="text"></pre>',
        *tags,
        "<script>",
        script,
        "</script>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def snippet(case: Case) -> list[str]:
    """The function, the inputs and the call alone, without what shows the answer."""
    names = repro.variables(case)
    given = ", ".join(names.values())
    calls = [line for line in _call(case, names) if not line.startswith("await show")]
    source = textwrap.dedent(case.f.source).strip()
    return [
        f"const f = {source};",
        *_inputs(case, names),
        *(calls or [f"const value = f({given});"]),
    ]


def _comment(case: Case) -> list[str]:
    return [f"// {line}" for line in (case.id, case.why, case.spec) if line]


def _main(case: Case, backend: str) -> list[str]:
    names = repro.variables(case)
    lines = [f"const f = {case.f.source.strip()};", "", "async function main() {"]
    lines.append(f"  await tf.setBackend('{backend}');")
    for line in _inputs(case, names):
        lines += _indented(line)
    lines += [f"  {line}" for line in _call(case, names)]
    for name, variant in repro.requests(case).items():
        lines += [f"  {line}" for line in _request(name, variant, case)]
    lines.append("}")
    failed = "main().catch((error) => say(`threw ${error.constructor.name}: ${error.message}`));"
    return [*lines, "", _SHOW, failed]


def _request(name: str, variant: Case, case: Case) -> list[str]:
    """A block with a further request of a law; what is as in the case is not written again."""
    names = repro.variables(variant)
    lines = [f"say({json.dumps(f'request: {name}')});"]
    if variant.f != case.f:
        lines.append(f"const f = {variant.f.source.strip()};")
    lines += [*_inputs(variant, names), *_call(variant, names)]
    return ["{", *(part for line in lines for part in _indented(line)), "}"]


def _inputs(case: Case, names: dict[str, str]) -> Iterator[str]:
    for name, argument in zip(case.names, case.args, strict=True):
        made = _tensor(argument)
        if case.call in {"variableGrads", "minimize"} and name in case.wrt:
            made = f"tf.variable({made}, true, {json.dumps(name)})"
        yield f"const {names[name]} = {made};"
    if case.dy is not None:
        yield f"const dy = {_tensor(case.dy)};"


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.split("\n")]


def _call(  # noqa: PLR0911  one for each call
    case: Case, names: dict[str, str]
) -> list[str]:
    """The lines that call the gradient function, and show what it gives."""
    given = ", ".join(names.values())
    xs = [names[name] for name in case.wrt]
    inner = "f" if case.wrt == case.names else f"({', '.join(xs)}) => f({given})"
    after = ", dy" if case.dy is not None else ""
    many, one = f"([{', '.join(xs)}]{after});", f"({''.join(xs)}{after});"
    shows = [f"await show({json.dumps(f'gradient of {n}')}, grads[{i}]);"
             for i, n in enumerate(case.wrt)]  # fmt: skip
    value = "await show('value', value);"
    match case.call:
        case "value":
            return [f"await show('value', tf.tidy(() => f({given})));"]
        case "valueAndGrads":
            return [f"const {{value, grads}} = tf.valueAndGrads({inner}){many}", value, *shows]
        case "valueAndGrad":
            made = f"const {{value, grad}} = tf.valueAndGrad({inner}){one}"
            return [made, "const grads = [grad];", value, *shows]
        case "grads":
            return [f"const grads = tf.grads({inner}){many}", *shows]
        case "grad":
            return [f"const grads = [tf.grad({inner}){one[:-1]}];", *shows]
        case "variableGrads":
            variables = f"[{', '.join(xs)}]"
            made = f"const {{value, grads}} = tf.variableGrads(() => f({given}), {variables});"
            shows = [f"await show({json.dumps(f'gradient of {n}')}, grads[{json.dumps(n)}]);"
                     for n in case.wrt]  # fmt: skip
            return [made, value, *shows]
        case "minimize":
            return _training(case, names)


def _training(case: Case, names: dict[str, str]) -> list[str]:
    """The lines that take the training steps, and show the last loss and the variables."""
    assert case.optimizer is not None
    given = ", ".join(_parameter(value) for value in case.optimizer.arguments)
    variables = ", ".join(names[name] for name in case.wrt)
    return [
        f"const optimizer = tf.train.{case.optimizer.name}({given});",
        "let value;",
        f"for (let step = 1; step <= {case.steps}; step++) {{",
        f"  value = optimizer.minimize(() => f({', '.join(names.values())}), true, [{variables}]);",
        "}",
        "await show('value', value);",
        *(f"await show({json.dumps(f'variable {n}')}, {names[n]});" for n in case.wrt),
    ]


def _parameter(value: float | bool | None) -> str:
    return "undefined" if value is None else json.dumps(value)


def _tensor(argument: Argument) -> str:
    held = argument.tensor()
    if held is not None:
        return _held(held)
    parts = [_literal(argument.literal)]
    if argument.shape is not None:
        parts.append(str(list(argument.shape)))
    elif argument.dtype is not None:
        parts.append("undefined")
    if argument.dtype is not None:
        parts.append(f"'{argument.dtype}'")
    return f"tf.tensor({', '.join(parts)})"


def _literal(value: Any) -> str:
    match value:
        case list():
            return repro.listed([_literal(item) for item in value])
        case {"number": str() as name}:
            return name
        case _:
            return json.dumps(value)


def _held(tensor: Tensor) -> str:
    shape = list(tensor.shape)
    match tensor.dtype:
        case "float32":
            return f"tf.tensor({_floats(_words(tensor.data))}, {shape}, 'float32')"
        case "int32":
            numbers = struct.unpack(f"<{tensor.size}i", tensor.data)
            return f"tf.tensor({repro.listed([str(n) for n in numbers])}, {shape}, 'int32')"
        case "bool":
            truths = ["true" if byte else "false" for byte in tensor.data]
            return f"tf.tensor({repro.listed(truths)}, {shape}, 'bool')"
        case "string":
            texts = [json.dumps(item) for item in tensor.strings()]
            return f"tf.tensor({repro.listed(texts)}, {shape}, 'string')"
        case "complex64":
            words = _words(tensor.data)
            parts = [f"tf.tensor({_floats(part)}, {shape}, 'float32')"
                     for part in (words[::2], words[1::2])]  # fmt: skip
            return f"tf.complex({', '.join(parts)})"


def _words(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data)


def _floats(words: tuple[int, ...]) -> str:
    texts = repro.decimals(words)
    if texts is not None:
        return repro.listed([{"inf": "Infinity", "-inf": "-Infinity"}.get(t, t) for t in texts])
    bits = repro.listed([f"0x{word:08x}" for word in words])
    return f"new Float32Array(new Uint32Array({bits}).buffer)"
