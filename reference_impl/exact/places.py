"""One tensor of an answer: its exact elements, how far off each may be, and what else is right."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from conformance.protocol import Ball, Chosen, Contribution
from conformance.tensors import Tensor as Message
from reference_impl.exact import contributions
from reference_impl.exact.pairs import REALS, nodes_of
from reference_impl.exact.rounding import rounded
from reference_impl.exact.tape import Tape
from reference_impl.exact.tensor import Tensor
from reference_impl.exact.values import Undecided, Value
from reference_impl.exact.widening import SMALLEST_NORMAL, UNIT

MOST_EXPLAINED = 100
"""Of a tensor with more elements, what the radii are made of is said for so many."""

Floats = NDArray[np.float64]
Radii = Mapping[str, Sequence[float]]
"""The radius of each node, by contract."""

_LIMITS = (16 * UNIT, 2.0**-10, 2.0**-7)
"""Up to which width, relative to the element, a ball is sharp, usable and loose."""


class Place:
    """A tensor: ``values`` are its elements, ``nodes`` those of a tensor of reals.

    ``radii`` has a row for each of the contracts ``names``.
    """

    def __init__(self, tensor: Tensor | None, tape: Tape, radii: Radii) -> None:
        self.nodes: list[int] = []
        self.values: list[Value] = []
        self.names = tuple(radii)
        self._sides: tuple[Floats, Floats] | None = None
        self._choices: dict[str, Chosen] = {}
        self._parts: tuple[tuple[Contribution, ...], ...] = ()
        if tensor is None or tensor.dtype == "string":
            self.names = ()
        elif tensor.dtype in REALS:
            self.nodes = nodes_of(tensor.data).ravel().tolist()
            self.values = [tape.values[node] for node in self.nodes]
        else:
            self.values = [float(element) for element in tensor.data.ravel()]
        self.radii: Floats = np.zeros((len(self.names), len(self.values)))
        if self.nodes and self.names:
            self.radii = np.array(
                [[known[node] for node in self.nodes] for known in radii.values()]
            )

    def widen(self, others: Sequence[Place | None], whose: Sequence[frozenset[str]]) -> None:
        """Widen the balls by what runs differ in which decisions were turned, one in each.

        Several may turn at once: what they change is added up. A decision that only some contracts
        leave open counts for these alone.
        """
        moved = np.zeros(self.radii.shape)
        for other, names in zip(others, whose, strict=True):
            apart = None if other is None else self._beside(other)
            for row, name in enumerate(self.names):
                if name in names:
                    moved[row] += math.inf if apart is None else apart
        self.radii += moved

    def _beside(self, other: Place) -> Floats | None:
        """How far the elements are apart, None of another shape; the balls become no narrower."""
        if len(other.values) != len(self.values):
            return None
        for name, theirs in zip(other.names, other.radii, strict=True):
            own = self.radii[self.names.index(name)]
            np.maximum(own, theirs, out=own)
        return np.array(list(map(_apart, self.values, other.values)))

    def kinked(self, first: Place, last: Place) -> None:
        """Note the results with the one-sided derivatives, where they are not all the same."""
        try:
            sides = first.elements(), last.elements()
        except Undecided:
            return
        same_size = len(sides[0]) == len(sides[1]) == len(self.nodes)
        if same_size and not np.array_equal(sides[0], sides[1], equal_nan=True):
            self._sides = sides

    def chose(self, other: Place) -> None:
        """Note the result with the choices of some contracts, if that is another one."""
        if not self.values or len(other.values) != len(self.values):
            return
        try:
            ours, theirs = self.elements(), other.elements()
        except Undecided:
            return
        if np.array_equal(ours, theirs, equal_nan=ours.dtype.kind == "f"):
            return
        rest = np.abs(other.doubles() - theirs) if other.nodes else 0.0
        for name, radii in zip(other.names, other.radii, strict=True):
            # What rounding may turn is known of the program's own choices alone.
            allowed = np.maximum(radii + np.nan_to_num(rest), self.radii[self.names.index(name)])
            self._choices[name] = Chosen(theirs.tobytes(), _upwards(allowed).tobytes())

    def elements(self) -> NDArray[Any]:
        """The elements, rounded to the dtype of the tensor.

        Raises:
            Undecided: a ball is too wide.
        """
        if self.nodes:
            return np.array([rounded(value) for value in self.values], "<f4")
        return np.array(self.values, "<i4")

    def doubles(self) -> Floats:
        """The elements as doubles."""
        return np.array(list(map(float, self.values)))

    def explain(self, made_of: contributions.Breakdown, contract: str) -> None:
        """Note what the radii are made of; of many elements, those of the widest balls."""
        chosen: Sequence[int] = range(len(self.nodes))
        if len(self.nodes) > MOST_EXPLAINED:
            sizes = np.maximum(np.abs(self.doubles()), SMALLEST_NORMAL)
            width = self.radii[self.names.index(contract)] / sizes
            chosen = np.argsort(-width, kind="stable")[:MOST_EXPLAINED].tolist()
        parts: list[tuple[Contribution, ...]] = [()] * len(self.nodes)
        for at in chosen:
            parts[at] = made_of.largest(self.nodes[at])
        self._parts = tuple(parts)

    @property
    def has_ball(self) -> bool:
        """Whether anything but equality may be right."""
        return bool(self.nodes or self._choices or self.radii.any())

    def ball(
        self, rest: Floats, radii: NDArray[np.float32], widths: Sequence[tuple[int, int, int, int]]
    ) -> Ball:
        """The ball, of what the elements are beyond their float32s, and of a row per contract."""
        return Ball(
            rest=_bytes(rest),
            radius={name: row.tobytes() for name, row in zip(self.names, radii, strict=True)},
            widths=dict(zip(self.names, widths, strict=True)),
            sides=self._sides and (_bytes(self._sides[0]), _bytes(self._sides[1])),
            choices=self._choices,
            contributions=self._parts,
        )


def balls(places: Sequence[Place], answers: Sequence[Message | None]) -> list[Ball | None]:
    """The balls of all tensors of an answer; None where nothing but equality is right."""
    having = [
        (place, answer) for place, answer in zip(places, answers, strict=True) if place.has_ball
    ]
    if not having:
        return [None] * len(places)
    # All elements together: NumPy takes as long for one small array as for another.
    numbers = np.concatenate([place.doubles() for place, _ in having])
    narrow = np.concatenate([_rounded(place, answer) for place, answer in having])
    radii = np.concatenate([place.radii for place, _ in having], axis=1)
    upwards, within = _upwards(radii), _within(radii, numbers)
    with np.errstate(invalid="ignore"):
        # A double is off by less than a float32 of the rest shows.
        rest = np.where(np.isfinite(narrow), numbers - narrow, 0.0)
    found: list[Ball | None] = []
    begin = 0
    for place in places:
        if not place.has_ball:
            found.append(None)
            continue
        own = slice(begin, begin + len(place.values))
        begin = own.stop
        counts = within[:, :, own].sum(axis=2).T.tolist()
        widths = [
            (sharp, usable - sharp, loose - usable, len(place.values) - loose)
            for sharp, usable, loose in counts
        ]
        found.append(place.ball(rest[own], upwards[:, own], widths))
    return found


def _rounded(place: Place, answer: Message | None) -> Floats:
    """The elements as they were answered."""
    if not place.nodes or answer is None:
        return place.doubles()
    return np.frombuffer(answer.data, "<f4").astype(np.float64)


def _within(radii: Floats, numbers: Floats) -> NDArray[np.bool_]:
    """For each limit and contract, which balls are at most so wide; special elements are sharp."""
    # Below the normal numbers a float32 is no more precise than that.
    size = np.maximum(np.abs(numbers), SMALLEST_NORMAL)
    with np.errstate(invalid="ignore"):
        width = radii / size
    # Of an infinity or NaN that follows for sure the radius is zero.
    width[radii == 0] = 0.0
    return np.stack([width <= limit for limit in _LIMITS])


def _apart(a: Value, b: Value) -> float:
    """The distance of two values, infinite where only one is a number or finite."""
    if type(a) is arb and type(b) is arb:
        return abs(float(a - b))
    one, other = float(a), float(b)
    if one == other or (one != one and other != other):  # noqa: PLR0124  NaN
        return 0.0
    apart = abs(one - other)
    return apart if math.isfinite(apart) else math.inf


def _upwards(radii: Floats) -> NDArray[np.float32]:
    """The radii as float32s, rounded up."""
    with np.errstate(over="ignore"):
        narrow = radii.astype("<f4")
    below = narrow < radii
    if below.any():
        narrow[below] = np.nextafter(narrow[below], np.float32(np.inf))
    return narrow


def _bytes(array: NDArray[Any]) -> bytes:
    return array.astype("<f4").tobytes()
