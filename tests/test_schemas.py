import json
from pathlib import Path

import msgspec
import pytest
import yaml
from jsonschema import Draft202012Validator

from conformance import bundle, expectations, schemas
from conformance.implementations.greeting import START, STOP
from conformance.language.names import shipped
from conformance.outcomes import Outcome, Verdict, Worst
from conformance.problems import InvalidFiles
from conformance.protocol import Answer, Printed, Returned, Started, Threw
from conformance.results import FORMAT, Header, Settled
from conformance.results_writer import Writer
from conformance.suite.load import files, load
from conformance.tensors import Tensor

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "conformance"
REPROS = ROOT / "tests" / "commands" / "repros.yaml"
ONE = Tensor("float32", (1,), b"\x00\x00\x80\x3f")


def validator(path_or_schema):
    schema = path_or_schema
    if isinstance(schema, Path):
        schema = json.loads(schema.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


CASES = validator(PACKAGE / "suite" / "case.schema.json")
EXPECTATIONS = validator(PACKAGE / "expectations.schema.json")


def errors(schema, document):
    return [f"{list(e.absolute_path)}: {e.message}" for e in schema.iter_errors(document)]


def suite(case):
    return f"suite: a\ncases:\n  - {case}\n"


@pytest.mark.parametrize("path", [*files([bundle.cases()]), REPROS], ids=lambda path: path.stem)
def test_case_files_fit_their_schema(path):
    assert errors(CASES, yaml.safe_load(path.read_text("utf-8"))) == []


def test_every_case_file_names_the_schema_that_it_fits():
    for path in [*files([bundle.cases()]), REPROS]:
        first = path.read_text("utf-8").splitlines()[0]
        named = first.removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / named).resolve() == PACKAGE / "suite" / "case.schema.json"


@pytest.mark.parametrize(
    "text",
    [
        "cases: [{name: a, f: x => x}]\n",
        "suite: a b\ncases: [{name: a, f: x => x}]\n",
        "suite: a\n",
        "suite: a\ncases: []\n",
        "suite: a\ncases: [{name: a, f: '() => tf.scalar(1)'}]\nmore: 1\n",
        "suite: a\ntags: word\ncases: [{name: a, f: '() => tf.scalar(1)'}]\n",
        "suite: a\ncases: [a]\n",
        suite("{f: '() => tf.scalar(1)'}"),
        suite("{name: a}"),
        suite("{name: a, f: x => x, input: {x: 1}}"),
        suite("{name: a, f: x => x, inputs: {x: 1}, call: gradient}"),
        suite("{name: a, f: x => x, inputs: {x: 1}, call: value, wrt: [x]}"),
        suite("{name: a, f: x => x, inputs: {x: 1}, call: value, dy: 1}"),
        suite("{name: a, f: x => x, inputs: {x: 1}, call: variableGrads, dy: 1}"),
        suite("{name: a, f: x => x, inputs: {x: 1}, wrt: [x, x]}"),
        suite("{name: a, f: x => x, inputs: [1]}"),
        suite("{name: a, f: x => x, inputs: {x: [{y: 1}]}}"),
        suite("{name: a, f: x => x, inputs: {x: {valeus: [1]}}}"),
        suite("{name: a, f: x => x, inputs: {x: {shape: [1]}}}"),
        suite("{name: a, f: x => x, inputs: {x: {values: [1], bits: [1]}}}"),
        suite("{name: a, f: x => x, inputs: {x: {values: [1], dtype: float64}}}"),
        suite("{name: a, f: x => x, inputs: {x: {values: [1], shape: [-1]}}}"),
        suite("{name: a, f: x => x, inputs: {x: {bits: [-1]}}}"),
        suite("{name: a, f: x => x, inputs: {x: {bits: [0x100000000]}}}"),
        suite("{name: a, f: x => x, inputs: {x: {real: [1]}}}"),
        suite("{name: a, f: x => x, inputs: {x: {uniform: [0, 1], shape: [2]}}}"),
        suite("{name: a, f: x => x, inputs: {x: {uniform: [0], shape: [2], seed: 1}}}"),
        suite("{name: a, f: x => x, inputs: {x: {linspace: [0, 1]}}}"),
        suite("{name: a, f: x => x, inputs: {x: 1}, for: [1]}"),
        suite("{name: a, f: x => x, inputs: {x: 1}, for: {y: []}}"),
        suite("{name: a, f: x => x, inputs: {x: 1}, for: {a-b: [1]}}"),
        suite("{name: a, f: x => x, inputs: {x: 1}, expect: {valu: 1}}"),
        suite("{name: a, f: x => x, inputs: {x: 1}, expect: {grads: [1]}}"),
        suite("{name: a, f: x => x, inputs: {x: 1}, expect: {value: {shape: [1]}}}"),
        suite("{name: a, f: x => x, inputs: {x: 1}, expect: {value: {fill: 1}}}"),
        suite("{name: a, f: x => x, inputs: {x: 1}, expect: {throws: {phase: later}}}"),
        suite("{name: a, f: x => x, inputs: {x: 1}, expect: {either: []}}"),
        suite("{name: a, f: x => x, inputs: {x: 1}, expect: {either: [{leaks: 1}]}}"),
        suite("{name: a, f: x => x, inputs: {x: 1}, expect: {leaks: -1}}"),
        suite("{name: a, f: x => x, inputs: {x: 1}, expect: {printed: {values: a}}}"),
    ],
)
def test_what_is_wrong_is_refused_by_the_schema_and_by_the_loader(text, tmp_path):
    assert errors(CASES, yaml.safe_load(text)) != []
    path = tmp_path / "wrong.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(InvalidFiles):
        load([path], shipped())


