"""Every printed repro is run, and prints the bits that the implementation answers."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from nodejs import node

from conformance.implementations import address, pool
from conformance.implementations.options import Options
from conformance.language.names import shipped
from conformance.report.repro import program, variables
from conformance.suite.load import load

CASES = Path(__file__).with_name("repros.yaml")
ROOT = Path(__file__).parents[2]
MODULES = ROOT / "runner_js" / "node_modules"
ADDRESSES = ("tensorflow", "tfjs:cpu", "tfjs:wasm")
# Each program on its own would load TensorFlow again.
RUN_ALL = """
import runpy, sys
for path in sys.argv[1:]:
    print("program", path)
    runpy.run_path(path, run_name="__main__")
"""
# A page has a document and a global tf; here both are made of Node's.
RUN_PAGE = """
const {readFileSync} = require('node:fs');
const html = readFileSync(process.argv[1], 'utf8');
const pre = {textContent: ''};
globalThis.document = {getElementById: (id) => (id === 'text' ? pre : null)};
const loaded = [...html.matchAll(/<script src="([^"]*)">/g)].map((match) => match[1]);
const {runInThisContext} = require('node:vm');
// tf.js looks for these to tell Node from a page.
for (const name of ['module', 'exports']) delete globalThis[name];
for (const source of loaded) runInThisContext(readFileSync(source, 'utf8'));
// What a browser takes for the script ends at the first end tag.
runInThisContext(html.slice(html.lastIndexOf('<script>') + 8).split('</script')[0]);
process.on('exit', () => process.stdout.write(pre.textContent));
"""


@pytest.fixture(scope="module")
def cases():
    return load([CASES], shipped())


@pytest.fixture(scope="module")
def outcomes(cases):
    """By case id and address, what the implementations answer through the protocol."""
    found = {}
    asyncio.run(
        pool.run(
            [address.parse(one) for one in ADDRESSES],
            cases,
            lambda case, answers: found.__setitem__(case.id, dict(answers)),
            options=Options(),
            started=lambda *_: None,
            fault=lambda fault: pytest.fail(fault.message + fault.stderr),
        )
    )
    return found


def write(cases, folder, form, backend="cpu"):
    suffix = {"js": "js", "html": "html", "python": "py"}[form]
    paths = []
    for number, case in enumerate(cases):
        path = folder / f"repro{number}.{suffix}"
        path.write_text(program(case, form, backend), "utf-8")
        paths.append(path)
    return paths


def run(*words, **options):
    environment = {**os.environ, "NODE_PATH": str(MODULES), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        words, capture_output=True, check=False, timeout=120, env=environment, text=True, **options
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(case, outcome, printed):
    """Compare what a program printed with an answer of the protocol."""
    if outcome.threw is not None:
        first = f"threw {outcome.threw.type}: {outcome.threw.message}".splitlines()[0]
        assert first in printed, case.id
        return
    wanted = []
    if outcome.returned.value is not None:
        wanted.append(("value", outcome.returned.value))
    trains = case.call == "minimize"
    every = outcome.returned.variables if trains else outcome.returned.grads
    what = "variable" if trains else "gradient of"
    wanted += [(f"{what} {name}", t) for name, t in zip(case.wrt, every, strict=True)]
    parts = re.split(r"^(?=\w.*: )", printed, flags=re.MULTILINE)
    assert [part.partition(":")[0] for part in parts if part] == [title for title, _ in wanted]
    for part, (title, tensor) in zip(filter(None, parts), wanted, strict=True):
        head, *lines = part.splitlines()
        if tensor is None:
            assert (head, lines) == (f"{title}: none", [])
            continue
        shape = ",".join(map(str, tensor.shape))
        assert head == f"{title}: {tensor.dtype} [{shape}]"
        array = tensor.numpy()
        assert len(lines) == tensor.size
        for line, (index, element) in zip(lines, np.ndenumerate(array), strict=True):
            place = f"  [{','.join(map(str, index))}] "
            assert line.startswith(place)
            check_element(line.removeprefix(place), element)


def check_element(text, element):
    match element:
        case np.float32():
            decimal, bits = text.split()
            assert bits == f"0x{element.view(np.uint32):08x}"
            np.testing.assert_array_equal(np.float32(float(decimal)), element)
        case str():
            assert json.loads(text) == element
        case _:
            assert text == str(element).lower()


needs_modules = pytest.mark.skipif(
    not (MODULES / "@tensorflow" / "tfjs").is_dir(), reason="npm packages are not installed"
)


@needs_modules
@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_a_program_for_node_prints_what_tfjs_answers(cases, outcomes, tmp_path, backend):
    for case, path in zip(cases, write(cases, tmp_path, "js", backend), strict=True):
        check(case, outcomes[case.id][f"tfjs:{backend}"], run(node.path, path))


@needs_modules
def test_a_page_shows_what_tfjs_answers(cases, outcomes, tmp_path):
    chosen = [case for case in cases if case.call == "valueAndGrads" or "strings" in case.id]
    (tmp_path / "node_modules").symlink_to(MODULES)
    for case, path in zip(chosen, write(chosen, tmp_path, "html"), strict=True):
        printed = run(node.path, "-e", RUN_PAGE, path, cwd=tmp_path)
        check(case, outcomes[case.id]["tfjs:cpu"], printed)


@needs_modules
def test_a_page_on_wasm_names_files_that_exist(cases):
    text = program(cases[0], "html", "wasm")
    assert "tf.wasm.setWasmPaths('node_modules/@tensorflow/tfjs-backend-wasm/dist/')" in text
    sources = re.findall(r'<script src="node_modules/([^"]*)">', text)
    assert len(sources) == 2
    assert all((MODULES / source).is_file() for source in sources)


def test_a_script_for_python_prints_what_tensorflow_answers(cases, outcomes, tmp_path):
    paths = write(cases, tmp_path, "python")
    everything = run(sys.executable, "-c", RUN_ALL, *paths)
    printed = re.split(r"^program .*\n", everything, flags=re.MULTILINE)[1:]
    for case, text in zip(cases, printed, strict=True):
        check(case, outcomes[case.id]["tensorflow"], text)


def test_inputs_keep_their_names_where_a_program_can_have_them(cases):
    odd = next(case for case in cases if "cannot use" in case.id)
    assert list(variables(odd).values()) == ["input0", "input1", "input2", "input3"]
    assert variables(cases[0]) == {"x": "x", "y": "y"}


def test_bits_are_written_only_where_decimals_do_not_say_all(cases):
    texts = {case.id.partition("/")[2]: program(case, "js") for case in cases}
    assert "new Float32Array(new Uint32Array([0x7f800001," in texts["bits"]
    assert "Uint32Array([" not in texts["some inputs in another order"]
    assert "tf.tensor([4.7, 5.8, 99.7])" in texts["quotient with a null element"]
