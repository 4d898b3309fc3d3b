import pytest
from ledgers import (
    ADDRESSES,
    REGISTRY,
    X,
    case,
    everywhere,
    gradient,
    judged,
    ledger,
    settled,
    trace,
    value,
)

from conformance.ledger.errors import Lists, errors
from conformance.ledger.unreachable import Exemption, load
from conformance.problems import InvalidFiles

CALLS = ("tf.add", "tf.grad", "tf.square", ".flatten")
SOURCE = "x => tf.grad(tf.square)(x).flatten().add(tf.add(x, x))"
FULL = trace(
    value("Add", X),
    gradient("Add"),
    gradient("Concat"),
    calls=(*CALLS, ".add"),
    Add="a",
    Concat="a",
)


def found(tmp_path, *items, exemptions=(), unmodelled=(), whole=True):
    """The errors as kind and what they are about."""
    lists = Lists(exemptions, unmodelled, "u.yaml", "m.yaml")
    wrong = errors(ledger(tmp_path / "r.ndjson", *items), REGISTRY, lists, whole=whole)
    return [(error.kind, error.about) for error in wrong], [error.message for error in wrong]


def complete():
    return everywhere(case(source=SOURCE), FULL)


def exempt(kind, pattern, cases=None):
    return Exemption(kind, pattern, "because", 7, cases)


def test_a_ledger_without_gaps_has_no_errors(tmp_path):
    assert found(tmp_path, complete()) == ([], [])


def test_a_registered_gradient_that_only_ran_forward_is_an_error(tmp_path):
    steps = (value("Add", X), value("Concat", X), gradient("Add"))
    item = everywhere(case(source=SOURCE), trace(*steps, calls=(*CALLS, ".add"), Add="a"))
    kinds, messages = found(tmp_path, item)
    assert kinds == [("gradient", "Concat")]
    assert messages == ["no case reaches the gradient of Concat"]


def test_a_slot_that_a_rule_has_and_no_case_computes_is_an_error(tmp_path):
    steps = (gradient("Add"), gradient("Concat"), gradient("huber()"))
    rules = {"Add": ("a", "b"), "Concat": "a", "huber()": ("a", "c")}
    item = everywhere(case(source=SOURCE), trace(*steps, calls=(*CALLS, ".add"), **rules))
    assert found(tmp_path, item)[0] == [("gradient", "Add.b"), ("gradient", "huber().c")]


def test_a_second_derivative_is_a_gradient_that_is_reached(tmp_path):
    steps = (gradient("Add", order=2), gradient("Concat", order=3))
    item = everywhere(case(source=SOURCE), trace(*steps, calls=(*CALLS, ".add")))
    assert found(tmp_path, item)[0] == []


def test_a_function_that_no_case_names_is_an_error(tmp_path):
    steps = (gradient("Add"), gradient("Concat"))
    reached = trace(*steps, calls=("tf.add", ".flatten"))
    item = everywhere(case(source="x => tf.add(x, x.flatten())"), reached)
    kinds, messages = found(tmp_path, item)
    assert kinds == [("function", "tf.grad"), ("function", "tf.square")]
    assert messages[0] == "no case names tf.grad"


def test_a_function_that_is_named_and_never_ran_is_an_error(tmp_path):
    missing = trace(gradient("Add"), gradient("Concat"), calls=(*CALLS[:3], ".add"))
    kinds, messages = found(tmp_path, everywhere(case(source=SOURCE), missing, threw=True))
    assert kinds == [("function", ".flatten")]
    assert messages == ["cases name .flatten, but in none of them it ran"]


def test_a_call_that_never_ran_in_its_own_case_is_an_error(tmp_path):
    idle = everywhere(case("idle"), trace())
    kinds, messages = found(tmp_path, complete(), idle)
    assert kinds == [("call", "tf.add")]
    assert messages == ["s/idle names tf.add, which never ran on tfjs:cpu and tfjs:wasm"]


def test_a_call_that_never_ran_on_one_implementation_is_an_error(tmp_path):
    idle = settled(case("idle"), (None, trace(calls=("tf.add",)), trace()))
    assert "which never ran on tfjs:wasm" in found(tmp_path, complete(), idle)[1][0]


def test_a_part_of_the_cases_has_no_gaps_but_its_own_idle_calls(tmp_path):
    idle = everywhere(case("idle"), trace())
    assert found(tmp_path, idle, whole=False)[0] == [("call", "tf.add")]


@pytest.mark.parametrize(
    ("entry", "left"),
    [
        (exempt("gradient", "Concat"), [("function", "tf.square")]),
        (exempt("function", "tf.squ*"), [("gradient", "Concat")]),
    ],
)
def test_an_exemption_takes_away_its_own_error_alone(tmp_path, entry, left):
    item = everywhere(case(source="x => tf.add(x, tf.grad(x).flatten())"),
                      trace(gradient("Add"), calls=("tf.add", "tf.grad", ".flatten")))  # fmt: skip
    assert found(tmp_path, item, exemptions=[entry])[0] == left


