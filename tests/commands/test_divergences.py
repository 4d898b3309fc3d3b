"""The document of known divergences, as a user makes it."""

import json

import pytest
from calling import asked, call, fake, suite, wrong_at

RUN = ["run", "s.yaml", *asked(fake("echo"), wrong_at(2)), "--results", "r.ndjson"]
ENTRY = (
    "- {cases: 's/case[n=2]', implementation: '*says*', verdict: differs, count: 1, cause: two}\n"
)
CAUSE = """\
two:
  title: Two | is minus two
  severity: silent
  wrong: tfjs
  kernels: [Neg]
  minimal: s/case[n=2]
  right: Two, as the *case* states.
  issue: https://example.org/2
"""
SHOW = ["divergences", "r.ndjson", "--expectations", "expectations.yaml"]


@pytest.fixture
def ran(tmp_path):
    """A folder with cases, a divergence, its cause, and the results of a run."""
    suite(tmp_path)
    (tmp_path / "expectations.yaml").write_text(ENTRY)
    (tmp_path / "causes.yaml").write_text(CAUSE)
    call(tmp_path, *RUN, code=0)
    return tmp_path


def test_a_divergence_has_its_input_both_answers_and_what_is_right(ran):
    text = call(ran, *SHOW, code=0).stdout
    heading = text.index("## Wrong numbers, silently")
    after = text[heading:]
    for part in (
        "### Two \\| is minus two\n",
        "`two` · **tf.js is wrong** (the case alone: no oracle was asked) · kernel `Neg` · on `",
        " · 1 case\n",
        "```js\nconst f = x => x;\nconst x = tf.tensor([2], [1], 'float32');\n",
        "const value = f(x);\n```\n",
        "| the case states | `[2]` |",
        "| `[2]` |\n",
        "** | **`[-2]`** |\n",
        "Two, as the \\*case\\* states.",
        "Reported: <https://example.org/2>",
        "`tfjs-conformance show 's/case[n=2]'`",
    ):
        assert part in after
    assert call(ran, *SHOW).stdout == text


def test_the_document_can_be_written_and_read_by_programs(ran):
    text = call(ran, *SHOW).stdout
    call(ran, *SHOW, "-o", "deep/d.md", code=0)
    assert (ran / "deep/d.md").read_text() == text
    (one,) = json.loads(call(ran, *SHOW, "--json", code=0).stdout)
    assert one["cause"]["id"] == "two"
    assert one["cases"] == 1
    assert one["blame"]["by"] == "case"
    assert one["disagreement"] is None
    assert [(a["parts"], a["differs"]) for a in one["answers"]] == [
        ({"value": "[2]"}, False), ({"value": "[2]"}, False), ({"value": "[-2]"}, True),
    ]  # fmt: skip


def test_one_cause_can_be_shown_alone(ran):
    text = call(ran, *SHOW, "--cause", "two", code=0).stdout
    facts = "two · tf.js is wrong (the case alone: no oracle was asked) · kernel Neg"
    assert f"Two | is minus two\n{facts}" in text
    assert "value [-2]" in text


def test_the_reason_of_an_explained_verdict_names_its_cause(ran):
    done = call(ran, *RUN, "--known", code=0)
    assert "because: Two | is minus two (two, https://example.org/2)" in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "make one: `tfjs-conformance run --results run.ndjson`"),
        (("nothing.ndjson", *SHOW[2:]), 2, "nothing.ndjson cannot be read"),
        (("r.ndjson", "--expectations", "mine.yaml"), 2, "no such file: mine.yaml"),
        ((*SHOW[1:], "--cause", "too"), 2, "did you mean `two`?"),
    ],
)
def test_what_cannot_be_shown_is_told_with_a_hint(words, code, said, ran):
    assert said in call(ran, "divergences", *words, code=code).stderr


def test_without_causes_there_is_nothing_to_show(ran):
    (ran / "causes.yaml").write_text("")
    (ran / "expectations.yaml").write_text(ENTRY.replace("cause: two", "because: known"))
    assert "nothing in r.ndjson has a cause" in call(ran, *SHOW, code=2).stderr


SUCH = "write one that shows it, such as `s/case[n=2]`"
STALE = {
    "an entry names no cause": (
        ENTRY.replace("two", "too"), CAUSE,
        "expectations.yaml:1: there is no cause `too` in causes.yaml: did you mean `two`?",
    ),
    "a cause has no entry": (
        ENTRY, CAUSE + CAUSE.replace("two:", "three:"),
        "causes.yaml:9: no entry has the cause `three`: remove it",
    ),
    "a minimal case does not exist": (
        ENTRY, CAUSE.replace("n=2", "n=9"),
        f"causes.yaml:1: the case `s/case[n=9]` does not exist: {SUCH}",
    ),
    "a minimal case is another": (
        ENTRY, CAUSE.replace("n=2", "n=3"),
        f"causes.yaml:1: `s/case[n=3]` does not show `two`: {SUCH}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STALE)
def test_a_cause_that_does_not_hold_fails_the_run_with_the_edit(name, ran):
    entries, known, said = STALE[name]
    (ran / "expectations.yaml").write_text(entries)
    (ran / "causes.yaml").write_text(known)
    assert f"expectation  {said}" in call(ran, *RUN, code=1).stdout
    words = ["expectations", "r.ndjson", "--file", "expectations.yaml"]
    assert said in call(ran, *words, code=1).stdout
    # One case alone says nothing about the whole, and only a person can mend it.
    call(ran, "show", "s/case[n=1]", "--cases", "s.yaml", "-i", fake("echo"), code=0 if
         "names no cause" not in name else None)  # fmt: skip
    call(ran, *words, "--update", code=1)
    assert (ran / "expectations.yaml").read_text() == entries


def test_an_update_keeps_the_cause_of_an_entry(ran):
    block = ENTRY.replace("{", "").replace("}", "").replace(", ", "\n  ")
    (ran / "expectations.yaml").write_text(block.replace("count: 1", "count: 7"))
    words = ["expectations", "r.ndjson", "--file", "expectations.yaml", "--update"]
    call(ran, *words, code=0)
    assert (ran / "expectations.yaml").read_text() == block


@pytest.mark.parametrize("text", ["two: [\n", "two: {title: a}\n"])
def test_a_wrong_file_of_causes_is_told_by_file_and_line(text, ran):
    (ran / "causes.yaml").write_text(text)
    done = call(ran, *RUN, code=2)
    assert "causes.yaml:" in done.stderr
    assert "nothing was run" in done.stderr
