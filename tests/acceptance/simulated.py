"""A correct implementation: every scalar function exactly, then off by what its contract allows.

It has a tape like the oracle's, whose values are float32s: each is the function of the float32s
before it, moved within the contract and rounded. So it makes its own decisions, on its own numbers.
Sums are added up in some order, every partial sum being rounded.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import math
import struct
from dataclasses import dataclass, field
from random import Random

from flint import arb

from conformance.protocol import Bound
from reference_impl.exact import primitives as p
from reference_impl.exact import rounding, tape, values
from reference_impl.exact.execute import execute
from reference_impl.exact.tape import Tape

MODES = ("uniform", "extremes", "upwards", "downwards")
"""How far off: anywhere within the contract, at its ends by chance, always at one of its ends."""

_AS_THEY_ARE = frozenset({p.LEAF, p.IDENTITY, p.BLOCK, p.TIE, p.NEG, p.THROUGH})
NOTHING, ONCE = Bound(), Bound(ulp=0.5)
OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}
FUNCTIONS = {
    **p.PRIMITIVES,
    "exp2": p.Primitive("exp2", lambda a: p.EXP.evaluate(values.mul(a, arb(2).log())), ()),
    "log2": p.Primitive("log2", lambda a: values.div(p.LOG.evaluate(a), arb(2).log()), ()),
}
_HIGHEST, _LOWEST = 2.0**127, 2.0**-149
_SINGLE = struct.Struct("<f")
_WORD = struct.Struct("<I")


def single(number):
    """The float32 that is nearest to a double."""
    try:
        return _SINGLE.unpack(_SINGLE.pack(number))[0]
    except OverflowError:
        return math.copysign(math.inf, number)


def towards_zero(number):
    """The next float32 on the way to zero."""
    (word,) = _WORD.unpack(_SINGLE.pack(number))
    return _SINGLE.unpack(_WORD.pack(word - 1))[0]


def unit(number):
    """The unit in the last place of a number as a float32."""
    size = min(abs(number), _HIGHEST) or _LOWEST
    return 2.0 ** (max(math.frexp(size)[1] - 1, -126) - 23)


ONE_AT_ZERO = {"exp", "cos", "cosh"}
"""At zero they are 1 in every library."""


@dataclass
class Dice:
    """Where an implementation is off: its contract, its chances, and its way."""

    contract: object
    random: Random
    mode: str = "uniform"

    def moved(self, exact, bound, operand=0.0):
        """A float32 within the bound around an exact number that is not zero."""
        near = float(exact)
        if bound == ONCE:
            return _correctly_rounded(exact, near)
        units = bound.ulp + bound.per_operand * abs(operand)
        allowed = units * unit(near) + bound.relative * abs(near) + bound.absolute
        found = single(near + self._part() * allowed)
        if abs(found - near) > allowed:
            # Rounding has left the interval, in which there is another float32 next to it.
            found = towards_zero(found) if abs(found) > abs(near) else _next(found)
        return found if abs(found - near) <= allowed else _correctly_rounded(exact, near)

    def applied(self, primitive, operands, bound):
        """A function of some values, as far off as its bound allows."""
        exact = primitive.evaluate(*operands)
        if isinstance(exact, float) or bound == NOTHING:
            # What is promised to be exact is held in more bits than a float32 has.
            return exact
        if primitive.name in ONE_AT_ZERO and isinstance(operands[0], float):
            return exact
        first = float(operands[0]) if operands else 0.0
        while bound.within is not None and not bound.within[0] <= first <= bound.within[1]:
            if bound.outside is None:
                return exact
            bound = bound.outside
        if bound.formula:
            tree = ast.parse(bound.formula, mode="eval").body
            exact = self._formula(tree, dict(zip("xyzw", operands, strict=False)))
            if isinstance(exact, float):
                return exact
        return _value(self.moved(exact, bound, first))

    def _formula(self, tree, operands):
        match tree:
            case ast.Name(id=name):
                return operands[name]
            case ast.Constant(value=number):
                return _value(single(float(number)))
            case ast.UnaryOp(operand=operand):
                return -self._formula(operand, operands)
            case ast.BinOp(left=left, op=operator, right=right):
                name, parts = OPERATORS[type(operator)], (left, right)
            case ast.Call(func=function, args=parts):
                name = function.id
        given = [self._formula(part, operands) for part in parts]
        return self.applied(FUNCTIONS[name], given, self.contract.bounds[name])

    def through(self, value, size, ulp):
        """A value that is off by some roundings of a number of another size."""
        return value + self._part() * ulp * unit(size)

    def stored_through(self, value, size, ulp):
        """The same for a float32, which is one after that: its own rounding is in the value."""
        found = single(self.through(value, size, ulp))
        if abs(found - value) > ulp * unit(size):
            found = towards_zero(found) if abs(found) > abs(value) else _next(found)
        return found if abs(found - value) <= ulp * unit(size) else value

    def _part(self):
        match self.mode:
            case "uniform":
                return self.random.uniform(-1, 1)
            case "extremes":
                return self.random.choice((-1.0, 1.0))
            case _:
                return 1.0 if self.mode == "upwards" else -1.0

    def total(self, terms):
        """The sum, added up in some order: one after the other, or as a tree."""
        terms = list(terms)
        order = self.random.choice(("chance", "chance", "tree", "rising", "falling"))
        if order in {"rising", "falling"}:
            # The positive ones first, or the negative: the largest partial sums.
            terms.sort(reverse=order == "falling")
        else:
            self.random.shuffle(terms)
        while len(terms) > 1:
            at = self.random.randrange(len(terms) - 1) if order == "tree" else 0
            terms[at : at + 2] = [single(terms[at] + terms[at + 1])]
        return terms[0]


def _next(number):
    """The next float32 away from zero, of one that is finite."""
    (word,) = _WORD.unpack(_SINGLE.pack(number))
    return _SINGLE.unpack(_WORD.pack(word + 1))[0]


def _correctly_rounded(exact, near):
    found = single(near)
    # Next to the middle of two float32s a double is not enough to tell.
    if abs(abs(near - found) - 0.5 * unit(near)) <= 2.0**-50 * abs(near):
        return rounding.nearest(exact.mid())
    return found


@dataclass(eq=False)
class Simulated(Tape):
    """The tape of the implementation."""

    dice: Dice = field(kw_only=True)

    def push(self, primitive, parents, constant=None):
        node = super().push(primitive, parents, constant)
        self.values[node] = self._rounded(primitive, parents)
        return node

    def _extend(self, primitive, rows):
        start = len(self.values)
        made = super()._extend(primitive, rows)
        for at, row in enumerate(rows):
            self.values[start + at] = self._rounded(primitive, row)
        return made

    def _leaf(self, number):
        node = super()._leaf(number)
        value = self.values[node]
        if isinstance(value, arb):
            self.values[node] = _value(single(float(value)))
        return node

    def _rounded(self, primitive, parents):
        operands = [self.values[parent] for parent in parents]
        if primitive is p.SUM:
            return _value(self.dice.total(map(float, operands)))
        if primitive in _AS_THEY_ARE:
            return primitive.evaluate(*operands)
        return self.dice.applied(primitive, operands, self._bound(primitive))

    def through(self, nodes, sizes):
        made = super().through(nodes, sizes)
        for node in made.ravel().tolist():
            value, size = self.values[node], float(self.values[self.constants[node]])
            if isinstance(value, arb):
                ulp = self._bound(p.THROUGH).ulp
                # A parameter may be a double; inputs, and what was computed, are float32s.
                (parent,) = self.parents[node]
                number = self.constants[parent] if self.primitives[parent] is p.LEAF else 0.0
                off = self.dice.stored_through if single(number) == number else self.dice.through
                self.values[node] = _value(off(float(value), size, ulp))
        return made

    def _bound(self, primitive):
        scope = self.scopes[-1]
        op = self.calls[scope.call] if scope.call >= 0 else ""
        op += "'" if scope.order else ""
        bounds = self.dice.contract.bounds
        return bounds.get(f"{op}.{primitive.name}") or bounds[primitive.name]


def _value(number):
    """A float32 as a value of the tape."""
    return arb(number) if number and math.isfinite(number) else number


@contextlib.contextmanager
def installed(dice):
    """All tapes that begin are those of the implementation."""
    genuine = tape.Tape
    tape.Tape = functools.partial(Simulated, dice=dice)
    try:
        yield
    finally:
        tape.Tape = genuine


def simulate(request, contract, seed, mode="uniform"):
    """What the implementation answers to a request: as ``execute``."""
    with installed(Dice(contract, Random(seed), mode)):  # noqa: S311  reproducible, not secret
        return execute(request)
