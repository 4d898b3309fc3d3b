"""Gradients on their way between calls: what arrives is the sum of what was contributed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from conformance.blame import calls, origins
from conformance.blame.balls import Off, Span, furthest, reals
from conformance.judge.contracts import profiles
from conformance.protocol import Returned, Run, Tapped
from conformance.tensors import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]

_UNIT = 2.0**-24
_SMALLEST = 2.0**-149
_SMALLEST_NORMAL = 2.0**-126
_LARGEST = float(np.finfo(np.float32).max)
_HIDDEN = 2.0**-10
"""A call whose op uses a tensor several times contributes a sum, the parts of which may cancel."""

FUNCTIONS = "a function of the case contributes to this gradient outside of the recorded calls"
HIDDEN = "a call that uses the tensor several times may contribute parts that cancel"


class Part(msgspec.Struct, frozen=True):
    """What one call contributes to the gradient of its input ``x``, which it uses so many times."""

    x: Tensor
    source: tuple[int, str] | None
    gradient: Tensor
    uses: int


class Sums(msgspec.Struct, frozen=True):
    """The sums of gradients in one case.

    ``returned`` is what was answered to the case when it was tapped, where that is known;
    ``contract`` the name of the contract, which says whether subnormals may be flushed.
    """

    request: Run
    taps: Sequence[Tapped]
    returned: Returned | None
    contract: str

    def upstream(self, call: int, turn: int, key: str) -> Off | str | None:
        """Whether the gradient that came to a result is what all its users contributed.

        Returns:
            None where it is, the element furthest off, or why nobody can say.
        """
        tap = self.taps[call]
        level = tap.passes[turn].level
        if sum(one.level == level and key in one.upstream for one in tap.passes) > 1:
            return "several gradients of one level went through this call"
        parts = [part for part in self._parts(level) if part.source == (call, key)]
        seeds = self._seeds(tap.results[key]) if level == 0 else []
        return self._best(tap.passes[turn].upstream[key], parts, seeds)

    def of_input(self, name: str, got: Tensor) -> Off | str | None:
        """Whether the gradient of an input of the case is what all its users contributed.

        Returns:
            As ``upstream``.
        """
        x = origins.tensor(self.request.args[self.request.names.index(name)])
        if x is None or origins.input_of(self.request, x) is None:
            return "other inputs may have the same bits, so their users cannot be told apart"
        parts = [part for part in self._parts(level=0) if part.source is None and part.x == x]
        return self._best(got, parts, self._seeds(x))

    def _parts(self, level: int) -> Iterator[Part]:
        for tap in self.taps:
            for one in tap.passes:
                for position, gradient in enumerate(one.gradients):
                    if one.level == level and gradient is not None:
                        x, source = tap.inputs[position], tap.sources[position]
                        yield Part(x, source, gradient, calls.uses(tap, position))

    def _seeds(self, result: Tensor) -> list[Tensor]:
        """The gradient of the answer, if this may be the answer."""
        if self.request.call == "value" or result.dtype != "float32":
            return []
        value = None if self.returned is None else self.returned.value
        if value is not None and value != result and self.request.call != "minimize":
            return []
        if self.request.dy is None:
            ones = np.ones(result.shape, "<f4")
            return [Tensor("float32", result.shape, ones.tobytes())]
        dy = origins.tensor(self.request.dy)
        return [dy] if dy is not None and dy.shape == result.shape else []

    def _best(self, got: Tensor, parts: list[Part], seeds: list[Tensor]) -> Off | str | None:
        """The sum with or without the seed: nobody says which result is the answer."""
        terms = [part.gradient for part in parts]
        choices = [terms, *([*terms, seed] for seed in seeds)]
        more = sum(part.uses - 1 for part in parts if part.uses)
        flushes = _flushes(self.contract)
        found = [
            _sum(got, choice, len(choice) + more, flushes=flushes)
            for choice in choices
            if choice or len(choices) == 1
        ]
        if None in found:
            return None
        if origins.has_functions(self.request):
            return FUNCTIONS
        unsure = [one for one in found if isinstance(one, str)]
        return unsure[0] if unsure else found[-1]


def _sum(got: Tensor, parts: list[Tensor], count: int, *, flushes: bool) -> Off | str | None:
    wrong = next((one for one in parts if (one.shape, one.dtype) != (got.shape, got.dtype)), None)
    if wrong is not None:
        expected = f"{wrong.dtype} of shape {list(wrong.shape)}"
        return Off(expected, f"{got.dtype} of shape {list(got.shape)}")
    mine = reals(got)
    with np.errstate(invalid="ignore"):
        total: Reals = np.zeros(mine.shape)
        scale: Reals = np.zeros(mine.shape)
        for part in map(reals, parts):
            total += part
            scale += np.abs(part)
    radius = any_order(scale, count, flushes=flushes)
    found = furthest(got, mine, Span(total, total, total, radius))
    if isinstance(found, Off) and len(parts) > 1:
        finite = np.isfinite(scale) & np.isfinite(mine)
        slack = _HIDDEN * scale.max(initial=0.0, where=finite)
        wide = furthest(got, mine, Span(total, total, total, radius + slack))
        return found if isinstance(wide, Off) else HIDDEN
    return found


def any_order(scale: Reals, count: int, *, flushes: bool) -> Reals:
    """How far a float32 sum of so many terms may be off, added up in any order.

    Args:
        scale: the sum of the magnitudes of the terms.
        count: how many they are.
        flushes: whether subnormal terms and sums may become zero.

    Returns:
        Each addition is off by half a unit in the last place of a partial sum, which is no larger
        than ``scale``, first order in the unit and with room for the second (Higham, Accuracy and
        Stability of Numerical Algorithms, 4.2). Infinite where a partial sum may overflow.
    """
    steps = max(count - 1, 0)
    # Where a term is special, so is the sum, whatever the order.
    finite = np.where(np.isfinite(scale), scale, 0.0)
    radius: Reals = steps * (_UNIT * finite * (1 + 2 * steps * _UNIT) + _SMALLEST)
    if flushes:
        radius += 2 * count * _SMALLEST_NORMAL
    if steps:
        radius[finite >= _LARGEST] = np.inf
    return radius


def _flushes(contract: str) -> bool:
    known = profiles().get(contract)
    return known is not None and known.flushes
