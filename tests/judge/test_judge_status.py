"""Every way to answer, against every way to expect: one verdict each."""

import itertools

import pytest
from judging import UNCONNECTED, case, decimals, from_bits, returned, says, threw, vector, verdicts

from conformance.judge import no_gradient
from conformance.outcomes import Outcome, Verdict
from conformance.protocol import Printed, Started
from conformance.suite.case import Expectation, Missing, PrintedTexts, Throws

OTHER = "Shapes 2 and 3 must match"
ANSWERS = {
    "right": returned(vector(1, 2), vector(3, 4)),
    "wrong": returned(vector(1, 2), vector(3, 5)),
    "zeros": returned(vector(1, 2), vector(0, -0.0)),
    "none": returned(vector(1, 2), None),
    "no value": returned(None, vector(3, 4)),
    "unconnected": threw(UNCONNECTED, "backward"),
    "threw": threw(OTHER),
    "crashed": {"crashed": "exit code 139"},
    "timed out": {"timed_out": 5.0},
    "unsupported": {"unsupported": "no op tf.foo"},
    "not run": {"not_run": "gave up"},
    "nothing": {},
}
EXPECTATIONS = {
    "nothing": Expectation(),
    "gradient": Expectation(grads={"x": decimals("3", "4")}),
    "zeros": Expectation(grads={"x": decimals("0", "0")}),
    "missing": Expectation(grads={"x": Missing()}),
    "throws": Expectation(throws=Throws()),
    "throws other": Expectation(throws=Throws(phase="forward", message="Shapes 2\n and 3")),
    "throws unconnected": Expectation(throws=Throws(message="gradient of y=f(x)")),
    "throws y=f(x)": Expectation(throws=Throws(message="Cannot compute gradient of y=f(x)")),
}
UNANSWERED = {
    "crashed": "crashed", "timed out": "timed out", "unsupported": "unsupported",
    "not run": "not run", "nothing": "not run",
}  # fmt: skip
P, S, N = "pass", "differs/status", "differs/numeric"
T, A = "threw/status", "accepted/status"
TABLE = {
    #                      right wrong zeros none no value unconnected threw
    "nothing":            (P,    P,    P,    P,   S,       T,          T),
    "gradient":           (P,    N,    N,    S,   S,       T,          T),
    "zeros":              (N,    N,    P,    P,   S,       T,          T),
    "missing":            (S,    S,    P,    P,   S,       P,          T),
    "throws":             (A,    A,    A,    A,   A,       P,          P),
    "throws other":       (A,    A,    A,    A,   A,       S,          P),
    "throws unconnected": (A,    A,    A,    A,   A,       P,          S),
    "throws y=f(x)":      (A,    A,    A,    P,   A,       P,          S),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "expect"), list(itertools.product(ANSWERS, EXPECTATIONS)))
def test_each_answer_has_one_verdict_under_each_expectation(answer, expect):
    row = dict(zip(list(ANSWERS)[:7], TABLE[expect], strict=True))
    found = verdicts(case(expect=EXPECTATIONS[expect]), tfjs=ANSWERS[answer])["tfjs"]
    assert says(found) == (row | UNANSWERED)[answer]
    assert found.why or found.verdict == "pass"
    assert "\n" not in found.why


# The verdict on an implementation (column) beside a reference (row), where the case states nothing.
BESIDE = {
    #               right wrong zeros none no value unconnected threw
    "right":       (P,    N,    N,    S,   S,       T,          T),
    "wrong":       (N,    P,    N,    S,   S,       T,          T),
    "zeros":       (N,    N,    P,    P,   S,       T,          T),
    "none":        (S,    S,    P,    P,   S,       P,          T),
    "no value":    (S,    S,    S,    S,   S,       T,          T),
    "unconnected": (S,    S,    S,    P,   S,       T,          T),
    "threw":       (S,    S,    S,    S,   S,       T,          T),
    "crashed":     (P,    P,    P,    P,   S,       T,          T),
    "timed out":   (P,    P,    P,    P,   S,       T,          T),
    "unsupported": (P,    P,    P,    P,   S,       T,          T),
    "not run":     (P,    P,    P,    P,   S,       T,          T),
    "nothing":     (P,    P,    P,    P,   S,       T,          T),
}  # fmt: skip


