"""The acceptance radius of every node of a tape: how far a correct implementation may be off.

The same program once more, on radii: a node's radius is what its operands' radii become
(``spreads``), and what the contract allows for its own rounding on top. A sum of n terms may be
added up in any order: every partial sum is rounded, and no subset of k terms has a larger sum than
the k largest terms (or, downwards, the k smallest).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from flint import arb
from numpy.typing import NDArray

from conformance.protocol import Bound, Contract
from reference_impl.exact import formulas, iterations
from reference_impl.exact import primitives as p
from reference_impl.exact.batches import Batch, batches
from reference_impl.exact.primitives import Primitive
from reference_impl.exact.spreads import SPREADS
from reference_impl.exact.tape import Tape
from reference_impl.exact.values import FLOAT32_LIMIT, Value

UNIT = 2.0**-24
"""Half a unit in the last place of 1, the largest relative error of one rounding to float32."""

SMALLEST_NORMAL = 2.0**-126
_LIMIT = float(FLOAT32_LIMIT)
_WHOLE = 2.0**10
"""Terms that are multiples of its inverse, and small, are added up exactly in any order."""
_EXACT_SUM = 2.0**24

_ROUNDED_ONCE = frozenset({p.ADD, p.SUB, p.MUL, p.DIV, p.SQRT, p.SUM})
"""The primitives that IEEE 754 rounds correctly: exact where the result is a float32."""

_ONE_AT_ZERO = frozenset({p.EXP, p.COS, p.COSH})
"""They are 1 at zero, for everybody."""
_UNITS = 2.0**24
"""Every number is less than so many of its units in the last place."""
_SHARP = 2.0**-20
"""A radius that is larger, relative to the value, is worth a look at what the operands share."""

_ONCE = 0.5
"""The bound of one correct rounding."""
_MOVES = frozenset({p.LEAF, p.IDENTITY, p.BLOCK, p.TIE, p.NEG})

_MOST_CONTRACTS = 64
_MANY = 1000
"""A tape of fewer nodes has no long runs worth looking for."""

Parts = tuple[float, Bound | None]
"""A bound: units in the last place, and the whole of it where it is more than these."""


class Program:
    """A tape as doubles: what all contracts share."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.values: list[float] = list(map(float, tape.values))
        self.sizes: list[float] = list(map(abs, self.values))
        array = np.array(self.values)
        with np.errstate(over="ignore", invalid="ignore"):
            # Infinities and NaN are; what is no float32 by less than a double shows is one here.
            narrow = array.astype(np.float32)
            self.representable: list[bool] = (narrow == array).tolist()
            self.ulps: list[float] = _ulps(array).tolist()
        self.steps = list(zip(tape.primitives, tape.parents, self.values, strict=True))
        self._exact: dict[int, bool] = {}
        self._partial: dict[int, float] = {}
        self.pieces = self._pieces()

    def _pieces(self) -> list[tuple[int, int, str, Batch | None]]:
        """The tape from piece to piece: from, to, the op that it belongs to, and all as a batch."""
        # The states of an iteration are looked at one by one.
        runs = batches(self) if len(self.values) > _MANY and not self.tape.states else {}
        pieces: list[tuple[int, int, str, Batch | None]] = []
        for begin, end, op in self.tape.segments():
            at = begin
            for start in [start for start in runs if begin <= start < end]:
                until, batch = runs[start]
                if at < start:
                    pieces.append((at, start, op, None))
                pieces.append((start, until, op, batch))
                at = until
            if at < end:
                pieces.append((at, end, op, None))
        return pieces

    def is_exact(self, primitive: Primitive, node: int, ulp: float) -> bool:
        """Whether the primitive gives a node of exact operands without an error.

        Not so where its bound is more units in the last place than one rounding has.
        """
        if self.values[node] == 0:
            # Zero of no tiny number, but of a number where the function is zero.
            if primitive is p.THROUGH or type(self.tape.values[node]) is arb:
                return False
            return primitive is not p.SUM or self._adds_up(node)
        if primitive in _ONE_AT_ZERO:
            (operand,) = self.tape.parents[node]
            return self.values[operand] == 0 and type(self.tape.values[operand]) is not arb
        if ulp > _ONCE or primitive not in _ROUNDED_ONCE:
            return False
        known = self._exact.get(node)
        if known is None:
            known = self.is_float32(node) and (primitive is not p.SUM or self._adds_up(node))
            self._exact[node] = known
        return known

    def _adds_up(self, node: int) -> bool:
        """Whether no partial sum of a sum is rounded, in whatever order."""
        return _adds_up_exactly([self.values[one] for one in self.tape.parents[node]])

    def is_float32(self, node: int) -> bool:
        """Whether the exact value of a node is a float32."""
        if not self.representable[node]:
            return False
        value: Value = self.tape.values[node]
        return type(value) is not arb or bool(value == arb(self.values[node]))

    def sum_error(self, node: int, moved: float) -> float:
        """The largest error of a sum in any order, each addition being rounded correctly.

        ``moved`` is how far off the sum of the terms may be.
        """
        error, unit = 0.0, self.ulps[node]
        count = len(self.tape.parents[node])
        if count > 2:  # noqa: PLR2004  of two terms there is only the result
            error = UNIT * (self._partial_sums(node) + (count - 2) * moved)
        reach = abs(self.values[node]) + moved + error
        return error + 0.5 * (unit if reach < unit * _UNITS else _ulp(reach))

    def _partial_sums(self, node: int) -> float:
        """What the magnitudes of all partial sums add up to at most, but for the whole sum."""
        known = self._partial.get(node)
        if known is None:
            terms = sorted([self.values[one] for one in self.tape.parents[node]])
            largest = known = 0.0
            lower, upper = terms[0], terms[-1]
            for k in range(1, len(terms) - 1):
                lower += terms[k]
                upper += terms[-1 - k]
                # A sum of fewer terms may stand in its place, in a tree.
                largest = max(largest, upper, -lower)
                known += largest
            self._partial[node] = known
        return known


