"""The balls are wide enough for every correct implementation, and no wider than they say."""

import itertools
import math

import msgspec
import numpy as np
import pytest
from asking import request
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.protocol import Bound, Contract, Optimizer
from reference_impl.exact import tape, widening
from reference_impl.exact.execute import answer

ROUNDED = dict.fromkeys(
    ("add", "sub", "mul", "div", "sum", "sqrt", "pi", "through"), Bound(ulp=0.5)
)
PLAIN = Contract({**ROUNDED, "exp": Bound(ulp=3), "tanh": Bound(ulp=2), "log": Bound(ulp=3)})
U = 2.0**-24


def accepted(source, call="valueAndGrads", *, contract=PLAIN, explain=False, **given):
    asked = msgspec.structs.replace(request(source, call, **given), explain=explain)
    found = answer(asked, {"plain": contract})
    assert found.acceptance is not None, found
    return found


def radius(ball):
    return np.frombuffer(ball.radius["plain"], "<f4")


def value_radius(source, **given):
    return radius(accepted(source, "value", wrt=(), **given).acceptance.value)


def test_what_is_rounded_correctly_is_exact_where_the_result_is_a_float32():
    assert value_radius("x => x.mul(3).add(0.5)", x=[1.5, -2]).tolist() == [0, 0]
    assert value_radius("x => x.div(2)", x=[1.5]).tolist() == [0]
    assert value_radius("x => x.sqrt()", x=[2.25]).tolist() == [0]
    assert value_radius("x => tf.sum(x)", x=[1, 2, 3.5, -7]).tolist() == [0]


def test_a_sum_that_cancels_is_exact_only_if_its_partial_sums_are():
    assert value_radius("x => tf.sum(x)", x=[0.25, 0.75, -0.25, -0.75]).tolist() == [0]
    terms = [0.22092782, 0.8626904, -0.22092782, -0.8626904]
    (allowed,) = value_radius("x => tf.sum(x)", x=terms)
    assert (
        allowed
        >= abs(
            np.float32(
                np.float32(np.float32(terms[0]) + np.float32(terms[1])) + np.float32(terms[2])
            )
            + np.float32(terms[3])
        )
        > 0
    )


def test_half_a_unit_in_the_last_place_for_one_rounding():
    assert value_radius("x => x.div(3)", x=[1]).tolist() == [2.0**-26]
    assert value_radius("x => x.mul(x)", x=[1 + 2.0**-23]).tolist() == [2.0**-24]


def test_a_number_that_is_no_float32_is_rounded():
    found = tape.begin()
    nodes = [found.number(0.1), found.number(0.5)]
    radii = widening.radii(widening.Program(found), PLAIN)
    assert [radii[node] for node in nodes] == [2.0**-28, 0]
    # What tf.js makes a tensor of is a float32 before anybody computes.
    assert value_radius("x => tf.scalar(0.1)", x=[1]).tolist() == [0]


def test_an_error_is_amplified_by_what_follows():
    (small,) = value_radius("x => x.exp()", x=[1.0])
    (large,) = value_radius("x => x.exp().sub(2.718)", x=[1.0])
    # What is left after the subtraction is 10,000 times smaller, and the error is what it was.
    assert small <= large <= small + U


@pytest.mark.parametrize("terms", [[1e8, 1, -1e8, 1.5], [0.1, 0.2, 0.3, 0.4, -0.9], [1 / 3] * 5])
def test_no_order_of_a_sum_is_outside(terms):
    array = np.array(terms, np.float32)
    found = accepted("x => tf.sum(x)", "value", x=array, wrt=())
    exact = math.fsum(array.tolist())
    (allowed,) = radius(found.acceptance.value)
    for order in itertools.permutations(array):
        for total in _trees(order):
            assert abs(float(total) - exact) <= allowed


def _trees(terms):
    """All that a sum may become, whichever neighbours are added up first."""
    if len(terms) == 1:
        return {terms[0]}
    return {
        np.float32(left + right)
        for cut in range(1, len(terms))
        for left in _trees(terms[:cut])
        for right in _trees(terms[cut:])
    }


