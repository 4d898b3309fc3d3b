"""The program of a case with a law makes all its requests, and prints what each is answered."""

import asyncio
import re
import sys

import msgspec
import pytest
from nodejs import node
from test_repro import RUN_ALL, check, needs_modules, run, write

from conformance.implementations import address, pool
from conformance.implementations.options import Options
from conformance.language.names import shipped
from conformance.laws.requests import variants
from conformance.suite.load import load

LAWS = """suite: laws
cases:
  - name: one
    f: |
      (x, y) => {
        const z = x.mul(y);
        return z.square();
      }
    inputs: {x: [[1, 2], [3, 4]], y: [5, 6]}
    dy: [[1, -2], [0.5, 3]]
    laws:
      - repeatable
      - value and gradients agree
      - linear in dy
      - gradients of a sum
      - permuting of x
      - batching of x
      - broadcasting is tiling
      - inputs unchanged
"""


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    path = tmp_path_factory.mktemp("laws") / "laws.yaml"
    path.write_text(LAWS)
    return [case for case in load([path], shipped()) if case.law]


def requests(case):
    """The case and its variants, each with an id of its own."""
    every = {"": case, **variants(case)}
    return [msgspec.structs.replace(one, id=f"{case.id} {name}") for name, one in every.items()]


def answers(of, cases):
    found = {}
    asyncio.run(
        pool.run(
            [address.parse(of)],
            [request for case in cases for request in requests(case)],
            lambda case, outcomes: found.__setitem__(case.id, outcomes[of]),
            options=Options(),
            started=lambda *_: None,
            fault=lambda fault: pytest.fail(fault.message + fault.stderr),
        )
    )
    return found


def check_all(case, printed, said):
    parts = re.split(r"^request: .*\n", printed, flags=re.MULTILINE)
    for request, part in zip(requests(case), parts, strict=True):
        check(request, said[request.id], part)


@needs_modules
def test_a_program_for_node_makes_every_request(cases, tmp_path):
    said = answers("tfjs:cpu", cases)
    for case, path in zip(cases, write(cases, tmp_path, "js"), strict=True):
        check_all(case, run(node.path, path), said)


def test_a_script_for_python_makes_every_request(cases, tmp_path):
    said = answers("tensorflow", cases)
    printed = run(sys.executable, "-c", RUN_ALL, *write(cases, tmp_path, "python"))
    texts = re.split(r"^program .*\n", printed, flags=re.MULTILINE)[1:]
    for case, text in zip(cases, texts, strict=True):
        check_all(case, text, said)