@pytest.mark.parametrize(("reference", "answer"), list(itertools.product(ANSWERS, ANSWERS)))
def test_each_pair_of_answers_has_one_verdict(reference, answer):
    row = dict(zip(list(ANSWERS)[:7], BESIDE[reference], strict=True)) | UNANSWERED
    found = verdicts(case(), tensorflow=ANSWERS[reference], tfjs=ANSWERS[answer])
    assert says(found["tfjs"]) == row[answer]
    if found["tfjs"].verdict == "pass" and reference in UNANSWERED:
        assert found["tfjs"].against is None
        assert "nothing to hold" in found["tfjs"].why


@pytest.mark.parametrize("word", UNANSWERED)
def test_what_was_not_answered_never_passes_whatever_is_expected(word):
    for expect in EXPECTATIONS.values():
        found = verdicts(case(expect=expect), tensorflow=ANSWERS["right"], tfjs=ANSWERS[word])
        assert found["tfjs"].verdict == UNANSWERED[word]
        assert not found["tfjs"].expected


@pytest.mark.parametrize(
    ("one", "other"), list(itertools.product(["none", "zeros", "threw"], repeat=2))
)
def test_the_ways_to_have_no_gradient_are_the_same_as_declared(one, other):
    declared = {("none", "zeros"), ("none", "threw")}
    expected = one == other or (one, other) in declared or (other, one) in declared
    assert no_gradient.same(one, other) == no_gradient.same(other, one) == expected


def test_only_zeros_of_either_sign_say_that_nothing_flows():
    assert no_gradient.status(None) == "none"
    assert no_gradient.status(vector(0, -0.0)) == "zeros"
    assert no_gradient.status(vector(0, 2.0**-149)) is None
    assert no_gradient.status(vector(float("nan"))) is None
    assert no_gradient.status(from_bits(0x00000080)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (UNCONNECTED, True),
        (" ".join(UNCONNECTED.split()), True),
        ("Cannot find a connection between any\nvariable and the result", True),
        ("Cannot compute gradient: gradient function not found for Equal.", False),
        ("", False),
    ],
)
def test_only_tfjs_errors_about_unconnected_inputs_are_recognised(text, expected):
    assert no_gradient.is_unconnected(text) == expected


def test_the_phase_of_an_error_counts_where_it_is_stated():
    one = case(expect=Expectation(throws=Throws(phase="backward")))
    assert says(verdicts(one, tfjs=threw(phase="backward"))["tfjs"]) == "pass"
    assert says(verdicts(one, tfjs=threw(phase="forward"))["tfjs"]) == "differs/status"


def test_one_alternative_has_to_hold_as_a_whole():
    either = (
        Expectation(value=decimals("1"), grads={"x": decimals("2")}),
        Expectation(value=decimals("3"), grads={"x": decimals("4")}),
        Expectation(throws=Throws(message="no way")),
    )
    one = case(x=vector(1), expect=Expectation(either=either))
    for said, verdict in [
        (returned(vector(1), vector(2)), "pass"),
        (returned(vector(3), vector(4)), "pass"),
        (returned(vector(1), vector(4)), "differs/numeric"),
        (threw("there is no  way"), "pass"),
        (threw("other"), "differs/status"),
    ]:
        found = verdicts(one, tensorflow=returned(vector(1), vector(2)), tfjs=said)
        assert says(found["tfjs"]) in {verdict, "threw/status"} if "threw" in said else True
        assert (says(found["tfjs"]) == "pass") == (verdict == "pass")


def test_an_alternative_frees_only_its_own_places_from_the_reference():
    either = (Expectation(value=decimals("1")), Expectation(value=decimals("3")))
    one = case(x=vector(1), expect=Expectation(either=either))
    said = {
        "tensorflow": returned(vector(1), vector(2)),
        "tfjs": returned(vector(3), vector(9)),
    }
    found = verdicts(one, **said)["tfjs"]
    assert (says(found), found.worst.place) == ("differs/numeric", "grads.x")


