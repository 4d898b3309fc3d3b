"""Who is wrong in a minimal case, and by whom that is certified."""

import msgspec
import numpy as np
import pytest

from conformance.causes import Cause
from conformance.certified import blame, by_oracle, disagreement
from conformance.language.names import ApiNames
from conformance.language.parser import parse
from conformance.outcomes import Certificate, Culprit, Outcome, Verdict
from conformance.protocol import Acceptance, Argument, Ball, Function, Returned, Started, Threw
from conformance.results import Settled
from conformance.suite.case import Case, Exact, Expectation, Throws
from conformance.tensors import Tensor

SOURCE = "x => tf.square(x)"
NAMES = ApiNames(version="1", functions=frozenset({"square"}), methods=frozenset())
CASE = Case(
    id="s/one", file="s.yaml", line=1, call="value", names=("x",), wrt=(),
    f=Function(source=SOURCE, tree=parse(SOURCE, NAMES)), args=(Argument(literal=3),),
)  # fmt: skip
STARTED = {
    "tensorflow": Started(name="tensorflow", version="1", runtime="r", protocol=1, reads="tree"),
    "tfjs:cpu": Started(
        name="tfjs", version="1", runtime="r", protocol=1, reads="source", backend="cpu"
    ),
}
CONTRACTS = ("ieee", "tensorflow", "cpu", "wasm")
CULPRIT = Culprit(
    op="conv2d", call=0, part="gradient", slot="0", expected="9", got="10", ulp=41.25, budget=3.2
)


def number(value):
    return Tensor(dtype="float32", shape=(), data=np.float32(value).tobytes())


def oracle(value=9.0, **said):
    """An answer of the oracle, exact but for a unit in the last place."""
    if said:
        return Outcome("s/one", "exact", **said)
    radius = np.float32(1e-6).tobytes()
    ball = Ball(rest=bytes(4), radius=dict.fromkeys(CONTRACTS, radius))
    return Outcome(
        "s/one", "exact", returned=Returned(value=number(value)), acceptance=Acceptance(value=ball)
    )


def item(tensorflow=9.0, cpu=9.0, exact=None, expect=Expectation()):  # noqa: B008  frozen
    """The case with what the two answered, an exception for a throw."""
    outcomes = [
        Outcome("s/one", address, threw=Threw("forward", "Error", "no"))
        if value is None
        else Outcome("s/one", address, returned=Returned(value=number(value)))
        for address, value in (("tensorflow", tensorflow), ("tfjs:cpu", cpu))
    ]
    case = msgspec.structs.replace(CASE, expect=expect)
    verdicts = [Verdict("s/one", address, "pass", expected=True) for address in STARTED]
    return Settled(case, tuple(outcomes), tuple(verdicts), exact or oracle())


def verdict(at="tfjs:cpu", word="differs", kind="numeric", **fields):
    return Verdict("s/one", at, word, kind=kind, **fields)


def cause(wrong="tfjs"):
    return Cause("two", "Two", "silent", wrong, (), "s/one", "Nine.", None, 1)


def text(found, *verdicts, wrong="tfjs"):
    said = blame(cause(wrong), found, verdicts, STARTED)
    return said.by, said.text


def test_the_culprit_is_named_with_how_far_off_it_is():
    shown = verdict(against="exact", certificate=Certificate(culprit=CULPRIT, checked=2))
    said = "exact: culprit conv2d (gradient of input 0), 41.25 ulp, 3.2 allowed"
    assert text(item(cpu=10.0), shown) == ("exact", said)


def test_without_a_culprit_it_is_the_place():
    by, said = text(item(cpu=10.0), verdict(against="exact"))
    assert by == "exact"
    assert said.startswith("exact: value, 1.049e+06 ulp, 1")


def test_what_the_case_states_does_not_hide_what_the_oracle_says():
    stated = Expectation(value=Exact(tensor=number(9.0)))
    by, said = text(item(cpu=10.0, expect=stated), verdict(against="expect"))
    assert (by, said[:13]) == ("exact", "exact: value,")


def test_a_special_value_has_no_distance():
    found = item(cpu=float("nan"))
    assert text(found, verdict(kind="special", against="exact")) == (
        "exact",
        "exact (special value): value",
    )


@pytest.mark.parametrize(
    ("found", "shown", "expected"),
    [
        (
            item(cpu=None),
            verdict(word="threw", kind="status"),
            ("exact", "exact: there is an answer"),
        ),
        (
            item(exact=oracle(threw=Threw("forward", "Error", "no"))),
            verdict(word="accepted", kind="status"),
            ("exact", "exact: an error"),
        ),
        (
            item(exact=oracle(unsupported="no op")),
            verdict(against="tensorflow"),
            ("reference", "reference only: no exact model"),
        ),
        (
            item(exact=oracle(unsupported="no op")),
            verdict(against="expect"),
            ("case", "the case alone: no exact model"),
        ),
        (
            item(),
            verdict(against="expect"),
            ("case", "the case alone: exact agrees with the answer"),
        ),
        (item(), verdict(kind="leak"), ("case", "what the case states: leak")),
        (item(), verdict(kind="convention"), ("convention", "convention")),
    ],
)
def test_everything_else_says_what_it_rests_on(found, shown, expected):
    assert text(found, shown) == expected


def test_what_both_may_defend_is_a_convention_whatever_the_oracle_does():
    assert text(item(cpu=10.0), verdict(), wrong="neither") == ("convention", "convention")
    assert disagreement(cause("neither"), item(cpu=10.0), [verdict()], STARTED) is None


def test_the_oracle_alone_judges_without_what_the_case_states():
    stated = Expectation(throws=Throws(phase="forward"))
    found = by_oracle(item(cpu=10.0, expect=stated), STARTED)
    assert [(v.verdict, v.kind) for v in found.values()] == [("pass", None), ("differs", "numeric")]
    assert by_oracle(item(exact=oracle(unsupported="no op")), STARTED) == {}


@pytest.mark.parametrize(
    ("wrong", "found", "at", "said"),
    [
        ("tfjs", item(cpu=10.0), "tfjs:cpu", None),
        ("tfjs", item(10.0, 10.0), "tfjs:cpu", "TensorFlow is outside its ball: value differs"),
        ("tfjs", item(), "tfjs:cpu", "the oracle agrees with tfjs:cpu"),
        ("tensorflow", item(10.0), "tensorflow", None),
        ("tensorflow", item(), "tensorflow", "the oracle agrees with TensorFlow"),
        ("tfjs", item(10.0, exact=oracle(unsupported="no op")), "tfjs:cpu", None),
    ],
)
def test_a_cause_has_to_blame_whom_the_oracle_blames(wrong, found, at, said):
    reason = disagreement(cause(wrong), found, [verdict(at)], STARTED)
    assert reason is None if said is None else reason.startswith(said)


def test_a_case_whose_steps_are_all_right_blames_nobody():
    found = item(10.0, 10.0)
    assert disagreement(cause("tfjs"), found, [verdict()], STARTED) is not None
    cleared = msgspec.structs.replace(found.verdicts[0], verdict="ill-conditioned")
    found = msgspec.structs.replace(found, verdicts=(cleared, found.verdicts[1]))
    assert disagreement(cause("tfjs"), found, [verdict()], STARTED) is None
