"""Cases with subnormal inputs are asked for with zeros as well."""

import struct

import pytest

from conformance import flushing, variants
from conformance.judge import policy
from conformance.judge.verdict import judge
from conformance.language.tree import Arrow, Call, Member, Name
from conformance.outcomes import Outcome
from conformance.protocol import Argument, Function, Returned, Started
from conformance.suite.case import Case
from conformance.tensors import Tensor

TINY = 1e-40
RECIPROCAL = Arrow((Name("x"),), Call(Member(Name("x"), "reciprocal"), ()))


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


def case(argument, dy=None):
    f = Function(source="x => x.reciprocal()", tree=RECIPROCAL)
    return Case(id="s/one", file="s.yaml", line=3, call="value", f=f, names=("x",),
                args=(argument,), wrt=(), dy=dy)  # fmt: skip


@pytest.mark.parametrize("argument", [
    Argument(literal=[1, TINY]),
    Argument(literal=[[-TINY, 2.5]]),
    Argument(dtype="float32", shape=(2,), data=floats(TINY, 1)),
    Argument(dtype="complex64", shape=(1,), data=floats(1, -TINY)),
])  # fmt: skip
def test_subnormal_inputs_have_two_variants(argument):
    one = case(argument)
    plus, minus = flushing.variants(one).values()
    assert plus.args != minus.args != one.args
    assert not flushing.variants(plus)
    assert not flushing.variants(minus)


@pytest.mark.parametrize("argument", [
    Argument(literal=[0, 1, {"number": "NaN"}, {"number": "-0"}, None, True, 2.0**-126]),
    Argument(literal="1e-40"),
    Argument(dtype="int32", shape=(1,), data=b"\1\0\0\0"),
    Argument(dtype="float32", shape=(3,), data=floats(0.0, -0.0, 2.0**-126)),
])  # fmt: skip
def test_other_inputs_have_none(argument):
    assert not flushing.variants(case(argument))


def test_zeros_take_the_places_of_subnormals_only():
    one = case(Argument(dtype="float32", shape=(3,), data=floats(1, TINY, -TINY)),
               dy=Argument(literal=[TINY, 2]))  # fmt: skip
    plus, minus = flushing.variants(one).values()
    assert plus.args[0].data == floats(1, 0.0, 0.0)
    assert minus.args[0].data == floats(1, -0.0, -0.0)
    assert (plus.dy.literal, minus.dy.literal) == ([0, 2], [{"number": "-0"}, 2])


def started(*, flushes):
    return Started(name="n", version="1", runtime="r", protocol=1, reads="tree",
                   flushes_subnormals=flushes)  # fmt: skip


def returned(*values):
    return Returned(value=Tensor("float32", (len(values),), floats(*values)))


def verdict(mine, *, flushes=True, attached=True):
    """tf.js and its flushed variants against a TensorFlow that takes 1e-40 for 0."""
    infinite = float("inf")
    reference = Outcome("s/one", "tensorflow", returned=returned(infinite, 0.5))
    other = Outcome("s/one", "tfjs:cpu", returned=returned(*mine))
    zeros = {
        name: Outcome("v", "tfjs:cpu", returned=returned(float(f"{sign}inf"), mine[1]))
        for name, sign in flushing.ZEROS.items()
    }
    if attached:
        other = variants.attached(other, zeros)
    says = {"tensorflow": started(flushes=flushes), "tfjs:cpu": started(flushes=False)}
    one = case(Argument(literal=[1e-40, 2]))
    outcomes = {"tensorflow": reference, "tfjs:cpu": other}
    return judge(one, outcomes, says, policy.parse("default"), "tensorflow")[1]


def test_a_reference_that_flushes_does_not_make_the_others_wrong():
    assert verdict((1e38, 0.5)).verdict == "pass"


def test_only_who_says_that_it_flushes_is_excused():
    assert verdict((1e38, 0.5), flushes=False).kind == "special"
    assert verdict((1e38, 0.5), attached=False).kind == "special"


def test_the_excuse_ends_with_the_element_that_is_subnormal():
    assert verdict((1e38, 0.6)).kind == "numeric"
