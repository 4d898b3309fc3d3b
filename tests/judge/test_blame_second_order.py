"""A gradient of a gradient is certified by the op's own: asked alone, on what was recorded."""

import msgspec
import numpy as np
import pytest

from conformance.blame import local, second_order
from conformance.outcomes import Certificate, Culprit, Verdict, Worst
from conformance.protocol import Pass, Tapped
from conformance.tensors import from_numpy

X = from_numpy(np.array([0.5, 2], np.float32))
DY = from_numpy(np.array([1, -1], np.float32))
OPEN = Certificate(checked=3, unchecked=(f"tf.exp (call 0): {local.SECOND_ORDER}",))
WORST = Worst(place="grads.b0", index=(1,), expected="2.5", got="2", ulp=40.0, budget=4.0)


def tapped(op, *inputs, arguments=None, level=1, results=None):
    made = {"": X} if results is None else results
    return Tapped(
        op=op,
        arguments=arguments or tuple({"input": at} for at in range(len(inputs))),
        inputs=inputs,
        sources=(None,) * len(inputs),
        results=made,
        passes=(Pass(level, {"": DY}, (X,) * len(inputs)),),
    )


def verdict(word="differs", kind="numeric", worst=WORST):
    return Verdict("c", "tfjs:cpu", word, kind=kind, worst=worst, why="some reason")


@pytest.mark.parametrize(
    ("certificate", "is_open"),
    [
        (OPEN, True),
        (Certificate(checked=3), False),
        (Certificate(checked=3, unchecked=("another reason",)), False),
        (Certificate(Culprit("exp", 0, "value", "", "1", "2"), 3, OPEN.unchecked), False),
    ],
)
def test_only_who_names_nobody_is_asked_about(certificate, is_open):
    assert second_order.is_open(certificate) == is_open


def test_each_real_input_has_a_request_that_differentiates_the_gradient():
    (call, request), (_, other) = second_order.requests([tapped("mul", X, X)])
    assert (call, request.call, request.wrt) == (0, "valueAndGrads", ("b0", "b1", "u"))
    source = "(b0, b1, u) => tf.grads((a0, a1) => tf.mul(a0, a1))([b0, b1], u)[0]"
    assert request.f.source == source
    assert other.f.source == source[:-2] + "1]"


def test_what_is_not_real_is_given_as_it_is():
    axis = from_numpy(np.array([0], np.int32))
    ((_, request),) = second_order.requests([tapped("gather", X, axis)])
    assert request.names == ("b0", "a1", "u")
    assert request.wrt == ("b0", "u")
    assert "tf.grads(a0 => tf.gather(a0, a1))([b0], u)[0]" in request.f.source


@pytest.mark.parametrize(
    "tap",
    [
        tapped("exp", X, level=0),
        tapped("dropout", X, arguments=({"input": 0}, {"function": True})),
        tapped("topk", from_numpy(np.array([1], np.int32))),
    ],
)
def test_what_has_no_gradient_of_a_gradient_or_cannot_be_called_is_left_alone(tap):
    assert list(second_order.requests([tap])) == []


def test_the_op_is_the_culprit_where_its_own_case_is_wrong():
    found = second_order.culprit(2, tapped("exp", X), verdict())
    assert (found.op, found.call, found.part, found.level, found.slot) == (
        "exp", 2, "gradient", 1, "0",
    )  # fmt: skip
    assert (found.ulp, found.budget, found.share, found.index) == (40.0, 4.0, 10.0, (1,))
    threw = second_order.culprit(2, tapped("exp", X), verdict("threw", "status", None))
    assert (threw.expected, threw.got, threw.slot) == ("a gradient", "some reason", "0")
    upstream = msgspec.structs.replace(WORST, place="grads.u")
    assert second_order.culprit(2, tapped("exp", X), verdict(worst=upstream)).slot == "dy"


@pytest.mark.parametrize(
    ("word", "kind"), [("pass", None), ("ill-conditioned", None), ("differs", "convention")]
)
def test_it_is_not_where_that_case_is_right(word, kind):
    assert second_order.culprit(0, tapped("exp", X), verdict(word, kind)) is None
