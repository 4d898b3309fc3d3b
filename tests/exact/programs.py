"""Random programs on the tape, and mpmath as another arithmetic for them."""

from __future__ import annotations

import random

import mpmath
from flint import arb

from reference_impl.exact import primitives as p
from reference_impl.exact.tape import begin
from reference_impl.exact.values import Undecided

UNARY = [p.EXP, p.EXPM1, p.LOG, p.LOG1P, p.SQRT, p.RSQRT, p.SIN, p.COS, p.TAN, p.ASIN, p.ACOS,
         p.ATAN, p.SINH, p.COSH, p.TANH, p.ASINH, p.ACOSH, p.ATANH, p.ERF, p.SIGMOID, p.SOFTPLUS,
         p.NEG, p.IDENTITY]  # fmt: skip
BINARY = [p.ADD, p.SUB, p.MUL, p.DIV, p.POW, p.ATAN2]

IN_MPMATH = {
    p.ADD: lambda a, b: a + b,
    p.SUB: lambda a, b: a - b,
    p.MUL: lambda a, b: a * b,
    p.DIV: lambda a, b: a / b,
    p.NEG: lambda a: -a,
    p.SUM: lambda *terms: mpmath.fsum(terms),
    p.IDENTITY: lambda a: a,
    p.TIE: lambda a, *_: a,
    p.PI: lambda: +mpmath.pi,
    p.POW: mpmath.power,
    p.ATAN2: mpmath.atan2,
    p.RSQRT: lambda a: 1 / mpmath.sqrt(a),
    p.SIGMOID: lambda a: 1 / (1 + mpmath.exp(-a)),
    p.SOFTPLUS: lambda a: mpmath.log1p(mpmath.exp(a)),
    **{
        one: getattr(mpmath, one.name)
        for one in (p.EXP, p.EXPM1, p.LOG, p.LOG1P, p.SQRT, p.SIN, p.COS, p.TAN, p.ASIN, p.ACOS,
                    p.ATAN, p.SINH, p.COSH, p.TANH, p.ASINH, p.ACOSH, p.ATANH, p.ERF)
    },
}  # fmt: skip


class Mpmath:
    """The arithmetic of mpmath; ``moved`` adds to some leaves."""

    def __init__(self, moved=None):
        self._moved = moved or {}

    def evaluate(self, primitive, operands):
        return IN_MPMATH[primitive](*operands)

    def leaf(self, number):
        return mpmath.mpf(number) + self._moved.get(number, 0)


def random_program(seed, steps=12):
    """A tape, its inputs and its last result, all of whose values are ordinary numbers."""
    choose = random.Random(seed)  # noqa: S311  reproducible is what it has to be
    tape = begin()
    inputs = [tape.push(p.IDENTITY, (tape.number(choose.uniform(-3, 3)),)) for _ in range(3)]
    nodes = list(inputs)
    for _ in range(steps):
        operation = choose.choice(UNARY + BINARY * 2)
        count = 2 if operation in BINARY else 1
        operands = tuple(choose.choice(nodes) for _ in range(count))
        try:
            value = operation.evaluate(*[tape.values[one] for one in operands])
        except Undecided:
            continue
        if isinstance(value, arb) and 1e-6 < abs(float(value)) < 1e6:
            nodes.append(tape.push(operation, operands))
    return tape, inputs, nodes[-1]


def as_mpf(exact):
    """A midpoint or an end of a ball, exactly."""
    mantissa, exponent = exact.man_exp()
    return mpmath.mpf(int(mantissa)) * mpmath.mpf(2) ** int(exponent)