def test_an_exempt_call_is_exempt_in_the_cases_that_it_names(tmp_path):
    items = [complete(), *(everywhere(case(name), trace()) for name in ("idle", "other"))]
    kinds, messages = found(tmp_path, *items, exemptions=[exempt("call", "tf.add", "s/idle")])
    assert kinds == [("call", "tf.add")]
    assert messages[0].startswith("s/other names")


@pytest.mark.parametrize(
    "entry",
    [exempt("gradient", "Add"), exempt("gradient", "Add.a"), exempt("function", "tf.gr*")],
)
def test_an_exemption_that_is_reached_is_an_error(tmp_path, entry):
    kinds, messages = found(tmp_path, complete(), exemptions=[entry])
    assert kinds == [("exemption", entry.pattern)]
    assert messages[0].startswith(f"u.yaml:7: {entry.kind} `{entry.pattern}` is reached")


def wide():
    """All there is, but the gradient of Add is nowhere checked sharply."""
    steps = (value("Add", X), gradient("Concat"))
    reached = trace(*steps, calls=(*CALLS, ".add"), Concat="a")
    item = everywhere(case("other"), trace(gradient("Add"), calls=("tf.add",), Add="a"))
    return everywhere(case(source=SOURCE), reached), judged(item, [], value=(0, 2, 0, 0))


def test_an_untested_gradient_can_be_exempt_by_implementation(tmp_path):
    said = "no case checks the gradient Add.a first sharply on"
    kinds, messages = found(tmp_path, *wide())
    assert kinds == [("untested", "Add.a first")]
    counts = ", ".join(f"{at} (1 usable)" for at in ADDRESSES)
    assert messages == [f"{said} {counts}"]
    entry = exempt("untested", "Add.a first", "tfjs:*")
    assert found(tmp_path, *wide(), exemptions=[entry])[1] == [f"{said} tensorflow (1 usable)"]


def test_an_exemption_of_a_gradient_that_is_tested_is_an_error(tmp_path):
    entry = exempt("untested", "Add.a first", "tfjs:cpu")
    kinds, messages = found(tmp_path, complete(), exemptions=[entry])
    assert kinds == [("exemption", "Add.a first")]
    assert "u.yaml:7: untested `Add.a first` is tested" in messages[0]
    assert found(tmp_path, *wide(), whole=False)[0] == []


@pytest.mark.parametrize(
    "entry",
    [exempt("gradient", "Sin"), exempt("function", "tf.typo"), exempt("call", ".mul", "s/*")],
)
def test_an_exemption_that_matches_nothing_is_an_error(tmp_path, entry):
    kinds, messages = found(tmp_path, complete(), exemptions=[entry])
    assert kinds == [("exemption", entry.pattern)]
    assert "matches nothing" in messages[0]


def test_exemptions_are_not_held_against_a_part_of_the_cases(tmp_path):
    assert found(tmp_path, complete(), exemptions=[exempt("gradient", "Sin")], whole=False)[0] == []


def test_the_file_of_exemptions_is_read(tmp_path):
    path = tmp_path / "u.yaml"
    path.write_text(
        "# why\n- gradient: A\n  because: >-\n    one\n    two\n"
        "- {call: .b, cases: s/*, because: three}\n"
    )
    assert load(path, "u.yaml") == [
        Exemption("gradient", "A", "one two", 2),
        Exemption("call", ".b", "three", 6, "s/*"),
    ]
    assert load(tmp_path / "none.yaml", "none.yaml") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n", "a list of entries is expected"),
        ("- a\n", "an entry is a mapping"),
        ("- {because: b}\n", "an entry has one of gradient, function, call"),
        ("- {gradient: A, function: B, because: b}\n", "an entry has one of"),
        ("- {gradient: A}\n", "the field `because` is missing"),
        ("- {gradient: A, because: ''}\n", "`because` is a text"),
        ("- {gradient: A, because: [b]}\n", "`because` is a text"),
        ("- {gradient: A, cases: b, because: b}\n", "unknown field `cases` beside `gradient`"),
        ("- {untested: A, because: b}\n", "the field `implementation` is missing"),
        ("- {call: A, because: b}\n", "the field `cases` is missing"),
        ("- {gradient: A, becuase: b}\n", "unknown field `becuase`"),
    ],
)
def test_a_wrong_entry_is_told_with_its_place(tmp_path, text, message):
    path = tmp_path / "u.yaml"
    path.write_text(text)
    with pytest.raises(InvalidFiles) as caught:
        load(path, "u.yaml")
    (problem,) = caught.value.problems
    assert str(problem).startswith("u.yaml:1:")
    assert message in problem.message
