"""Long runs of products on a tape, whose radii are computed all at once.

Convolutions and matrix products are made of them, forward and backward, and no product of a run
depends on another one. What comes out is what comes of them one by one.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reference_impl.exact import primitives as p

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.exact.widening import Program

    Floats = NDArray[np.float64]

LEAST = 48
"""Shorter runs are not worth it."""


class Batch:
    """A run of products: nodes from ``start`` to ``end``, without it, and their ``sizes``."""

    def __init__(self, program: Program, start: int, end: int) -> None:
        rows = program.tape.parents[start:end]
        self._first = operator.itemgetter(*[row[0] for row in rows])
        self._second = operator.itemgetter(*[row[1] for row in rows])
        self.sizes = np.abs(np.array(program.values[start:end]))
        self._a = np.abs(np.array(self._first(program.values)))
        self._b = np.abs(np.array(self._second(program.values)))
        self._units = np.array(program.ulps[start:end])
        nodes = range(start, end)
        self._exact = np.array([program.is_exact(p.MUL, node, 0.5) for node in nodes])
        self._zero = self.sizes == 0

    def radii(self, found: Sequence[float], ulp: float, smallest: float) -> Floats:
        """The radii under a bound of so many units; results below ``smallest`` may be flushed.

        They are infinite or NaN where a result may overflow.
        """
        one, other = np.array(self._first(found)), np.array(self._second(found))
        with np.errstate(invalid="ignore", over="ignore"):
            moved = self._a * other + self._b * one + one * other
            reach = self.sizes + moved
            units = self._units
            # A number that is off may be in the next binade.
            beyond = reach >= units * 2.0**24
            if beyond.any():
                _, exponents = np.frexp(np.minimum(reach, 2.0**127))
                further = np.ldexp(1.0, np.maximum(exponents - 1, -126) - 23)
                units = np.where(beyond, further, units)
            radii: Floats = moved + ulp * units
            exact = self._exact if ulp <= 0.5 else self._exact & self._zero  # noqa: PLR2004  one rounding
            radii[exact & (moved == 0)] = 0.0
            if smallest:
                radii[(self.sizes < smallest) & ~self._zero] += smallest / 2
        return radii


def batches(program: Program) -> dict[int, tuple[int, Batch]]:
    """The long runs of products, by the node that they begin with, each with where it ends."""
    found: dict[int, tuple[int, Batch]] = {}
    primitives, parents = program.tape.primitives, program.tape.parents
    for begin, end, _ in program.tape.segments():
        node = begin
        while node < end:
            if primitives[node] is not p.MUL:
                node += 1
                continue
            start = node
            while (
                node < end
                and primitives[node] is p.MUL
                and parents[node][0] < start
                and parents[node][1] < start
            ):
                node += 1
            if node - start >= LEAST and np.isfinite(program.values[start:node]).all():
                found[start] = node, Batch(program, start, node)
    return found
