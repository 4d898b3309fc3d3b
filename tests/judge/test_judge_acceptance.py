"""The default policy: everybody is held against the exact oracle's balls, TensorFlow too."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import case, floats, op, returned, says, threw, vector, verdicts

from conformance.outcomes import Outcome
from conformance.protocol import Acceptance, Ball, Returned, Started
from conformance.tensors import from_numpy

VALUE = case(call="value", wrt=())
CPU = Started(name="tfjs", version="1", runtime="node", protocol=1, reads="source", backend="cpu")
TENSORFLOW = Started(
    name="tensorflow", version="2", runtime="python", protocol=1, reads="tree",
    flushes_subnormals=True,
)  # fmt: skip
STARTED = {"tfjs": CPU, "tensorflow": TENSORFLOW}
SHARP, VACUOUS = (1, 0, 0, 0), (0, 0, 0, 1)


def ball(  # noqa: PLR0913  the parts of a ball
    radius, rest=None, *, size=1, widths=SHARP, tensorflow=None, sides=None
):
    """A ball with the same radius for all contracts, unless TensorFlow has one of its own."""

    def numbers(given):
        return np.broadcast_to(np.array(given, "<f4"), [size]).tobytes()

    own = radius if tensorflow is None else tensorflow
    return Ball(
        rest=numbers(0 if rest is None else rest),
        radius={"ieee": numbers(radius), "cpu": numbers(radius), "tensorflow": numbers(own)},
        widths=dict.fromkeys(("ieee", "cpu", "tensorflow"), widths),
        sides=sides,
    )


def oracle(value, around, *grads):
    said = Returned(value=value, grads=tuple(gradient for gradient, _ in grads))
    accepted = Acceptance(value=around, grads=tuple(own for _, own in grads))
    return Outcome("ops/test/case", "exact", returned=said, acceptance=accepted)


def judged(held, *, of=VALUE, policy="default", **said):
    return verdicts(of, policy, started=STARTED, oracle=held, **said)


def short(held, **said):
    return {name: says(verdict) for name, verdict in judged(held, **said).items()}


def test_who_is_outside_its_ball_is_wrong_whoever_that_is():
    held = oracle(vector(1.0), ball(0.25))
    inside, outside = returned(vector(1.25)), returned(vector(1.375))
    assert short(held, tensorflow=outside, tfjs=inside) == {
        "tensorflow": "differs/numeric", "tfjs": "pass",
    }  # fmt: skip
    assert set(short(held, tensorflow=outside, tfjs=outside).values()) == {"differs/numeric"}
    found = judged(held, tensorflow=outside, tfjs=inside)
    assert found["tensorflow"].wrong == ("tensorflow",)
    assert found["tensorflow"].against == "exact"


def test_a_pass_says_how_much_of_its_radius_it_used():
    held = oracle(vector(1.0), ball(0.5))
    assert judged(held, tfjs=returned(vector(1.125)))["tfjs"].used == 0.25


def test_the_distance_is_from_the_real_number_and_not_from_a_float32():
    rest = 2.0**-25
    held = oracle(vector(1.0), ball(1.5 * rest, rest))
    above, below = (returned(vector(np.nextafter(np.float32(1), np.float32(to)))) for to in (2, 0))
    # 3 and 2 quarters of a unit away from 1, on either side of the real number.
    assert short(held, tfjs=above) == {"tfjs": "differs/numeric"}
    assert short(held, tfjs=below) == {"tfjs": "differs/numeric"}
    assert short(oracle(vector(1.0), ball(3 * rest, rest)), tfjs=above) == {"tfjs": "pass"}
    assert short(held, tfjs=returned(vector(1.0))) == {"tfjs": "pass"}


def test_everybody_has_a_contract_of_his_own():
    held = oracle(vector(1.0), ball(0.25, tensorflow=0.5))
    off = returned(vector(1.375))
    assert short(held, tensorflow=off, tfjs=off) == {
        "tensorflow": "pass", "tfjs": "differs/numeric",
    }  # fmt: skip


def test_without_a_ball_only_the_exact_result_is_right():
    held = oracle(vector(1.0), None)
    near = returned(vector(np.nextafter(np.float32(1), np.float32(2))))
    assert short(held, tfjs=near) == {"tfjs": "differs/numeric"}


@pytest.mark.parametrize("got", [np.inf, np.nan, -1e30])
def test_where_nothing_can_be_promised_everything_is_ill_conditioned(got):
    held = oracle(vector(1.0), ball(np.inf, widths=VACUOUS))
    found = judged(held, tfjs=returned(vector(got)))["tfjs"]
    assert (found.verdict, found.expected) == ("ill-conditioned", True)


def test_a_case_is_no_pass_where_all_that_was_checked_says_nothing():
    held = oracle(vector(1.0), ball(0.5, widths=VACUOUS))
    assert judged(held, tfjs=returned(vector(1.0)))["tfjs"].verdict == "ill-conditioned"
    half = oracle(vector(1.0, 2.0), ball([0.5, 0.001], size=2, widths=(1, 0, 0, 1)))
    assert short(half, tfjs=returned(vector(1.0, 2.0))) == {"tfjs": "pass"}


@pytest.mark.parametrize(("exact", "got"), [(np.inf, 3e38), (np.nan, 0), (1, np.nan), (1, np.inf)])
def test_special_values_come_before_any_distance(exact, got):
    held = oracle(vector(exact), ball(0.5))
    assert short(held, tfjs=returned(vector(got))) == {"tfjs": "differs/special"}


def test_an_integer_has_to_be_equal_unless_rounding_may_turn_what_decides_it():
    two, three = (from_numpy(np.array([n], np.int32)) for n in (2, 3))
    assert short(oracle(two, None), tfjs=returned(three)) == {"tfjs": "differs/numeric"}
    assert short(oracle(two, ball(1)), tfjs=returned(three)) == {"tfjs": "pass"}
    yes, no = (from_numpy(np.array([truth])) for truth in (True, False))
    assert short(oracle(yes, ball(1)), tfjs=returned(no)) == {"tfjs": "pass"}


def test_complex_numbers_have_a_radius_for_each_part():
    one = from_numpy(np.array([1 + 1j], np.complex64))
    off = from_numpy(np.array([1 + 1.25j], np.complex64))
    parts = ball([0.01, 0.25], size=2, widths=(2, 0, 0, 0))
    assert short(oracle(one, parts), tfjs=returned(off)) == {"tfjs": "pass"}
    parts = ball([0.25, 0.01], size=2, widths=(2, 0, 0, 0))
    assert short(oracle(one, parts), tfjs=returned(off)) == {"tfjs": "differs/numeric"}


def test_gradients_have_balls_of_their_own():
    of = case(op("sin", "x"), x=vector(1))
    held = oracle(vector(1.0), ball(0.25), (vector(2.0), ball(0.0625)))
    assert short(held, of=of, tfjs=returned(vector(1.125), vector(2.03125))) == {"tfjs": "pass"}
    found = judged(held, of=of, tfjs=returned(vector(1.125), vector(2.125)))["tfjs"]
    assert (found.kind, found.worst.place) == ("numeric", "grads.x")


def test_an_oracle_that_throws_is_believed_as_well():
    held = Outcome("ops/test/case", "exact", **threw("no such axis"))
    assert short(held, tfjs=returned(vector(1))) == {"tfjs": "differs/status"}
    assert short(held, tfjs=threw("other words")) == {"tfjs": "threw/status"}


def test_where_the_oracle_has_no_answer_tensorflow_has_the_word_within_the_budget():
    held = Outcome("ops/test/case", "exact", unsupported="unsure")
    near, far = returned(floats(np.float32(1 + 1e-6))), returned(floats(1.01))
    found = judged(held, tensorflow=returned(floats(1)), tfjs=near)
    assert (says(found["tfjs"]), found["tfjs"].against) == ("pass", "tensorflow")
    assert short(held, tensorflow=returned(floats(1)), tfjs=far)["tfjs"] == "differs/numeric"


def test_other_policies_do_not_look_at_balls():
    held = oracle(vector(1.0), ball(0.5))
    off = returned(vector(1.25))
    assert says(judged(held, policy="ulp:4", tfjs=off)["tfjs"]) == "differs/numeric"
    assert says(judged(held, policy="bitwise", tfjs=off)["tfjs"]) == "differs/numeric"


@given(
    st.floats(-(2.0**100), 2.0**100, width=32, allow_subnormal=False),
    st.floats(0, 2.0**100, width=32, allow_subnormal=False),
    st.floats(-(2.0**100), 2.0**100, width=32, allow_subnormal=False),
)
def test_the_verdict_is_whether_the_number_lies_in_the_ball(exact, radius, got):
    held = oracle(vector(exact), ball(radius))
    found = judged(held, tfjs=returned(vector(got)))["tfjs"]
    assert (found.verdict == "pass") == (abs(float(got) - float(exact)) <= radius)