ENTRY = {
    "cases": "ops/*", "implementation": "tfjs:*", "verdict": "differs", "class": "numeric",
    "count": 2, "because": "it rounds twice", "issue": "https://example.org/1",
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "pass"},
        {"verdict": "not run"},
        {"class": "big"},
        {"count": 0},
        {"count": "two"},
        {"because": " "},
        {"more": 1},
        {"cases": None},
    ],
)
def test_wrong_expectations_are_refused_by_the_schema_and_by_the_loader(change, tmp_path):
    path = tmp_path / "expectations.yaml"
    path.write_text(yaml.safe_dump([ENTRY]), "utf-8")
    assert errors(EXPECTATIONS, [ENTRY]) == []
    assert len(expectations.load(path, "x")) == 1
    wrong = {k: v for k, v in {**ENTRY, **change}.items() if v is not None}
    path.write_text(yaml.safe_dump([wrong]), "utf-8")
    assert errors(EXPECTATIONS, [wrong]) != []
    with pytest.raises(InvalidFiles):
        expectations.load(path, "x")


@pytest.mark.parametrize("name", sorted(schemas.texts()))
def test_the_written_schemas_are_those_of_the_structs(name):
    written = (schemas.FOLDER / name).read_text("utf-8")
    assert written == schemas.texts()[name], "run python -m conformance.schemas"


def test_the_schemas_are_written_where_they_are_wanted(tmp_path):
    schemas.write(tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(schemas.texts())


def test_messages_fit_the_protocol():
    protocol = validator(schemas.protocol())
    started = Started(name="a", version="1", runtime="b", protocol=1, reads="tree")
    returned = Returned(value=ONE, grads=(ONE, None), printed=Printed("Tensor\n    [1]", (None,)))
    answers = [
        Answer(1, started=started),
        Answer(2, returned=returned),
        Answer(3, threw=Threw("forward", "Error", "no")),
        Answer(4, unsupported="no op"),
    ]
    cases = load([REPROS], shipped())
    messages = [*map(msgspec.json.encode, answers), START, STOP]
    messages += [msgspec.json.encode(case.request(5)) for case in cases]
    for message in messages:
        assert errors(protocol, json.loads(message)) == []


@pytest.mark.parametrize(
    "message",
    [
        {"id": 1},
        {"id": 1, "unsupported": "a", "threw": {"phase": "forward", "type": "a", "message": "b"}},
        {"id": 1, "threw": {"phase": "later", "type": "a", "message": "b"}},
        {"id": 1, "returned": {"value": {"dtype": "float64", "shape": [], "data": ""}}},
        {"id": 1, "returned": {"value": 3}},
        {"id": "1", "unsupported": "a"},
        {"id": 1, "do": "run"},
        {"id": 1, "do": "start", "protocol": 1, "more": 1},
    ],
)
def test_what_is_no_message_does_not_fit_the_protocol(message):
    assert errors(validator(schemas.protocol()), message) != []


def test_lines_of_results_fit_their_schema(tmp_path):
    cases = load([REPROS], shipped())
    writer = Writer(tmp_path / "results.ndjson")
    started = Started(name="a", version="1", runtime="b", protocol=1, reads="tree")
    header = Header(
        format=FORMAT, version="1", planned=len(cases), implementations={"a": started},
        reference=None, policy="default", cases_hash="0", environment={"cores": "2"},
    )  # fmt: skip
    writer.header(header)
    worst = Worst("value", (0,), "1", "2", "0x3f800000", "0x40000000", 3.0, 1.0)
    for case in cases:
        outcome = Outcome(case.id, "a", returned=Returned(value=ONE))
        verdict = Verdict(case.id, "a", "differs", "numeric", worst=worst, why="so")
        writer.settled(Settled(case, (outcome,), (verdict,)))
    writer.footer(seconds=1.0, interrupted=False, faults=["a: b"], problems=[])
    results = validator(schemas.results())
    lines = writer.path.read_text("utf-8").splitlines()
    assert len(lines) == 2 + 3 * len(cases)
    for line in lines:
        assert errors(results, json.loads(line)) == []
    assert errors(results, {**json.loads(lines[0]), **json.loads(lines[1])}) != []
    assert errors(results, {"footer": {}}) != []