def _ulps(array: NDArray[np.float64]) -> NDArray[np.float64]:
    """The unit in the last place of each number as a float32, that of the largest at most."""
    finite = np.where(np.isfinite(array), array, 1.0)
    _, exponents = np.frexp(finite)
    # Zero is the smallest of all.
    exponents = np.where(finite == 0, -126, exponents)
    # frexp's mantissa is below 1, that of a float32 from 1 on.
    units: NDArray[np.float64] = np.ldexp(1.0, np.clip(exponents - 1, -126, 127) - 23)
    return units


def _ulp(size: float) -> float:
    """The unit in the last place of one positive number, which may be infinite."""
    exponent = math.frexp(min(size, 2.0**127))[1] - 1
    return math.ldexp(1.0, max(exponent, -126) - 23)


def radii(program: Program, contract: Contract) -> list[float]:  # noqa: C901, PLR0912  the innermost loop of the judge
    """The radius of each node under a contract.

    Raises:
        KeyError: the contract has no bound for a primitive that computes.
    """
    tape, values, ulps = program.tape, program.values, program.ulps
    found = [0.0] * len(values)
    smallest = 2 * SMALLEST_NORMAL if contract.flushes else 0.0
    stored, states, spreads, steps = tape.results, tape.states, SPREADS, program.steps
    sizes = program.sizes
    natural: dict[int, float] = {}
    known = _bounds_of(contract)
    for start, end, op, batch in program.pieces:
        bounds = known(op)
        if batch is not None and bounds[p.MUL][1] is None:
            radii = batch.radii(found, bounds[p.MUL][0], smallest)
            # What may overflow is looked at one by one.
            if float((radii + batch.sizes).max()) < _LIMIT:
                found[start:end] = radii.tolist()
                continue
        for node in range(start, end):
            primitive, operands, value = steps[node]
            size = sizes[node]
            if not size < math.inf:
                found[node] = _special(program, found, operands, node)
                continue
            if primitive is p.LEAF:
                radius = 0.0 if program.representable[node] else 0.5 * ulps[node]
            elif primitive is p.MUL:
                # The commonest one, without a call.
                a, b = operands
                one, other = found[a], found[b]
                radius = sizes[a] * other + sizes[b] * one + one * other
            else:
                radius = spreads[primitive](values, found, operands, value)
            if primitive not in _MOVES:
                ulp, bound = bounds[primitive]
                if radius or not program.is_exact(primitive, node, ulp):
                    # A number that is off may be in the next binade.
                    reach, unit = size + radius, ulps[node]
                    if primitive is p.SUM:
                        radius += 2 * ulp * program.sum_error(node, radius)
                    elif primitive is p.THROUGH:
                        radius += ulp * ulps[tape.constants[node]]
                    elif bound is None:
                        radius += ulp * (unit if reach < unit * _UNITS else _ulp(reach))
                    else:
                        inputs = [(values[one], found[one]) for one in operands]
                        radius += formulas.allowed(bound, contract.bounds, inputs, reach)
            if 0 < size < smallest:
                radius += SMALLEST_NORMAL
            # A result that may overflow; and what is NaN because something has no bound.
            if not radius + size < _LIMIT and (radius != radius or node in stored):  # noqa: PLR0124
                radius = math.inf
            found[node] = radius
            if node in states and _SHARP * size < radius < math.inf:
                natural[node] = radius
                found[node] = min(radius, iterations.radius(program, found, natural, node))
    return found


def _special(program: Program, found: Sequence[float], operands: Sequence[int], node: int) -> float:
    """The radius of an infinity or NaN: it follows from its operands, if these are certain.

    A number that is only beyond the range of doubles, on the way to a result, is not certain.
    """
    tape = program.tape
    unsure = (
        type(tape.values[node]) is arb
        or node in tape.near_overflow
        or any(found[one] == math.inf for one in operands)
    )
    return math.inf if unsure else 0.0


def _adds_up_exactly(terms: Sequence[float]) -> bool:
    size = 0.0
    for term in terms:
        scaled = term * _WHOLE
        if scaled != math.floor(scaled):
            return False
        size += abs(scaled)
    return size <= _EXACT_SUM


class _Bounds(dict[Primitive, Parts]):
    """The bounds of primitives within one op, looked up as they are asked for."""

    def __init__(self, bounds: Mapping[str, Bound], op: str) -> None:
        super().__init__()
        self._bounds = bounds
        self._op = op

    def __missing__(self, primitive: Primitive) -> Parts:
        found = self._bounds.get(f"{self._op}.{primitive.name}") or self._bounds[primitive.name]
        plain = formulas.is_plain(found)
        self[primitive] = parts = (formulas.largest_ulp(found), None if plain else found)
        return parts


_looked_up: dict[int, tuple[Contract, dict[str, _Bounds]]] = {}
"""By identity, a contract and what was looked up in it: it stays the same for many cases."""


def _bounds_of(contract: Contract) -> Callable[[str], _Bounds]:
    """What finds the bounds of an op under a contract."""
    kept, by_op = _looked_up.get(id(contract), (None, {}))
    if kept is not contract:
        if len(_looked_up) >= _MOST_CONTRACTS:
            _looked_up.clear()
        _looked_up[id(contract)] = contract, by_op

    def of(op: str) -> _Bounds:
        found = by_op.get(op)
        if found is None:
            found = by_op[op] = _Bounds(contract.bounds, op)
        return found

    return of
