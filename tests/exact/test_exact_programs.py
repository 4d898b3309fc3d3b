"""Hunt for a ball that does not hold its number, and for a derivative that is not one."""

from __future__ import annotations

import math

import mpmath
import pytest
from flint import ctx
from programs import Mpmath, as_mpf, random_program

from reference_impl.exact import primitives as p
from reference_impl.exact.sweep import sweep
from reference_impl.exact.tape import begin

CHUNKS = range(16)
PER_CHUNK = 100


def gradient(tape, result, inputs, dy=None):
    return sweep(tape, min(inputs), [(result, tape.one if dy is None else dy)], inputs)


def holds(ball, number, slack):
    """Whether the ball, widened by what mpmath may be wrong by, holds the number."""
    if isinstance(ball, float):
        return ball == 0 and abs(number) < slack
    return as_mpf(ball.lower()) - slack <= number <= as_mpf(ball.upper()) + slack


@pytest.mark.parametrize("chunk", CHUNKS)
def test_every_ball_holds_what_mpmath_computes(chunk):
    for seed in range(chunk * PER_CHUNK, (chunk + 1) * PER_CHUNK):
        ctx.prec = 128
        tape, inputs, result = random_program(seed)
        gradient(tape, result, inputs)
        coarse = list(tape.values)
        if any(isinstance(value, float) and not math.isfinite(value) for value in coarse):
            continue  # a pole, which mpmath refuses
        ctx.prec = 256
        fine = tape.evaluate()
        with mpmath.workdps(120):
            theirs = tape.evaluate(Mpmath())
            for node, number in enumerate(theirs):
                assert isinstance(number, mpmath.mpf), (seed, node)
                # mpmath has no radius: 120 digits, less what 12 steps may lose.
                slack = mpmath.mpf(10) ** -90 * max(1, abs(number))
                where = (seed, node, tape.primitives[node].name)
                assert holds(coarse[node], number, slack), where
                assert holds(fine[node], number, slack), where


@pytest.mark.parametrize("chunk", CHUNKS)
def test_gradients_are_the_slopes_that_mpmath_measures(chunk):
    for seed in range(chunk * 15, (chunk + 1) * 15):
        ctx.prec = 256
        tape, inputs, result = random_program(seed)
        found = gradient(tape, result, inputs)
        with mpmath.workdps(80):
            h = mpmath.mpf(10) ** -25
            for x, slope in zip(inputs, found, strict=True):
                number = tape.constants[tape.parents[x][0]]
                up, down = (tape.evaluate(Mpmath({number: step}))[result] for step in (h, -h))
                measured = (up - down) / (2 * h)
                value = tape.values[slope]
                mine = mpmath.mpf(0) if isinstance(value, float) else as_mpf(value.mid())
                assert abs(mine - measured) <= abs(measured) * 1e-15 + mpmath.mpf(10) ** -30, seed


POINTS = {
    p.ACOSH: (1.5, 4.0), p.LOG: (0.3, 5.0), p.SQRT: (0.3, 5.0), p.RSQRT: (0.3, 5.0),
    p.ASIN: (-0.7, 0.4), p.ACOS: (-0.7, 0.4), p.ATANH: (-0.7, 0.4),
}  # fmt: skip
SMOOTH = [
    one for one in p.PRIMITIVES.values() if len(one.rules) == 1 and one not in {p.SUM, p.THROUGH}
]


@pytest.mark.parametrize("primitive", SMOOTH, ids=lambda one: one.name)
def test_first_to_third_derivatives_are_those_of_mpmath(primitive):
    from programs import IN_MPMATH  # noqa: PLC0415  next to its use

    for point in POINTS.get(primitive, (-0.7, 2.3)):
        ctx.prec = 256
        tape = begin()
        x = tape.push(p.IDENTITY, (tape.number(point),))
        derivative = tape.push(primitive, (x,))
        for order in (1, 2, 3):
            (derivative,) = gradient(tape, derivative, [x])
            with mpmath.workdps(60):
                wanted = mpmath.diff(IN_MPMATH[primitive], mpmath.mpf(point), order)
            value = tape.values[derivative]
            mine = value if isinstance(value, float) else float(value)
            assert math.isclose(mine, float(wanted), rel_tol=1e-13, abs_tol=1e-30), order


@pytest.mark.parametrize("primitive", [p.ADD, p.SUB, p.MUL, p.DIV, p.POW, p.ATAN2])
def test_both_derivatives_of_two_operands_are_those_of_mpmath(primitive):
    from programs import IN_MPMATH  # noqa: PLC0415  next to its use

    for a, b in ((0.7, 1.9), (2.5, -0.4)):
        ctx.prec = 256
        tape = begin()
        nodes = [tape.push(p.IDENTITY, (tape.number(one),)) for one in (a, b)]
        found = gradient(tape, tape.push(primitive, tuple(nodes)), nodes)
        for at, slope in enumerate(found):
            orders = (1, 0) if at == 0 else (0, 1)
            with mpmath.workdps(60):
                wanted = mpmath.diff(IN_MPMATH[primitive], (a, b), orders)
            assert math.isclose(float(tape.values[slope]), float(wanted), rel_tol=1e-13)


def test_balls_are_compared_and_rounded_down():
    ctx.prec = 128
    tape = begin()
    a, b = tape.push(p.EXP, (tape.number(1.0),)), tape.number(2.0)
    assert (tape.compare(a, b), tape.compare(b, a), tape.compare(b, b)) == (1, -1, 0)
    assert tape.floor(a) == 2


def test_what_is_computed_alike_is_equal_and_what_is_not_is_undecided():
    from reference_impl.exact.values import Undecided  # noqa: PLC0415  next to its use

    ctx.prec = 128
    tape = begin()
    nodes = [tape.push(p.EXP, (tape.push(p.IDENTITY, (tape.number(3.0),)),)) for _ in range(2)]
    assert tape.compare(*nodes) == 0
    squared = tape.mul(nodes[0], nodes[0])
    with pytest.raises(Undecided):
        tape.compare(squared, tape.push(p.EXP, (tape.number(6.0),)))
