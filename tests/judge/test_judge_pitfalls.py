"""The known ways in which comparisons of numbers go wrong, one test each."""

import json

import msgspec
import numpy as np
import pytest
from judging import case, decimals, from_bits, returned, says, values, vector, verdicts

from conformance.judge import decimals as printed
from conformance.judge import ulp
from conformance.judge.inputs import values as input_values
from conformance.outcomes import Verdict
from conformance.protocol import Argument
from conformance.suite.case import Expectation
from conformance.tensors import from_numpy

INF, NAN = float("inf"), float("nan")


def ints(*items):
    return from_numpy(np.array(items, np.int32))


def test_allclose_is_relative_to_the_reference_and_so_not_symmetric():
    assert says(values(vector(10), vector(9), "allclose:0.1,0")) == "differs/numeric"
    assert says(values(vector(9), vector(10), "allclose:0.1,0")) == "pass"


def test_an_absolute_tolerance_hides_small_gradients_and_default_does_not():
    for policy, verdict in (("tfjs", "pass"), ("default", "differs/numeric")):
        found = verdicts(
            case(),
            policy,
            tensorflow=returned(vector(1, 1), vector(5e-4, 1)),
            tfjs=returned(vector(1, 1), vector(1e-9, 1)),
        )
        assert says(found["tfjs"]) == verdict


def test_zeros_are_zero_apart_and_the_smallest_floats_two():
    zero = np.array([-0.0], np.float32)
    assert ulp.distance(zero, -zero)[0][0] == 0
    tiny = np.array([2.0**-149], np.float32)
    apart, unit = ulp.distance(-tiny, tiny)
    assert apart[0] / unit[0] == 2


def test_nan_sign_and_payload_do_not_count():
    assert says(values(from_bits(0xFFC00001), from_bits(0x7FC00000), "bitwise")) == "pass"


def test_equal_infinities_have_no_distance_and_no_warning():
    with np.errstate(all="raise"):
        assert says(values(vector(INF, 1.5), vector(INF, 1))) == "differs/numeric"
        assert says(values(vector(INF, -INF, NAN), vector(INF, -INF, NAN))) == "pass"


def test_infinity_is_not_one_ulp_from_the_largest_float():
    largest = float(np.finfo(np.float32).max)
    assert says(values(vector(INF), vector(largest), "ulp:1000")) == "differs/special"


def test_zero_times_infinity_in_a_masked_gradient_is_seen():
    found = verdicts(
        case(),
        "tfjs",
        tensorflow=returned(vector(1, 1), vector(0, 1)),
        tfjs=returned(vector(1, 1), vector(NAN, 1)),
    )
    assert says(found["tfjs"]) == "differs/special"
    assert found["tfjs"].worst.place == "grads.x"


def test_flushing_to_zero_is_excused_only_where_it_is_declared():
    assert says(values(vector(0), vector(1e-40), "ulp:4")) == "differs/numeric"


def test_literal_inputs_are_rounded_to_float32():
    found = input_values(Argument(literal=[0.1, None, True, {"number": "-0"}, 1e39]))
    assert found.dtype == np.float32
    assert found.tolist() == [np.float32(0.1), 0, 1, 0, INF]
    assert np.signbit(found[3])


def test_decimals_are_not_rounded_twice():
    # Just above half-way between 1 and its neighbour: a double rounds it to half-way, and half to
    # even would then give 1.
    item = "1.00000005960464477539062500001"
    assert float(item) == 1 + 2.0**-24
    assert printed.decide(item, 1 + 2.0**-23) == "same"
    assert printed.decide(item, 1.0) == "numeric"


def test_decimals_printed_with_seven_places_mean_what_was_printed():
    one = case(expect=Expectation(value=decimals("0.3333333")), call="value", wrt=())
    assert says(verdicts(one, tfjs=returned(vector(1 / 3)))["tfjs"]) == "pass"
    assert says(verdicts(one, tfjs=returned(vector(0.3333334)))["tfjs"]) == "differs/numeric"


def test_verdicts_about_special_values_survive_json():
    for got, wanted in ((NAN, 1), (INF, -INF), (-0.0, 0.0)):
        verdict = values(vector(got), vector(wanted), "bitwise")
        line = msgspec.json.encode(verdict)
        json.loads(line, parse_constant=pytest.fail)
        assert msgspec.json.decode(line, type=Verdict) == verdict
        assert {verdict.worst.expected, verdict.worst.got} <= {
            "NaN", "1.0", "Infinity", "-Infinity", "-0.0", "0.0",
        }  # fmt: skip


def test_integers_beyond_two_to_the_24_are_compared_as_integers():
    assert says(values(ints(2**24 + 1), ints(2**24), "ulp:100")) == "differs/numeric"
    assert says(values(ints(-(2**31)), ints(-(2**31)), "ulp:100")) == "pass"
    assert printed.equals("16777217", 2**24) == "numeric"


def test_integers_truth_values_and_strings_know_no_tolerance():
    truth = [from_numpy(np.array([item])) for item in (True, False)]
    text = [from_numpy(np.array([item], dtype=object)) for item in ("a", "b")]
    for one, other in (truth, text, (ints(1), ints(2))):
        assert says(values(one, other, "allclose:1,1e9")) == "differs/numeric"
        assert says(values(one, one)) == "pass"
