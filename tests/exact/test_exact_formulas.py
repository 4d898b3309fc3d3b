"""The balls of ops that libraries compute by another formula than the definition."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from asking import request
from hypothesis import given
from hypothesis import strategies as st

from conformance.judge.contracts import profiles
from reference_impl.exact.execute import answer

UNIT = 2.0**-24
SHARP = 16 * UNIT


def balls(source, contract="cpu", **given):
    """Each result with its radii: the value, then the gradients."""
    found = answer(request(source, **given), {contract: profiles()[contract]})
    returned, accepted = found.returned, found.acceptance
    results = []
    places = zip((returned.value, *returned.grads), (accepted.value, *accepted.grads), strict=True)
    for tensor, ball in places:
        value = tensor.numpy().astype(np.float64)
        if ball is None:
            results.append((value, np.zeros(value.shape)))
            continue
        middle = value + np.frombuffer(ball.rest, "<f4").reshape(value.shape)
        results.append((middle, np.frombuffer(ball.radius[contract], "<f4").reshape(value.shape)))
    return results


def widths(source, contract="cpu", **given):
    """The largest relative radius of each result, of the elements that are not zero."""
    return [
        max(radius[value != 0] / abs(value[value != 0]), default=0.0)
        for value, radius in balls(source, contract, **given)
    ]


@pytest.mark.parametrize("op", ["softmax", "logSoftmax"])
def test_logits_of_any_size_are_as_sharp_as_small_ones(op):
    source = f"x => tf.{op}(x)"
    (small, _), (large, _) = (widths(source, x=[at, at + 1, at - 2]) for at in (1, 1e6))
    assert large <= small * 1.001 < 2**-17


def test_the_gradient_of_log_softmax_has_the_rounding_of_the_result():
    source = "x => tf.logSoftmax(x).slice(0, 1)"
    x = np.array([0, -80.125], np.float32)
    _, (slope, radius) = balls(source, x=x)
    half_a_unit = 2.0**-18
    rounded = -np.exp(x[1] + half_a_unit)
    assert abs(rounded - slope[1]) <= radius[1] < 2**-10 * -slope[1]


def test_the_logarithm_of_a_sum_of_exponentials_knows_infinities():
    for x, wanted in (([1, math.inf], math.inf), ([-math.inf, -math.inf], -math.inf)):
        ((value, radius), _) = balls("x => tf.logSumExp(x)", x=x)
        assert value == wanted
        assert radius == 0


def test_the_logarithm_of_a_sum_of_exponentials_is_sharp_beyond_the_range_of_exp():
    assert widths("x => tf.logSumExp(x)", x=[1000, 998])[0] < SHARP


@pytest.mark.parametrize(("op", "x"), [("sigmoid", 28), ("tanh", 28), ("elu", -28)])
def test_a_gradient_of_the_rounded_result_may_be_zero_where_the_op_saturates(op, x):
    _, (slope, radius) = balls(f"x => tf.{op}(x)", x=[x])
    assert 0 < slope < 1e-11
    assert slope < radius < 1e-6


@pytest.mark.parametrize(("op", "x"), [("sigmoid", -28), ("sigmoid", 0.5), ("elu", -0.5)])
def test_a_gradient_of_the_rounded_result_is_sharp_where_it_does_not_cancel(op, x):
    _, slope = widths(f"x => tf.{op}(x)", x=[x])
    assert slope < 2 * SHARP


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=9))
def test_a_mean_is_right_whether_the_sum_or_each_element_is_divided(x):
    x = np.array(x, np.float32)
    count = np.float32(x.size)
    divided = summed = np.float32(0)
    for element in x:
        divided += element / count
        summed += element
    ((value, radius), _) = balls("x => tf.mean(x)", x=x)
    tiny = 2.0**-149
    for found in (divided, summed / count):
        assert abs(found - value) <= radius + tiny


def test_a_mean_half_way_between_two_float32s_is_decided():
    ((value, _), _) = balls("x => tf.mean(x)", x=[3 + 2**-20, 3, 3 + 2**-20 + 2**-22])
    assert abs(value - 3) < 1e-6


def test_the_mean_of_one_element_is_exact():
    ((_, radius), _) = balls("x => tf.moments(x).variance", x=[0.1])
    assert radius == 0


def test_a_product_may_be_multiplied_in_any_order():
    x = np.array([1 + 2**-12, 1 + 2**-12, 1 - 2**-12, 3], np.float32)
    (value, radius), _ = balls("x => tf.prod(x)", x=x)
    for order in ((0, 1, 2, 3), (3, 2, 1, 0), (0, 2, 1, 3)):
        product = np.float32(1)
        for at in order:
            product *= x[at]
        assert abs(product - value) <= radius
    # Four products, the first by 1, each off by half a unit and by half of 2^-24 for another order.
    assert radius <= 4 * 1.53 * UNIT * value


def test_the_gradient_of_huber_loss_has_the_rounding_of_its_linear_part():
    source = "p => tf.losses.huberLoss(tf.tensor([0.0]), p, null, 10)"
    p, delta = np.float32(0.3), np.float32(10)
    _, (slope, radius) = balls(source, p=[p])
    assert abs((p - delta) + delta - slope[0]) <= radius[0] < 1e-6


def test_beyond_its_bound_huber_loss_is_sharp():
    source = "p => tf.losses.huberLoss(tf.tensor([0.0]), p, null, 0.5)"
    assert max(widths(source, p=[0.7])) < SHARP


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_a_norm_of_any_size_is_sharp(size):
    assert max(widths("x => tf.norm(x)", x=[3 * size, 4 * size])) < SHARP


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_the_gradients_of_atan2_of_any_size_are_sharp(size):
    assert max(widths("(a, b) => tf.atan2(a, b)", a=[3 * size], b=[-4 * size])) < SHARP


@pytest.mark.parametrize(("a", "b"), [(3e38, 1.5), (2**30, 3), (-1e30, 7), (5, -3)])
def test_a_remainder_is_exact_however_large_the_quotient(a, b):
    a, b = np.float32(a), np.float32(b)
    ((value, radius), *_) = balls("(a, b) => tf.mod(a, b)", a=[a], b=[b])
    assert value == math.fmod(math.fmod(a, b) + b, b)
    assert radius == 0


def test_a_whole_quotient_is_not_in_doubt():
    source = "(a, b) => tf.floorDiv(a, b)"
    ((value, radius),) = balls(source, call="value", a=[6, -9], b=[3, 3], wrt=())
    assert value.tolist() == [2, -3]
    assert not radius.any()


def test_a_gradient_that_is_shared_at_a_kink_is_exact():
    _, (slope, radius) = balls("x => tf.abs(x)", x=[0])
    assert slope == radius == 0


def test_a_slope_that_is_no_float32_may_be_taken_as_a_double():
    (value, radius), _ = balls("x => tf.leakyRelu(x, 0.2)", x=[-0.4])
    assert abs(np.float32(np.float32(-0.4) * 0.2) - value) <= radius
    ((_, radius), _) = balls("x => tf.leakyRelu(x, 0.25)", x=[-0.4])
    assert radius == 0


def test_a_gradient_by_a_rule_belongs_to_the_op_that_has_the_rule():
    asked = msgspec.structs.replace(request("x => tf.elu(x).mul(3)", x=[-2]), explain=True)
    found = answer(asked, {"ieee": profiles()["ieee"]})
    (parts,) = found.acceptance.grads[0].contributions
    assert {(part.op, part.order) for part in parts} == {("elu", 0), ("elu", 1)}
