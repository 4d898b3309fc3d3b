"""From the answers of a case and the oracle's balls to its explanation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.judge.contracts import contract_of
from conformance.judge.finding import bits, index_of, text
from conformance.judge.reference import balls
from conformance.outcomes import ORACLE
from conformance.protocol import Ball, Contribution, Returned, Started
from conformance.report.elements import Place
from conformance.report.explanation import (
    Element,
    Explained,
    Explanation,
    Held,
    Standing,
    Width,
)
from conformance.results import Results, oracle_of
from conformance.tensors import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Reals = NDArray[Any]

_LIMITS: tuple[tuple[Width, float], ...] = (("sharp", 2.0**-20), ("usable", 2.0**-10),
                                            ("loose", 2.0**-7))  # fmt: skip
"""How wide a ball is at most, relative to its element, as ``protocol.Ball`` counts it."""
_SMALLEST_NORMAL = 2.0**-126
_FLOATS = frozenset({"float32", "complex64"})
_DIGITS = 12
_CERTAIN = 2.0**-40
"""The relative width of the oracle's results before they are rounded, at most."""


def explain(found: Results, places: Sequence[Place]) -> Explanation | None:
    """The explanation of a run of one case; None where no oracle says what is acceptable.

    Args:
        found: the run.
        places: what is shown of its elements.
    """
    settled = found.settled[0]
    oracle = oracle_of(settled)
    if oracle is None or oracle.returned is None or oracle.acceptance is None:
        return None
    accepted = balls(settled.case, oracle.acceptance)
    shown = {one.place: one for one in places}
    exact = _tensors(shown, settled.case.wrt, oracle.returned)
    others: dict[str, Returned] = {
        one.implementation: one.returned
        for one in settled.outcomes
        if one.returned is not None and one.implementation != ORACLE
    }
    made = []
    for place, tensor in exact.items():
        if tensor is None or tensor.dtype == "string":
            continue
        mine = {who: _tensors(shown, settled.case.wrt, one)[place] for who, one in others.items()}
        like = {who: one for who, one in mine.items() if one and _like(one, tensor)}
        ball = accepted.get(place)
        made.append(
            _Place(tensor, ball, like, found.header.implementations).explained(shown[place])
        )
    radii = next((list(ball.radius) for ball in accepted.values() if ball), [""])
    accepts = oracle.acceptance
    return Explanation(
        places=tuple(made),
        kinks=accepts.kinks,
        tied=tuple(accepts.tied),
        straddled=accepts.straddled,
        bits=accepts.bits,
        contract=radii[0],
    )


def _tensors(
    places: Mapping[str, Place], wrt: Sequence[str], returned: Returned
) -> dict[str, Tensor | None]:
    """What an answer has at each place."""
    every = returned.variables or returned.grads
    named = dict(zip(wrt, every, strict=False))
    return {
        place: named.get(place.partition(".")[2]) if "." in place else returned.value
        for place in places
    }


def _like(one: Tensor, other: Tensor) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape


class _Measured(NamedTuple):
    """What the elements of an implementation come to, one entry each."""

    share: Reals
    ulp: Reals
    budget: Reals
    radius: Reals
    width: Reals
    counted: Reals
    same: Reals
    chosen: Reals


