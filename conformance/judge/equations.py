"""Two comparisons inside one answer: the same bits, and a sum within what rounding explains.

Any NaN is NaN. A term t that was computed with a budget of B ULP between two sides is off by B/2
units of its scale; so the two sides of ``t0 = t1 + t2 + …`` may be apart by

    B/2 * (ulp(s0) + ulp(s1) + ulp(s2) + …)  +  ulp(s0) for each sum the implementation adds up

The scale s of a term is each element itself where the function is one elementwise op. Sums may
cancel, and then no element says how large its parts were: where anything is added up, s is the
largest element of the term, or of the inputs (for values) or of ``dy`` (for gradients), whichever
is largest. A value whose single op is rounded correctly by its contract has no freedom: B is 0.

Special values are to be the same where the right side is one term. Where it is a sum, elements of
which every term is finite are compared, and there the left side has to be finite too.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.judge.budget import Budget, budget, calls
from conformance.judge.finding import LAW, VALUE, Finding, element, sentence, title
from conformance.judge.op_costs import contract
from conformance.judge.ulp import ulp
from conformance.laws.law import FORMULAS, parse
from conformance.protocol import Argument, Returned
from conformance.suite import arguments
from conformance.suite.case import Case
from conformance.tensors import Tensor

Array = NDArray[Any]
_LARGEST = float(np.finfo(np.float32).max)
_HALF_ULP = 0.5


class Term:
    """One term of an equation. ``largest`` is what its rounding goes by where sums are involved."""

    def __init__(self, elements: Array, at_least: float = 0.0) -> None:
        """Take the elements; by default the largest of them counts."""
        self.elements = elements
        self.largest = max(at_least, largest(elements))


class Equations:
    """The equations of one answer; ``used`` is the largest share of a budget that one took."""

    def __init__(self, case: Case, answer: Returned) -> None:
        """Take a case with a law, and the answer to it."""
        self.case = case
        self.law = parse(case.law or "")
        self.answer = answer
        self.used = 0.0

    def broken(self, what: str, **more: Any) -> Finding:
        """The finding that the law does not hold."""
        why = f"{self.law.name} ({FORMULAS[self.law.name]}): {what}"
        kind = "nondeterministic" if self.law.name == "repeatable" else "law"
        return Finding(kind=kind, why=why, against=LAW, **more)  # type: ignore[arg-type]  # a class

    def same(
        self, name: str, place: str, got: Tensor | None, wanted: Tensor | None
    ) -> Finding | None:
        """The finding that two tensors do not have the same bits; ``name`` is the variant's."""
        if got == wanted:
            return None
        if got is None or wanted is None:
            has = "has none" if got is None else "has one, and the case itself has none"
            return self.broken(f"{title(place)}: the request `{name}` {has}")
        if (got.dtype, got.shape) != (wanted.dtype, wanted.shape):
            what = f"{got.dtype} {list(got.shape)} in the request `{name}`"
            due = f"{wanted.dtype} {list(wanted.shape)} by the law"
            return self.broken(f"{title(place)} is {what}, and {due}")
        if got.dtype == "string":
            return self.broken(f"{title(place)} differs in the request `{name}`")
        mine, theirs = got.numpy().reshape(-1), wanted.numpy().reshape(-1)
        differs = _words(mine) != _words(theirs)
        if mine.dtype.kind in "fc":
            differs &= ~(np.isnan(mine) & np.isnan(theirs))
        if not differs.any():
            return None
        return self._differs(name, place, (theirs, mine), differs, got.shape)

    def close(
        self, name: str, place: str, left: Term, right: Sequence[Term], *, sums: int = 0
    ) -> Finding | None:
        """The finding that a term is not the sum of others, to what rounding explains.

        Args:
            name: the variants of which there is talk.
            place: the value or the gradient that is compared.
            left: what was computed.
            right: what the law makes of it, one term or several.
            sums: how many additions the implementation did that the equation does not show.
        """
        got = left.elements
        shapes = [list(term.elements.shape) for term in (left, *right)]
        if any(shape != shapes[0] for shape in shapes):
            shown = " and ".join(map(str, shapes))
            return self.broken(f"{title(place)} has the shapes {shown}: see the request `{name}`")
        if any(term.elements.dtype.kind != got.dtype.kind for term in right):
            return self.broken(f"{title(place)} has another dtype in the request `{name}`")
        with np.errstate(over="ignore", invalid="ignore"):
            total = np.sum([term.elements.astype(np.complex128) for term in right], axis=0)
            wanted = _like(total, got)
            apart = np.abs(got.astype(np.complex128) - total)
        counted = np.abs(total) < _LARGEST  # false for NaN
        if len(right) == 1:
            apart = np.where(counted, apart, np.where(_are_same(got, wanted), 0.0, np.inf))
        else:
            apart = np.where(counted, apart, 0.0)
        apart[np.isnan(apart)] = np.inf
        allowed = self._allowed(place, (left, *right), sums)
        shares = np.full(apart.shape, np.inf)
        np.divide(apart, allowed, out=shares, where=(allowed > 0) & np.isfinite(apart))
        shares[apart == 0] = 0.0
        differs = (shares > 1).reshape(-1)
        self.used = max(self.used, float(shares[shares <= 1].max(initial=0.0)))
        if not differs.any():
            return None
        pair = (wanted.reshape(-1), got.reshape(-1))
        return self._differs(name, place, pair, differs, got.shape, (apart, shares, allowed))

    def _allowed(self, place: str, terms: Sequence[Term], sums: int) -> Array:
        """How far the elements of two sides may be apart."""
        if terms[0].elements.dtype.kind not in "fc":
            return np.zeros(terms[0].elements.shape)
        rounding = self._budget.value if place == VALUE else self._budget.grads
        if place == VALUE and self._is_rounded_correctly:
            rounding = 0.0
        units = [ulp(self._scale(term, place)) for term in terms]
        return np.asarray(rounding / 2 * np.sum(units, axis=0) + sums * units[0])

    def _scale(self, term: Term, place: str) -> Array:
        finite = np.where(np.isfinite(term.elements), term.elements, 0)
        if self._is_elementwise:
            return np.asarray(np.abs(finite), np.float64)
        floor = self._floors[0] if place == VALUE else self._floors[1]
        return np.full(finite.shape, max(term.largest, floor))

    @functools.cached_property
    def _floors(self) -> tuple[float, float]:
        """The largest elements of the inputs and of dy; dy is ones where none is given."""
        return (
            max(map(_largest_of, self.case.args), default=0.0),
            1.0 if self.case.dy is None else _largest_of(self.case.dy),
        )

    @functools.cached_property
    def _budget(self) -> Budget:
        results = [
            tensor.shape for tensor in (self.answer.value, *self.answer.grads) if tensor is not None
        ]
        return budget(self.case.f.tree, map(arguments.shape, self.case.args), results)

    @functools.cached_property
    def _is_elementwise(self) -> bool:
        """Whether the function is one op, of which neither value nor gradient adds anything up."""
        one_element = budget(self.case.f.tree, [()], [()])
        return len(calls(self.case.f.tree)) == 1 and one_element == self._budget

    @functools.cached_property
    def _is_rounded_correctly(self) -> bool:
        found = calls(self.case.f.tree)
        if len(found) != 1:
            return False
        op = contract(found[0][0])
        return op.kind in {"elementwise", "exact"} and op.forward(1, 1) <= _HALF_ULP

    def _differs(  # noqa: PLR0913, PLR0917  what a person is shown
        self,
        name: str,
        place: str,
        pair: tuple[Array, Array],
        differs: Array,
        shape: tuple[int, ...],
        measured: tuple[Array, Array, Array] | None = None,
    ) -> Finding:
        flat = int(np.argmax(differs))
        note, distance, limit = "the same bits are due", None, None
        if measured is not None:
            apart, shares, allowed = (part.reshape(-1) for part in measured)
            flat = int(np.argmax(shares))
            if np.isfinite(apart[flat]):
                unit = float(ulp(np.abs(pair[0][flat : flat + 1]).astype(np.float64))[0])
                distance, limit = float(apart[flat]) / unit, float(allowed[flat]) / unit
                note = f"{distance:.4g} ulp, {limit:.4g} allowed"
        counts = (int(np.count_nonzero(differs)), differs.size)
        worst = element(place, shape, flat, pair, counts, ulp=distance, budget=limit)
        what = f"in the request `{name}` the {sentence(worst, note)}"
        return self.broken(what, worst=worst)


def _like(total: Array, got: Array) -> Array:
    """A sum, rounded to the dtype in which it is compared."""
    if got.dtype.kind == "c":
        return total.astype(got.dtype)
    return np.asarray(total.real).astype(got.dtype)


def _are_same(got: Array, wanted: Array) -> Array:
    return np.asarray((got == wanted) | (np.isnan(got) & np.isnan(wanted)))


def _words(array: Array) -> Array:
    """Elements as whole numbers, so that -0 is not 0."""
    if array.dtype.kind not in "fc":
        return array
    return np.ascontiguousarray(array).view(f"<u{array.dtype.itemsize}")


def _largest_of(given: Argument) -> float:
    return 0.0 if arguments.dtype(given) == "string" else largest(arguments.array(given))


def largest(array: Array) -> float:
    """The largest absolute value of the finite elements; 0 where there are none."""
    finite = np.abs(array[np.isfinite(array)])
    return float(finite.max(initial=0))
