import json

import pytest
from click.testing import CliRunner
from ledgers import (
    ADDRESSES,
    Operand,
    X,
    case,
    everywhere,
    gradient,
    judged,
    record,
    settled,
    trace,
    unanswered,
    value,
)
from rich.text import Text

from conformance import bundle
from conformance.cli import main
from conformance.ledger.registry import load

REGISTRY = load(bundle.names_file())
STEPS = trace(
    value("Add", X, Operand("b", "int32", 0), axis="0"),
    gradient("Add", axis="0"),
    gradient("Add", order=2, axis="1"),
    calls=("tf.add",),
    Add=("a", "b"),
)


@pytest.fixture
def results(tmp_path):
    path = tmp_path / "r.ndjson"
    record(path, everywhere(case(), STEPS, words=("pass", "pass", "differs")))
    return path


@pytest.fixture
def exemptions(tmp_path):
    """Everything that the one case does not reach."""
    path = tmp_path / "u.yaml"
    entries = [f"- {{gradient: {name}, because: b}}" for name in REGISTRY.gradients - {"Add"}]
    entries += [f"- {{function: {name}, because: b}}" for name in REGISTRY.functions - {"tf.add"}]
    path.write_text("\n".join([*entries, "- {gradient: Add.b, because: b}", ""]))
    return path


def call(*words, code=0):
    done = CliRunner().invoke(main, ["coverage", *map(str, words)], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


def test_the_tables_have_a_row_per_slot(results, exemptions):
    lines = call(results, "--unreachable", exemptions).splitlines()
    row = next(line.split() for line in lines if line.startswith("Add "))
    assert row == ["Add", "a", "1", "1", "1", "·", "f32", "1", "1/0/0", "1/0/0", "0/0/1"]
    assert "  Add.axis: 0 (1), 1 (1)" in lines
    assert lines[-1] == "0 errors"


def test_the_tables_fit_into_120_columns(results, exemptions, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("FORCE_COLOR", "1")
    text = call(results, "--unreachable", exemptions)
    assert max(len(Text.from_ansi(line).plain) for line in text.splitlines()) <= 120


def test_a_slot_that_no_case_checks_sharply_fails(tmp_path, exemptions):
    path = tmp_path / "wide.ndjson"
    item = judged(everywhere(case(), STEPS), [], value=(1, 1, 0, 0))
    thrown = settled(case("threw"), (None, STEPS, STEPS), threw=True)
    record(path, item, thrown)
    lines = call(path, "--unreachable", exemptions, code=1).splitlines()
    table = lines.index(next(line for line in lines if line.startswith("Checks of gradients")))
    row = ["Add", "a", "first", *["0", "/", "1", "/", "0"] * 3]
    assert row in [line.split() for line in lines[table:]]
    counts = "tensorflow (1 usable), tfjs:cpu (1 usable), tfjs:wasm (1 usable)"
    assert lines[-3:] == [
        f"untested  no case checks the gradient Add.a first sharply on {counts}",
        f"untested  no case checks the gradient Add.a second sharply on {counts}",
        "2 errors",
    ]


def test_an_implementation_that_never_gives_a_gradient_fails_and_is_no_gap(tmp_path, exemptions):
    path = tmp_path / "threw.ndjson"
    item = settled(case(), (None, STEPS, STEPS), words=("pass", "threw", "threw"))
    record(path, item)
    text = call(path, "--unreachable", exemptions)
    assert "first 1 / 0 / 0 fails fails" in " ".join(text.split())


def test_a_run_without_the_oracle_is_told(tmp_path):
    path = tmp_path / "r.ndjson"
    record(path, everywhere(case(), STEPS), oracle=None)
    assert "the results were made without the oracle" in call(path, code=2)


def test_the_functions_without_a_model_are_read_beside_the_exemptions(tmp_path, exemptions):
    path = tmp_path / "r.ndjson"
    record(path, everywhere(case(), STEPS), unanswered(everywhere(case("two"), STEPS)))
    said = "s/two has no exact answer, and none of its functions is in"
    assert said in call(path, "--unreachable", exemptions, code=1)
    entry = "- {function: tf.add, kind: random, partly: at times, because: b}\n"
    (tmp_path / "unmodelled.yaml").write_text(entry)
    call(path, "--unreachable", exemptions)
    text = call(path, "--unreachable", exemptions, "--format", "markdown")
    assert "| `tf.add` | at times | random: b |" in text


def test_gaps_are_printed_at_the_end_and_fail(results):
    text = call(results, code=1)
    assert "gradient  no case reaches the gradient of Sin\n" in text
    assert "function  no case names tf.sub\n" in text
    assert text.splitlines()[-1].endswith(" errors")


def test_a_kernel_has_all_its_cells(results, exemptions):
    lines = call(results, "--unreachable", exemptions, "--kernel", "Add").splitlines()
    cells = [line.split() for line in lines if line.startswith("Add")]
    assert cells == [
        ["Add", "a", "value", "float32", "1", "axis=0", "1/0/0", "1/0/0", "0/0/1"],
        ["Add", "a", "first", "float32", "1", "axis=0", "1/0/0", "1/0/0", "0/0/1"],
        ["Add", "a", "second", "float32", "1", "axis=1", "1/0/0", "1/0/0", "0/0/1"],
        ["Add", "b", "value", "int32", "0", "axis=0", "1/0/0", "1/0/0", "0/0/1"],
    ]


def test_a_kernel_that_is_none_is_wrong_usage(results):
    assert "no kernel is called `Conv2d`" in call(results, "--kernel", "Conv2d", code=2)


def test_programs_get_every_cell(results, exemptions):
    found = json.loads(call(results, "--unreachable", exemptions, "--json"))
    assert found["errors"] == []
    assert found["checks"][1] == {
        "kernel": "Add", "slot": "a", "order": "second",
        "implementations": {address: {"sharp": 1} for address in ADDRESSES},
    }  # fmt: skip
    assert found["gradients"]["Add"] == ["a", "b"]
    assert found["functions"]["tf.add"] == 1
    assert len(found["cells"]) == 4
    assert found["cells"][1] == {
        "kernel": "Add", "slot": "a", "order": "first", "dtype": "float32", "rank": "1",
        "empty": False, "attributes": {"axis": "0"},
        "implementations": {
            "tensorflow": {"cases": 1, "verdicts": {"pass": 1}, "explained": 0, "unexpected": 0},
            "tfjs:cpu": {"cases": 1, "verdicts": {"pass": 1}, "explained": 0, "unexpected": 0},
            "tfjs:wasm": {"cases": 1, "verdicts": {"differs": 1}, "explained": 0, "unexpected": 1},
        },
    }  # fmt: skip


def test_the_document_is_written_and_is_fresh_until_a_case_changes(results, exemptions, tmp_path):
    page, more = tmp_path / "coverage.md", ("--unreachable", exemptions)
    call(results, *more, "--format", "markdown", "-o", page)
    text = page.read_text("utf-8")
    assert "| `Add` | `a` | 1 | 1 | 1 | 0 | float32 | 1 |" in text
    assert "| `Add` | `a` | second | 1 / 0 / 0 | 1 / 0 / 0 | 1 / 0 / 0 |" in text
    assert "| checked sharply on tfjs:cpu, second order | 1 | 1 |" in text
    assert "| gradient `Add.b` | b |" in text
    assert call(results, *more, "--check", page).splitlines()[-1] == "0 errors"
    other = tmp_path / "other.ndjson"
    record(other, everywhere(case(), trace(gradient("Add"), calls=("tf.add",), Add=("a", "b"))))
    stale = call(other, *more, "--check", page, code=1)
    assert f"{page} is stale\nhint: `tfjs-conformance coverage --format markdown" in stale


def test_the_document_does_not_depend_on_the_numbers_or_on_the_order_of_cases(tmp_path, exemptions):
    texts = set()
    items = [everywhere(case("one"), STEPS), everywhere(case("two"), trace(value("Sin", X)))]
    worse = [everywhere(item.case, item.outcomes[1].trace, words=("pass", "differs", "differs"))
             for item in items]  # fmt: skip
    for i, order in enumerate((items, items[::-1], worse)):
        path = tmp_path / f"{i}.ndjson"
        record(path, *order)
        call(path, "--unreachable", exemptions, "--format", "markdown", "-o", tmp_path / "c.md",
             code=1)  # fmt: skip
        texts.add((tmp_path / "c.md").read_text("utf-8"))
    assert len(texts) == 1


def test_a_document_with_errors_does_not_pass_the_check(results, tmp_path):
    page = tmp_path / "coverage.md"
    call(results, "--format", "markdown", "-o", page, code=1)
    assert "no case reaches the gradient of Sin" in call(results, "--check", page, code=1)


def test_some_cases_of_a_file_are_looked_at_without_asking_for_all(results):
    assert call(results, "s/one").splitlines()[-1] == "0 errors"
    assert call(results, "-k", "one").splitlines()[-1] == "0 errors"


def test_a_shard_is_not_asked_for_all_either(tmp_path):
    path = tmp_path / "r.ndjson"
    record(path, everywhere(case(), STEPS), shard="1/2")
    assert call(path).splitlines()[-1] == "0 errors"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a.ndjson", "b.ndjson"], "coverage is of one results file"),
        (["s/one", "--check", "c.md"], "--check is about all cases"),
        (["-k", "one", "--check", "c.md"], "--check is about all cases"),
        (["none.ndjson"], "none.ndjson cannot be read"),
    ],
)
def test_wrong_words_are_told(words, message):
    assert message in call(*words, code=2)