@settings(deadline=None)
@given(st.lists(st.floats(-100, 100, width=32), min_size=2, max_size=5), st.randoms())
def test_no_order_of_any_sum_is_outside(terms, random):
    array = np.array(terms, np.float32)
    found = accepted("x => tf.sum(x)", "value", x=array, wrt=())
    exact = math.fsum(array.tolist())
    (allowed,) = radius(found.acceptance.value)
    random.shuffle(terms)
    for total in _trees(tuple(np.array(terms, np.float32))):
        assert abs(float(total) - exact) <= allowed


def test_near_a_kink_both_branches_are_right_and_far_from_it_one():
    near = accepted("x => x.exp().sub(1).relu()", x=[1e-9])
    assert near.acceptance.straddled == 1
    assert radius(near.acceptance.grads[0])[0] >= 1
    far = accepted("x => x.exp().sub(1).relu()", x=[0.5])
    assert far.acceptance.straddled == 0
    assert radius(far.acceptance.grads[0])[0] < 1e-5


def test_at_an_exact_kink_of_exact_numbers_the_ball_is_sharp_and_both_sides_are_told():
    found = accepted("x => tf.relu(x.mul(2).sub(2))", x=[1.0, 3])
    assert (found.acceptance.kinks, found.acceptance.straddled) == (1, 0)
    (gradient,) = found.acceptance.grads
    assert radius(gradient).tolist() == [0, 0]
    first, last = (np.frombuffer(side, "<f4").tolist() for side in gradient.sides)
    assert (first, last) == ([2, 2], [0, 2])
    assert found.acceptance.value.sides is None


def test_a_decision_that_rounding_may_turn_is_open_for_other_dtypes_too():
    found = accepted("x => x.exp().sub(1).greater(0)", "value", x=[1e-9, 1], wrt=())
    assert radius(found.acceptance.value).tolist() == [1, 0]
    floor = accepted("x => x.exp().floor().toInt()", "value", x=[np.log(3), 2.5], wrt=())
    assert radius(floor.acceptance.value).tolist() == [1, 0]


def test_what_may_overflow_has_no_bound():
    found = accepted("x => x.exp()", "value", x=[88.72284, 88], wrt=())
    wide, narrow = radius(found.acceptance.value)
    assert (math.isinf(wide), math.isinf(narrow)) == (True, False)


def test_one_who_flushes_may_return_zero_for_a_subnormal_number():
    flushing = Contract(PLAIN.bounds, flushes=True)
    tiny = np.array([2.0**-130], np.float32)
    (kept,) = value_radius("x => x.mul(0.5)", x=tiny)
    (flushed,) = value_radius("x => x.mul(0.5)", x=tiny, contract=flushing)
    assert kept == 0
    assert flushed >= 2.0**-131


def test_a_bound_of_an_op_counts_before_that_of_the_function():
    bounds = {**PLAIN.bounds, "exp.exp": Bound(ulp=30)}
    (wide,) = value_radius("x => x.exp()", x=[0.5], contract=Contract(bounds))
    (plain,) = value_radius("x => x.exp()", x=[0.5])
    assert wide == 10 * plain
    prime = {**PLAIN.bounds, "exp'.mul": Bound(ulp=50)}
    found = accepted("x => x.exp()", x=[0.5], dy=[0.3], contract=Contract(prime))
    same = accepted("x => x.exp()", x=[0.5], dy=[0.3])
    assert radius(found.acceptance.value) == radius(same.acceptance.value)
    assert radius(found.acceptance.grads[0]) > 5 * radius(same.acceptance.grads[0])


def test_absolute_and_relative_parts_are_added():
    bounds = {**PLAIN.bounds, "exp": Bound(ulp=0, relative=0.25, absolute=0.5)}
    (found,) = value_radius("x => x.exp()", x=[1.0], contract=Contract(bounds))
    assert found == pytest.approx(0.25 * math.e + 0.5)


