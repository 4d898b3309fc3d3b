"""At exact kinks of any program: whoever follows its own recorded choice differs by convention."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import returned, says, verdicts
from kinked import STARTED, kinked, oracle

from conformance.judge.conventions import conventions, matrix
from conformance.protocol import Returned
from conformance.tensors import from_numpy

LIBRARIES = tuple(STARTED)
TENSORFLOW, CPU, WASM = LIBRARIES
FINITE = st.floats(-8, 8, width=32)
# A share of it is not zero.
DIVISIBLE = FINITE.filter(lambda number: abs(number) > 2.0**-120)


def verdict(case, library, *gradients):
    """The verdict on a library that gives these gradients, and else what is right."""
    held = oracle(case)
    given = [
        from_numpy(np.asarray(one, np.float32).reshape(right.shape))
        for one, right in zip(gradients, held.returned.grads, strict=True)
    ]
    said = {library: returned(held.returned.value, *given)}
    return verdicts(case, started=STARTED, oracle=held, **said)[library]


def judged(case, library, *gradients):
    return says(verdict(case, library, *gradients))


ABS = kinked("x => tf.square(tf.add(tf.abs(x), 1))", x=[0, 2])
CLIPPED = kinked("x => tf.mul(tf.relu6(tf.add(x, 4)), 3)", x=[2, 1])
TIED = kinked("x => tf.square(tf.max(tf.mul(x, 2)))", x=[3, 1, 3, 3])
POOLED = kinked(
    "x => tf.mul(tf.maxPool(tf.reshape(x, [1, 2, 2, 1]), 2, 1, 'valid'), 5)", x=[1, 1, 0, 1]
)
POOLED_3D = kinked(
    "x => tf.maxPool3d(tf.reshape(x, [1, 1, 2, 2, 1]), [1, 2, 2], 1, 'valid')", x=[1, 1, 0, 1]
)


@pytest.mark.parametrize(
    ("case", "library", "gradient", "says_"),
    [
        # abs at 0: TensorFlow shares, tf.js takes the last of x and -x; the factor there is 2.
        (ABS, TENSORFLOW, [0, 6], "pass"),
        (ABS, TENSORFLOW, [-2, 6], "differs/numeric"),
        (ABS, CPU, [-2, 6], "differs/convention"),
        (ABS, WASM, [-2, 6], "differs/convention"),
        (ABS, CPU, [0, 6], "pass"),
        (ABS, CPU, [2, 6], "differs/numeric"),
        (ABS, CPU, [-1, 6], "differs/numeric"),
        (ABS, CPU, [-2, 5], "differs/numeric"),
        (ABS, CPU, [-2, 0], "differs/numeric"),
        # relu6 at 6: TensorFlow takes the last, tf.js the first.
        (CLIPPED, CPU, [3, 3], "differs/convention"),
        (CLIPPED, TENSORFLOW, [3, 3], "differs/numeric"),
        (CLIPPED, CPU, [1.5, 3], "differs/numeric"),
        # Ties of max: tf.js gives each the whole.
        (TIED, TENSORFLOW, [8, 0, 8, 8], "pass"),
        (TIED, CPU, [24, 0, 24, 24], "differs/convention"),
        (TIED, TENSORFLOW, [24, 0, 24, 24], "differs/numeric"),
        (TIED, CPU, [24, 0, 0, 0], "differs/numeric"),
        (TIED, CPU, [12, 0, 12, 12], "differs/numeric"),
        # Windows: the two backends of tf.js choose otherwise.
        (POOLED, CPU, [5, 0, 0, 0], "pass"),
        (POOLED, CPU, [0, 0, 0, 5], "differs/numeric"),
        (POOLED, WASM, [0, 0, 0, 5], "differs/convention"),
        (POOLED, WASM, [0, 5, 0, 0], "differs/numeric"),
        (POOLED_3D, TENSORFLOW, [1, 1, 0, 1], "differs/convention"),
        (POOLED_3D, CPU, [1, 1, 0, 1], "differs/numeric"),
        (POOLED_3D, CPU, [0, 0, 0, 1], "differs/convention"),
    ],
)
def test_at_a_kink_only_the_own_recorded_choice_is_excused(case, library, gradient, says_):
    assert judged(case, library, gradient) == says_


def test_a_library_without_recorded_choices_is_not_excused():
    held = oracle(ABS)
    said = {"other": returned(held.returned.value, from_numpy(np.array([-2, 6], np.float32)))}
    assert says(verdicts(ABS, oracle=held, **said)["other"]) == "differs/numeric"


def test_the_verdict_says_which_op_both_choices_and_what_is_no_subgradient():
    found = verdict(ABS, CPU, [-2, 6])
    assert (
        "(abs at 0: tfjs gives the gradient to the last of equals,"
        " tensorflow to all equals in shares)"
    ) in found.why
    assert not found.not_a_subgradient
    each = verdict(TIED, WASM, [24, 0, 24, 24])
    assert each.not_a_subgradient
    assert "max: tfjs gives the gradient to each of the equals in full" in each.why
    assert "which is no subgradient" in each.why
    assert verdict(POOLED_3D, TENSORFLOW, [1, 1, 0, 1]).not_a_subgradient


def test_a_numeric_difference_is_no_choice_and_never_said_to_be_one():
    assert not verdict(TIED, CPU, [25, 0, 25, 25]).not_a_subgradient


@pytest.mark.parametrize("near", [2.0**-126, -(2.0**-126), 1e-30, -1e-7])
def test_near_a_kink_there_is_no_excuse(near):
    case = kinked("x => tf.square(tf.add(tf.abs(x), 1))", x=[near])
    right = np.float32(2 if near > 0 else -2)
    assert judged(case, CPU, [right]) == "pass"
    assert judged(case, CPU, [-right]) == "differs/numeric"
    assert judged(case, CPU, [0]) == "differs/numeric"


def test_near_a_tie_there_is_no_excuse():
    above = float(np.nextafter(np.float32(3), np.float32(4)))
    case = kinked("x => tf.max(x)", x=[3, above])
    assert judged(case, CPU, [0, 1]) == "pass"
    assert judged(case, CPU, [1, 1]) == "differs/numeric"


def test_two_kinks_that_follow_each_other_are_both_as_chosen():
    case = kinked("x => tf.max(tf.abs(x))", x=[0, 0])
    assert judged(case, CPU, [-1, -1]) == "differs/convention"
    assert judged(case, CPU, [1, 1]) == "differs/numeric"
    assert judged(case, CPU, [-0.5, -0.5]) == "differs/numeric"


def test_the_index_of_a_tied_window_is_the_own_choice():
    case = kinked(
        "x => tf.maxPoolWithArgmax(tf.reshape(x, [1, 2, 2, 1]), 2, 1, 'valid').indexes",
        call="value",
        x=[0, 1, 1, 1],
    )
    held = oracle(case)

    def index(library, at):
        value = from_numpy(np.array([[[[at]]]], np.int32))
        said = {library: returned(value)}
        return says(verdicts(case, started=STARTED, oracle=held, **said)[library])

    assert index(CPU, 1) == index(TENSORFLOW, 1) == "pass"
    assert index(WASM, 3) == "differs/convention"
    assert {index(WASM, 2), index(CPU, 3), index(WASM, 0)} == {"differs/numeric"}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, -0.0, 1.5, -2.0]), min_size=1, max_size=4),
    st.data(),
)
def test_each_element_is_the_own_choice_or_right_or_wrong(x, data):
    """At 0 the upstream gradient times -1 is excused, 0 is right; anything else is wrong."""
    dy = data.draw(st.lists(FINITE.filter(bool), min_size=len(x), max_size=len(x)))
    case = kinked("x => tf.mul(tf.abs(x), 1)", dy=dy, x=x)
    factor = [data.draw(st.sampled_from([0.0, -1.0, 0.5, 1.0] if at == 0 else [np.sign(at)]))
              for at in x]  # fmt: skip
    found = judged(case, CPU, np.float32(factor) * np.float32(dy))
    at_kinks = {one for one, at in zip(factor, x, strict=True) if at == 0}
    if at_kinks & {0.5, 1.0}:
        assert found == "differs/numeric"
    else:
        assert found == ("differs/convention" if -1.0 in at_kinks else "pass")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([1.0, 2.0, 3.0]), min_size=1, max_size=5), DIVISIBLE)
def test_the_sides_hold_every_convex_choice_at_a_tie_and_each_only_where_there_is_none(x, dy):
    held = oracle(kinked("x => tf.max(x)", dy=dy, x=x))
    (ball,) = held.acceptance.grads
    right = held.returned.grads[0].numpy()
    tied = x.count(max(x)) > 1
    assert bool(held.acceptance.kinks) == tied == (ball.sides is not None)
    assert tied == ("cpu" in ball.choices) == (held.acceptance.tied == ("max",))
    assert "tensorflow" not in ball.choices
    if tied:
        own = np.frombuffer(ball.choices["cpu"].value, "<f4")
        np.testing.assert_array_equal(own != 0, right != 0)
        np.testing.assert_array_equal(own[own != 0], np.float32(dy))


def test_without_kinks_there_are_no_other_choices():
    held = oracle(kinked("x => tf.abs(tf.sin(x))", x=[1, -1]))
    assert isinstance(held.returned, Returned)
    assert (held.acceptance.kinks, held.acceptance.tied) == (0, ())
    assert held.acceptance.grads[0].choices == {}


def test_the_matrix_has_each_kink_once_with_the_choices_and_what_is_no_subgradient():
    rows = matrix(*LIBRARIES)
    assert len({(row.op, row.at) for row in rows}) == len(rows) == len(conventions().kinks)
    found = {(row.op, row.at): row for row in rows}
    assert found["abs", 0].choices == {TENSORFLOW: "share", CPU: "last", WASM: "last"}
    assert found["abs", 0].differs
    assert found["abs", 0].not_a_subgradient == ()
    assert found["max", None].not_a_subgradient == (CPU, WASM)
    assert found["maxPool3d", None].not_a_subgradient == (TENSORFLOW,)
    assert found["maxPool", None].choices == {TENSORFLOW: "first", CPU: "first", WASM: "last"}
    assert not found["relu", 0].differs


def test_what_is_marked_as_no_subgradient_is_outside_of_the_sides():
    for row, kink in zip(matrix(*LIBRARIES), conventions().kinks, strict=True):
        for takes in row.choices.values():
            if kink.sides is not None:
                assert takes != "each"
