"""NaN, infinities, signed zeros and domains: as NumPy has them in float32."""

from __future__ import annotations

import itertools
import math

import mpmath
import numpy as np
import pytest
from flint import arb, ctx

from reference_impl.exact import primitives as p
from reference_impl.exact import values
from reference_impl.exact.rounding import rounded
from reference_impl.exact.values import Undecided, exact

TINY, HUGE = float(np.float32(1e-38)), float(np.float32(1e38))
NUMBERS = [sign * size for size in (0.0, 0.5, 1.0, 2.0, 3.0, TINY, HUGE) for sign in (1.0, -1.0)]
ALL = [*NUMBERS, math.inf, -math.inf, math.nan]

BINARY = {
    p.ADD: np.add,
    p.SUB: np.subtract,
    p.MUL: np.multiply,
    p.DIV: np.divide,
    p.POW: np.power,
    p.ATAN2: np.arctan2,
}
UNARY = {
    p.NEG: np.negative, p.EXP: np.exp, p.EXPM1: np.expm1, p.LOG: np.log, p.LOG1P: np.log1p,
    p.SQRT: np.sqrt, p.RSQRT: lambda x: 1 / np.sqrt(x), p.SIN: np.sin, p.COS: np.cos, p.TAN: np.tan,
    p.ASIN: np.arcsin, p.ACOS: np.arccos, p.ATAN: np.arctan, p.SINH: np.sinh, p.COSH: np.cosh,
    p.TANH: np.tanh, p.ASINH: np.arcsinh, p.ACOSH: np.arccosh, p.ATANH: np.arctanh,
    p.ERF: np.vectorize(math.erf), p.SIGMOID: lambda x: 1 / (1 + np.exp(-x)),
    p.SOFTPLUS: lambda x: np.logaddexp(x, 0),
}  # fmt: skip


@pytest.fixture(autouse=True)
def precision():
    ctx.prec = 512


def same(mine, theirs):
    # In double the function is computed, and rounded once more: nearly the same, special the same.
    if math.isnan(theirs) or math.isinf(theirs) or theirs == 0:
        return repr(mine) == repr(theirs) or (math.isnan(mine) and math.isnan(theirs))
    return math.isclose(mine, theirs, rel_tol=3e-7)


def in_float32(function, *operands):
    with np.errstate(all="ignore"):
        wide = function(*map(np.float64, operands))
        return float(np.float32(wide))


@pytest.mark.parametrize("primitive", BINARY, ids=lambda one: one.name)
def test_two_operands_of_any_kind_give_what_ieee_gives(primitive):
    for a, b in itertools.product(ALL, ALL):
        if primitive is p.POW and b == 0.5 and a in {0, -math.inf}:
            continue  # NumPy takes the square root, which treats their signs otherwise
        mine = rounded(primitive.evaluate(exact(a), exact(b)))
        assert same(mine, in_float32(BINARY[primitive], a, b)), (a, b)


@pytest.mark.parametrize("primitive", UNARY, ids=lambda one: one.name)
def test_one_operand_of_any_kind_gives_what_ieee_gives(primitive):
    for a in ALL:
        # Where double is not good enough for a huge argument, mpmath computes the same.
        if abs(a) == HUGE and primitive in {p.SIN, p.COS, p.TAN}:
            with mpmath.workdps(100):
                wanted = float(np.float32(float(getattr(mpmath, primitive.name)(mpmath.mpf(a)))))
        else:
            wanted = in_float32(UNARY[primitive], a)
        assert same(rounded(primitive.evaluate(exact(a))), wanted), a


def test_every_primitive_has_its_specials_tested():
    untested = set(p.PRIMITIVES.values()) - {*BINARY, *UNARY}
    # The last one is computed by sums, products and powers.
    assert untested == {p.LEAF, p.PI, p.IDENTITY, p.BLOCK, p.TIE, p.THROUGH, p.SUM, p.NORMALIZED}


def test_sums_follow_ieee():
    total = values.total
    assert repr(total([])) == repr(total([-0.0, 0.0])) == "0.0"
    assert repr(total([-0.0, -0.0])) == "-0.0"
    assert total([math.inf, arb(1)]) == math.inf
    assert math.isnan(total([math.inf, -math.inf, arb(1)]))
    assert math.isnan(total([math.nan, arb(1)]))
    assert repr(total([arb(1), arb(2), arb(-3)])) == "0.0"


@pytest.mark.parametrize("primitive", [p.LOG, p.SQRT, p.ACOSH, p.ASIN, p.LOG1P, p.ATANH, p.DIV])
def test_an_operand_on_both_sides_of_an_edge_is_undecided(primitive):
    edges = {p.LOG: 0, p.SQRT: 0, p.ACOSH: 1, p.ASIN: 1, p.LOG1P: -1, p.ATANH: 1, p.DIV: 0}
    wide = arb(edges[primitive], 1e-9)
    operands = (arb(1), wide) if primitive is p.DIV else (wide,)
    with pytest.raises(Undecided):
        primitive.evaluate(*operands)