class _Place:
    """The arrays of one place; complex64 has two entries for an element."""

    def __init__(
        self,
        exact: Tensor,
        ball: Ball | None,
        others: Mapping[str, Tensor],
        started: Mapping[str, Started | None],
    ) -> None:
        import numpy as np  # noqa: PLC0415  the command line must start without NumPy

        self.exact, self.ball, self.others = exact, ball, others
        self.parts = 2 if exact.dtype == "complex64" else 1
        self.contracts = {who: contract_of(started.get(who)) for who in others}
        self.numbers = _numbers(exact)
        self.rest = np.zeros(self.numbers.shape)
        self.sides: tuple[Reals, Reals] | None = None
        if ball is not None:
            self.rest = np.frombuffer(ball.rest, "<f4").astype(np.float64)
            if ball.sides is not None:
                one, other = (np.frombuffer(side, "<f4") for side in ball.sides)
                self.sides = one, other
        self.measured = {who: self._measured(who) for who in others}

    def _measured(self, who: str) -> _Measured:
        """What the elements of an implementation come to."""
        import numpy as np  # noqa: PLC0415

        from conformance.judge import special  # noqa: PLC0415
        from conformance.judge.ulp import ulp  # noqa: PLC0415

        mine, theirs = _numbers(self.others[who]), self.numbers
        radius = np.zeros(theirs.shape)
        if self.ball is not None:
            held = np.frombuffer(self.ball.radius[self.contracts[who]], "<f4")
            radius = held.astype(np.float64)
        same, odd = special.decide(mine.astype("<f4"), theirs.astype("<f4"))
        if self.exact.dtype not in _FLOATS:
            same, odd = mine == theirs, np.zeros(theirs.shape, np.bool_)
        counted = np.isfinite(mine) & np.isfinite(theirs)
        apart = np.zeros(theirs.shape)
        apart[counted] = np.abs(mine[counted] - theirs[counted] - self.rest[counted])
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(same, 0.0, apart / radius)
            width = radius / np.maximum(np.abs(theirs), _SMALLEST_NORMAL)
        width[~np.isfinite(theirs) & np.isfinite(radius)] = 0.0
        share[odd] = np.inf
        share[~np.isfinite(radius)] = 0.0
        unit = np.ones(theirs.shape)
        unit[counted] = ulp(theirs[counted])
        chosen = (share > 1) & self._chosen(who, mine)
        return _Measured(share, apart / unit, radius / unit, radius, width, counted, same, chosen)

    def _chosen(self, who: str, mine: Reals) -> Reals:
        """Where elements are those of an implementation's own choices at kinks."""
        import numpy as np  # noqa: PLC0415

        own = self.ball.choices.get(self.contracts[who]) if self.ball is not None else None
        if own is None or self.exact.dtype not in _FLOATS:
            return np.zeros(mine.shape, np.bool_)
        wanted, radius = (np.frombuffer(part, "<f4") for part in (own.value, own.radius))
        with np.errstate(invalid="ignore"):
            return np.asarray(np.abs(mine - wanted.astype(np.float64)) <= radius)

    def explained(self, shown: Place) -> Explained:
        """The place as data: the elements of its grids, and the worst of everybody."""
        worst: dict[str, int] = {}
        for who, one in self.measured.items():
            by = one.share if one.share.max(initial=0.0) > 0 else one.ulp
            if by.size:
                worst[who] = int(by.argmax())
        alike = [grid for grid in shown.grids if grid.shape == self.exact.shape]
        indices = {row.index for grid in alike for row in grid.rows}
        flats = {_flat(index, self.exact.shape) for index in indices} if self.exact.size else set()
        every = {at * self.parts + part for at in flats for part in range(self.parts)}
        parts = self.ball.contributions if self.ball is not None else ()
        told = [at for at, some in enumerate(parts) if some]
        if not {*told} & {*worst.values()}:
            # The budget of another element says as much as can be said.
            every |= {*told[:1]}
        order = sorted({*every, *worst.values()})
        standings = [
            self._standing(who, order.index(at), self.measured[who]) for who, at in worst.items()
        ]
        return Explained(
            shown.place, self.exact.dtype, self.exact.shape,
            tuple(map(self._element, order)), tuple(standings),
        )  # fmt: skip

    def _standing(self, who: str, element: int, one: _Measured) -> Standing:
        names = [_width(float(width)) for width in one.width]
        widths: dict[Width, int] = {name: names.count(name) for name in dict.fromkeys(names)}
        return Standing(
            who, self.contracts[who], element, nearest=int(one.same.sum()),
            outside=int((one.share > 1).sum()), of=len(names), widths=widths,
        )  # fmt: skip

    def _element(self, at: int) -> Element:
        number, rest = float(self.numbers[at]), float(self.rest[at])
        native = _natives(self.exact)[at]
        real, enclosure = None, None
        if self.exact.dtype in _FLOATS and math.isfinite(number):
            real = f"{number + rest:.{_DIGITS}g}"
            half = abs(rest) * 2.0**-24 + (abs(number) * _CERTAIN if rest else 0.0)
            enclosure = (number + rest - half, number + rest + half)
        sides = None
        if self.sides is not None and not _equal(self.sides[0][at], self.sides[1][at]):
            sides = text(self.sides[0][at]), text(self.sides[1][at])
        parts: tuple[Contribution, ...] = ()
        if self.ball is not None and self.ball.contributions:
            parts = self.ball.contributions[at]
        return Element(
            index=index_of(at // self.parts, self.exact.shape),
            part=("real", "imaginary")[at % 2] if self.parts == 2 else "",  # noqa: PLR2004
            exact=text(native), bits=bits(native), real=real, enclosure=enclosure, sides=sides,
            held=tuple(self._held(who, at, has_sides=sides is not None) for who in self.others),
            contributions=parts,
        )  # fmt: skip

    def _held(self, who: str, at: int, *, has_sides: bool) -> Held:
        one = self.measured[who]
        native = _natives(self.others[who])[at]
        budget, share = float(one.budget[at]), float(one.share[at])
        is_number = bool(one.counted[at]) and self.exact.dtype in _FLOATS
        subgradient = None
        if has_sides and self.sides is not None:
            low, high = sorted(float(side[at]) for side in self.sides)
            radius = float(one.radius[at])
            subgradient = low - radius <= float(native) <= high + radius
        return Held(
            who, text(native), bits(native),
            ulp=float(one.ulp[at]) if is_number else None,
            budget=budget if is_number and math.isfinite(budget) else None,
            share=share if is_number and math.isfinite(share * budget) else None,
            width=_width(float(one.width[at])), outside=share > 1, subgradient=subgradient,
            choice=bool(one.chosen[at]),
        )  # fmt: skip


def _width(width: float) -> Width:
    return next((name for name, limit in _LIMITS if width <= limit), "vacuous")


def _flat(index: Sequence[int], shape: Sequence[int]) -> int:
    flat = 0
    for at, length in zip(index, shape, strict=True):
        flat = flat * length + at
    return flat


def _natives(tensor: Tensor) -> Reals:
    """The elements in their own dtype; those of complex64 are their two parts."""
    import numpy as np  # noqa: PLC0415

    if tensor.dtype == "complex64":
        return np.frombuffer(tensor.data, "<f4")
    return tensor.numpy().reshape(-1)


def _numbers(tensor: Tensor) -> Reals:
    """The same as doubles."""
    import numpy as np  # noqa: PLC0415

    return _natives(tensor).astype(np.float64)


def _equal(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))