def test_a_file_without_traces_is_told(tmp_path):
    path = tmp_path / "r.ndjson"
    record(path, everywhere(case(), None), traced=False)
    text = call(path, code=2)
    assert "the results were made without tracing\nhint: make them with `run --trace" in text


def test_files_that_are_not_there_are_told(results, tmp_path):
    missing = tmp_path / "missing"
    assert f"no such file: {missing}" in call(results, "--unreachable", missing, code=2)
    assert f"no such file: {missing}" in call(results, "--check", missing, code=2)


def test_without_results_the_cases_run_first(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    lines = call("documents", "-i", "tfjs:cpu").splitlines()
    assert "tf.js 4.22.0: 2 cases, traced on tfjs:cpu" in lines
    assert ["RealDiv", "a", "1", "1", "·", "·", "f32", "1", "1/0/0"] in map(str.split, lines)
    assert lines[-1] == "0 errors"


def test_a_run_is_not_continued_with_other_tracing(tmp_path):
    path = tmp_path / "r.ndjson"
    words = ["run", "documents", "-i", "tfjs:cpu"]
    CliRunner().invoke(main, [*words, "--trace", "--results", str(path)], catch_exceptions=False)
    done = CliRunner().invoke(main, [*words, "--resume", str(path)], catch_exceptions=False)
    assert done.exit_code == 2
    assert "differs in `traced`: True there, False here" in done.output
