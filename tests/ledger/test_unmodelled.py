"""The list of functions without an exact model is held against what the oracle answered."""

import pytest
from ledgers import case, everywhere, ledger, trace, unanswered

from conformance.ledger.unmodelled import Unmodelled, load, mistakes
from conformance.problems import InvalidFiles

ADD = "x => tf.add(x, x)"
SQUARE = "x => tf.square(x)"


def item(name="one", source=ADD):
    return everywhere(case(name, source), trace(calls=("tf.add", "tf.square")))


def entry(function="tf.add", partly=None):
    return Unmodelled(function, "random", "because", 7, partly)


def found(tmp_path, *items, entries=()):
    """What is wrong: what it is about, and the sentences."""
    models = ledger(tmp_path / "r.ndjson", *items).models
    wrong = list(mistakes(models, entries, "m.yaml"))
    return [about for about, _ in wrong], [message for _, message in wrong]


def test_what_is_answered_needs_no_entry(tmp_path):
    assert found(tmp_path, item()) == ([], [])


def test_a_function_that_is_never_answered_has_to_be_listed(tmp_path):
    about, messages = found(tmp_path, unanswered(item()))
    assert about == ["tf.add"]
    assert messages == ["tf.add has no exact answer in any case, such as s/one: list it in m.yaml"]
    assert found(tmp_path, unanswered(item()), entries=[entry()]) == ([], [])


def test_a_function_beside_a_listed_one_has_to_be_answered_elsewhere(tmp_path):
    both = unanswered(item("both", "x => tf.square(tf.add(x, x))"))
    assert found(tmp_path, both, entries=[entry()])[0] == ["tf.square"]
    assert found(tmp_path, both, item("square", SQUARE), entries=[entry()])[0] == []


def test_a_case_without_an_answer_needs_a_listed_function(tmp_path):
    about, messages = found(tmp_path, item("one"), unanswered(item("two"), "no idea"))
    assert about == ["s/two"]
    assert messages[0].endswith("none of its functions is in m.yaml: no idea")


def test_a_case_that_the_oracle_is_unsure_of_is_excused_by_nothing(tmp_path):
    unsure = unanswered(item("two"), "unsure: 4096 bits of precision do not decide it")
    about, messages = found(tmp_path, item("one"), unsure)
    assert about == ["s/two"]
    assert messages[0].startswith("the oracle has no answer to s/two: unsure")
    partly = entry(partly="at times")
    assert found(tmp_path, item("one"), unsure, entries=[partly])[0] == ["s/two", "tf.add"]


@pytest.mark.parametrize(
    ("answers", "partly", "said"),
    [
        ((True,), None, "has an exact answer in all cases: remove the entry"),
        ((True, False), None, "has an exact answer in some cases: say when not, as `partly`"),
        ((False, False), "at times", "has no exact answer in any case: remove `partly`"),
    ],
)
def test_an_entry_says_exactly_when_there_is_no_answer(answers, partly, said, tmp_path):
    items = [item(str(i)) if known else unanswered(item(str(i))) for i, known in enumerate(answers)]
    about, messages = found(tmp_path, *items, entries=[entry(partly=partly)])
    assert about == ["tf.add"]
    assert messages == [f"m.yaml:7: tf.add {said}"]


def test_the_file_is_read(tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text(
        "- {function: a, kind: random, because: b}\n"
        "- function: c\n  kind: strings\n  partly: d\n  because: >-\n    e\n    f\n"
    )
    assert load(path, "m.yaml") == [
        Unmodelled("a", "random", "b", 1),
        Unmodelled("c", "strings", "e f", 2, "d"),
    ]
    assert load(tmp_path / "none.yaml", "none.yaml") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n", "a list of entries is expected"),
        ("- a\n", "an entry is a mapping"),
        ("- {function: a, because: b}\n", "the field `kind` is missing"),
        ("- {function: a, kind: slow, because: b}\n", "`slow` is no kind"),
        ("- {function: a, kind: random, because: ''}\n", "`because` is a text"),
        ("- {function: a, kind: random, becuase: b}\n", "unknown field `becuase`"),
    ],
)
def test_a_wrong_entry_is_told_with_its_place(text, message, tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text(text)
    with pytest.raises(InvalidFiles) as caught:
        load(path, "m.yaml")
    (problem,) = caught.value.problems
    assert str(problem).startswith("m.yaml:1:")
    assert message in problem.message
