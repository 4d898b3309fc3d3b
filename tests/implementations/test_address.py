"""Addresses: what each names, and what an unknown one is told."""

import sys
from pathlib import Path

import pytest

from conformance import bundle
from conformance.implementations.address import KNOWN, NODE_VARIABLE, Implementation, parse
from conformance.implementations.errors import UnknownImplementation
from conformance.problems import HarnessError


@pytest.fixture(autouse=True)
def _runner(monkeypatch):
    monkeypatch.setattr(bundle, "runner", lambda: Path("/runner.js"))
    monkeypatch.delenv(NODE_VARIABLE, raising=False)


def test_tensorflow_is_a_module_of_this_python():
    found = parse("tensorflow")
    assert found.address == "tensorflow"
    assert found.argv == (sys.executable, "-P", "-m", "reference_impl.worker")


def test_the_oracle_is_a_module_of_this_python():
    found = parse("exact")
    assert found.address == "exact"
    assert found.argv == (sys.executable, "-P", "-m", "reference_impl.exact.worker")


@pytest.mark.parametrize(
    ("text", "address", "backend"),
    [
        ("tfjs", "tfjs:cpu", "cpu"),
        ("tfjs:cpu", "tfjs:cpu", "cpu"),
        (" tfjs:wasm ", "tfjs:wasm", "wasm"),
    ],
)
def test_tfjs_is_the_bundled_runner_in_node(text, address, backend):
    found = parse(text, node=Path(sys.executable))
    assert found.address == address
    assert found.argv == (sys.executable, "/runner.js", "--backend", backend)


def test_node_comes_with_this_program_unless_another_is_named(monkeypatch):
    assert Path(parse("tfjs").argv[0]).name == "node"
    monkeypatch.setenv(NODE_VARIABLE, sys.executable)
    assert parse("tfjs").argv[0] == sys.executable


def test_a_node_that_is_not_there_is_an_error_with_a_hint():
    with pytest.raises(HarnessError, match=r"no Node\.js at /nowhere/node") as caught:
        parse("tfjs", node=Path("/nowhere/node"))
    assert NODE_VARIABLE in caught.value.hint


def test_a_command_is_split_as_a_shell_does():
    found = parse("cmd: ./my-runner --name 'two words'")
    assert found.address == "cmd:./my-runner --name 'two words'"
    assert found.argv == ("./my-runner", "--name", "two words")


def test_a_replay_names_a_file():
    expected = Implementation("replay:old results.ndjson", replay=Path("old results.ndjson"))
    assert parse("replay:old results.ndjson") == expected


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("tensorflw", "did you mean tensorflow?"),
        ("TensorFlow", "did you mean tensorflow?"),
        ("tfjs:wsam", "did you mean tfjs:wasm?"),
        ("tfsj", "did you mean tfjs?"),
    ],
)
def test_a_misspelt_address_is_told_the_nearest(text, guess):
    with pytest.raises(UnknownImplementation, match="no implementation is called") as caught:
        parse(text)
    assert caught.value.hint.startswith(guess)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "exact:128",
        "jax",
        "tfjs@4.10.0:cpu",
        "cmd:",
        "cmd: ",
        "replay:",
        "tensorflow:cpu",
        "cmd:'a",
    ],
)
def test_what_names_nothing_is_an_error_that_lists_what_does(text):
    with pytest.raises(UnknownImplementation) as caught:
        parse(text)
    assert caught.value.hint


def test_the_known_addresses_are_described():
    assert all(known.address and known.description for known in KNOWN)
    assert {known.address.partition(":")[0] for known in KNOWN} == {
        "tensorflow", "exact", "tfjs", "cmd", "replay",
    }  # fmt: skip