def test_the_case_names_who_is_wrong_and_else_the_reference_does():
    said = {
        "tensorflow": returned(vector(2), vector(1)),
        "tfjs": returned(vector(1), vector(1)),
        "tfjs:wasm": returned(vector(3), vector(1)),
    }
    silent = verdicts(case(x=vector(1)), **said)
    assert silent["tfjs"].wrong == ("tfjs",)
    assert silent["tensorflow"].wrong == ()
    spoken = verdicts(case(x=vector(1), expect=Expectation(value=decimals("1"))), **said)
    assert (says(spoken["tensorflow"]), spoken["tensorflow"].against) == (
        "differs/numeric",
        "expect",
    )
    assert spoken["tensorflow"].wrong == ("tensorflow",)
    # Where the case shows the reference to be wrong, its word counts for nothing.
    assert says(spoken["tfjs"]) == "pass"
    assert (spoken["tfjs:wasm"].against, spoken["tfjs:wasm"].wrong) == ("expect", ("tfjs:wasm",))


def test_the_first_class_in_the_order_decides():
    wasm = {"tfjs": Started(
        name="tfjs", version="1", runtime="node", protocol=1, reads="source", backend="wasm"
    )}  # fmt: skip
    wanted = returned(vector(1, 1), vector(1, 1))
    for got, verdict in [
        (returned(vector(1), vector(1, 1), backends=("wasm", "cpu")), "differs/backend"),
        (returned(vector(1), None, backends=("wasm",)), "differs/status"),
        (returned(vector(1, 2), vector(1)), "differs/shape"),
        (returned(vector(1, 2), vector(1, float("nan"))), "differs/special"),
        (returned(vector(1, 2), vector(1, 1), leaked=1), "differs/numeric"),
        (returned(vector(1, 1), vector(1, 1), leaked=1), "differs/leak"),
        (returned(vector(1, 1)), "differs/status"),
    ]:
        found = verdicts(case(), tensorflow=wanted, tfjs=got, started=wasm)
        assert says(found["tfjs"]) == verdict


def test_an_answer_has_all_that_the_call_gives_even_where_all_agree_on_less():
    short = returned(vector(1, 2), vector(1))
    one = case(y=vector(1, 2))
    for said in (short, returned(vector(1, 2)), returned(None, vector(1), vector(1))):
        found = verdicts(one, tensorflow=said, tfjs=said)
        assert [says(verdict) for verdict in found.values()] == ["differs/status"] * 2
    bare = case(call="grads")
    assert says(verdicts(bare, tfjs=returned(None, vector(1, 2)))["tfjs"]) == "pass"


def test_leaks_are_counted_against_what_the_case_allows():
    one = case(expect=Expectation(leaks=2))
    assert says(verdicts(one, tfjs=returned(vector(1), vector(1), leaked=2))["tfjs"]) == "pass"
    assert (
        says(verdicts(one, tfjs=returned(vector(1), vector(1), leaked=0))["tfjs"]) == "differs/leak"
    )


def test_who_cannot_count_tensors_leaks_none():
    one = case(expect=Expectation(leaks=2))
    assert says(verdicts(one, tfjs=returned(vector(1), vector(1)))["tfjs"]) == "pass"


def test_printed_texts_are_exact_for_who_prints():
    expect = Expectation(printed=PrintedTexts(value="Tensor\n    1", grads={"x": "Tensor\n    2"}))
    for text, verdict in [
        (Printed(value="Tensor\n    1", grads=("Tensor\n    2",)), "pass"),
        (Printed(value="Tensor\n    1 ", grads=("Tensor\n    2",)), "differs/printed"),
        (Printed(value="Tensor\n    1", grads=(None,)), "differs/printed"),
        (Printed(), "differs/printed"),
        (None, "pass"),
    ]:
        said = returned(vector(1), vector(1), printed=text)
        found = verdicts(case(x=vector(1), expect=expect), tfjs=said)["tfjs"]
        assert says(found) == verdict


def test_a_verdict_names_its_case_and_implementation():
    found = verdicts(case(), tfjs=ANSWERS["right"])["tfjs"]
    assert isinstance(found, Verdict)
    assert (found.case, found.implementation) == ("ops/test/case", "tfjs")
    outcome = Outcome(case="ops/test/case", implementation="tfjs", crashed="gone")
    assert verdicts(case(), tfjs={"crashed": outcome.crashed})["tfjs"].why == "gone"
