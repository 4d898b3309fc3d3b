"""No operands within their radii bring a primitive further from its result than its spread."""

import math

import pytest
from flint import arb, ctx
from hypothesis import assume, example, given
from hypothesis import strategies as st

from reference_impl.exact.primitives import PRIMITIVES
from reference_impl.exact.spreads import SPREADS
from reference_impl.exact.values import Undecided, exact

STRUCTURE = {"leaf", "pi", "identity", "block", "tie", "through"}
UNARY = sorted(
    name
    for name, primitive in PRIMITIVES.items()
    if name not in STRUCTURE | {"sum"} and primitive.evaluate.__code__.co_argcount == 1
)
BINARY = ["add", "sub", "mul", "div", "pow", "atan2"]

numbers = st.one_of(
    st.floats(-8, 8), st.floats(-1.01, 1.01), st.floats(1e-6, 1e-2), st.floats(0.99, 1.02)
)
# From no rounding at all to more than the number itself.
shares = st.one_of(st.just(0.0), st.floats(-10, 0.5).map(lambda power: 10.0**power))
moves = st.floats(-1, 1) | st.sampled_from([-1.0, 1.0])


def value(primitive, operands):
    ctx.prec = 128
    return primitive.evaluate(*map(exact, operands))


def is_within(name, operands, radii, parts):
    primitive = PRIMITIVES[name]
    try:
        before = value(primitive, operands)
    except Undecided:
        return True
    if isinstance(before, float) and before != 0:
        return True
    at = tuple(range(len(operands)))
    spread = SPREADS[primitive](operands, radii, at, float(before))
    assert spread >= 0
    if spread == math.inf:
        return True
    moved = [a + part * radius for a, part, radius in zip(operands, parts, radii, strict=True)]
    after = value(primitive, moved)
    assert isinstance(after, arb) or math.isfinite(after), "left its domain unnoticed"
    apart = abs(arb(after) - arb(before))
    # The doubles that the spread is computed in, and where the operands end up.
    doubles = 1e-12 * abs(float(before)) + 1e-15 * sum(map(abs, moved))
    return bool(apart <= spread * (1 + 1e-9) + doubles + 1e-300)


def test_every_primitive_has_a_spread():
    assert set(SPREADS) == set(PRIMITIVES.values())


@pytest.mark.parametrize("name", UNARY)
@given(number=numbers, share=shares, part=moves)
@example(number=0.0, share=0.5, part=1.0)
def test_one_operand(name, number, share, part):
    assert is_within(name, [number], [abs(number) * share or share], [part])


@pytest.mark.parametrize("name", BINARY)
@given(
    pair=st.tuples(numbers, numbers), own=st.tuples(shares, shares), parts=st.tuples(moves, moves)
)
def test_two_operands(name, pair, own, parts):
    assume(name != "atan2" or pair != (0.0, 0.0))
    radii = [abs(number) * share for number, share in zip(pair, own, strict=True)]
    assert is_within(name, list(pair), radii, parts)


@given(st.lists(st.tuples(numbers, shares, moves), min_size=1, max_size=6))
def test_any_number_of_operands(terms):
    operands, own, parts = map(list, zip(*terms, strict=True))
    radii = [abs(number) * share for number, share in zip(operands, own, strict=True)]
    assert is_within("sum", operands, radii, parts)


@given(
    st.tuples(numbers, st.floats(0.1, 8), st.floats(0, 2), st.floats(-2, 2)),
    st.tuples(shares, shares, shares, shares),
    st.tuples(moves, moves, moves, moves),
)
def test_the_normalized_number(operands, own, parts):
    radii = [abs(number) * share for number, share in zip(operands, own, strict=True)]
    assert is_within("normalized", list(operands), radii, parts)


@pytest.mark.parametrize(
    ("name", "number", "radius"),
    [
        ("log", 1.0, 1.5), ("sqrt", 1.0, 1.5), ("rsqrt", 1e-3, 1.0), ("acosh", 1.5, 0.6),
        ("asin", 0.9, 0.2), ("atanh", 0.9, 0.2), ("log1p", -0.5, 0.6), ("tan", 1.57, 0.1),
    ],
)  # fmt: skip
def test_beyond_a_pole_or_the_end_of_the_domain_nothing_is_bounded(name, number, radius):
    primitive = PRIMITIVES[name]
    result = float(value(primitive, [number]))
    assert SPREADS[primitive]([number], [radius], (0,), result) == math.inf


def test_a_divisor_that_may_be_zero_bounds_nothing():
    divide = PRIMITIVES["div"]
    assert SPREADS[divide]([1.0, 0.5], [0.0, 0.5], (0, 1), 2.0) == math.inf


def test_exact_operands_move_nothing():
    for name in (*UNARY, *BINARY):
        primitive = PRIMITIVES[name]
        operands = [1.25, 0.5][: 1 if name in UNARY else 2]
        assert SPREADS[primitive](operands, [0.0, 0.0], tuple(range(len(operands))), 1.0) == 0