def test_contracts_have_radii_of_their_own_and_widths():
    asked = request("x => x.exp()", "value", x=[1.0], wrt=())
    loose = Contract({**PLAIN.bounds, "exp": Bound(relative=0.5)})
    found = answer(asked, {"tight": PLAIN, "loose": loose}).acceptance.value
    assert found.widths == {"tight": (1, 0, 0, 0), "loose": (0, 0, 0, 1)}


def test_without_contracts_there_are_no_balls():
    assert answer(request("x => x.exp()", x=[1.0]), {}).acceptance is None


def test_a_function_without_a_bound_is_an_error_and_not_free():
    with pytest.raises(KeyError, match="sin"):
        answer(request("x => x.sin()", x=[1.0]), {"plain": PLAIN})


def test_the_rest_is_what_the_real_number_is_beyond_its_float32():
    found = accepted("x => x.div(3)", "value", x=[1], wrt=())
    (rest,) = np.frombuffer(found.acceptance.value.rest, "<f4")
    assert float(found.returned.value.numpy()[0]) + float(rest) == pytest.approx(1 / 3, abs=1e-15)


def test_contributions_add_up_to_the_whole_and_name_op_order_and_function():
    found = accepted("x => x.exp().add(1)", x=[0.7], dy=[0.3], explain=True)
    ((first, second),) = found.acceptance.value.contributions
    assert (first.op, first.function, first.order) == ("exp", "exp", 0)
    assert (second.op, second.function) == ("add", "add")
    assert first.share + second.share == pytest.approx(1)
    (parts,) = found.acceptance.grads[0].contributions
    assert {(part.op, part.order, part.function) for part in parts} == {
        ("exp", 0, "exp"), ("exp", 1, "mul"),
    }  # fmt: skip


def test_zero_that_is_exact_has_no_radius_and_one_of_cancellation_has():
    assert value_radius("x => x.tanh()", x=[0.0]).tolist() == [0]
    (cancelled,) = value_radius("x => x.exp().sub(x.exp())", x=[1.0])
    assert cancelled > 1e-7


def test_an_inner_gradient_is_widened_as_well():
    found = accepted("x => tf.grad(y => y.exp().mul(y))(x)", x=[0.5])
    assert radius(found.acceptance.value)[0] > 3 * U
    assert radius(found.acceptance.grads[0])[0] > 3 * U


def test_training_widens_from_step_to_step():
    radii = []
    for steps in (1, 5):
        asked = request("w => w.square().sum()", "minimize", w=[0.7])
        training = {"steps": steps, "optimizer": Optimizer("sgd", (0.1,))}
        found = answer(msgspec.structs.replace(asked, **training), {"plain": PLAIN})
        radii.append(radius(found.acceptance.variables[0])[0])
    assert 0 < radii[0] < radii[1]


@pytest.mark.parametrize("flushes", [False, True])
@pytest.mark.parametrize("ulp", [0.5, 1.5])
def test_what_is_computed_all_at_once_is_what_comes_one_by_one(ulp, flushes, monkeypatch):
    source = (
        "(x, f) => tf.conv2d(tf.tanh(x), f, 1, 'same').mul(x.slice([0, 0, 0, 0], [1, 6, 6, 1]))"
    )
    rng = np.random.default_rng(1)
    x = rng.choice([0, 1, 0.5, 3e-20, 1e-39, 0.1, -0.7, 2**-126], [1, 6, 6, 3])
    f = rng.choice([1, 0.3, -1e-19, 2e19], [3, 3, 3, 2])
    given = {"x": x.astype(np.float32), "f": f.astype(np.float32)}
    contract = Contract({**PLAIN.bounds, "mul": Bound(ulp=ulp)}, flushes=flushes)
    together = accepted(source, contract=contract, **given).acceptance
    monkeypatch.setattr(widening, "_MANY", 10**9)
    alone = accepted(source, contract=contract, **given).acceptance
    assert together == alone
    assert np.isfinite(radius(together.value)).all()
