"""What the exact oracle says about one case, as data: who is right, how far off, and why so much.

Every implementation's elements are held against the balls of its own contract, place by place. A
distance is that from the real number, not from the float32 that is nearest to it; an element that
is this float32 uses nothing of its budget, as the judge counts it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from conformance.protocol import Contribution

Width = Literal["sharp", "usable", "loose", "vacuous"]


class Held(msgspec.Struct, frozen=True, omit_defaults=True):
    """An element of one implementation against its ball.

    ``ulp`` is its distance from the real number, ``budget`` what is allowed, in units in the last
    place, ``share`` their ratio. They are absent where no distance says it: for special values,
    other dtypes than floats, and where nothing is promised. ``subgradient`` is false for a number
    at a kink that lies outside of what is between the one-sided derivatives; ``choice`` says that
    it is outside its ball because the implementation made its own recorded choice at a kink.
    """

    implementation: str
    got: str
    bits: str | None = None
    ulp: float | None = None
    budget: float | None = None
    share: float | None = None
    width: Width = "sharp"
    outside: bool = False
    subgradient: bool | None = None
    choice: bool = False


class Element(msgspec.Struct, frozen=True, omit_defaults=True):
    """An exact element: the nearest float32, the real number, and who has what there.

    ``part`` is real or imaginary for complex64. ``real`` has 12 digits, ``enclosure`` two numbers
    that the real number is between. ``sides`` are the results with the one and with the other
    one-sided derivative, where they differ. ``contributions`` are the largest parts of the radius
    under the first of all contracts.
    """

    index: tuple[int, ...]
    exact: str
    held: tuple[Held, ...]
    part: str = ""
    bits: str | None = None
    real: str | None = None
    enclosure: tuple[float, float] | None = None
    sides: tuple[str, str] | None = None
    contributions: tuple[Contribution, ...] = ()


class Standing(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an implementation stands at a place: its worst element, and how many are how.

    ``element`` is the position of the worst one among those of the place. ``nearest`` elements are
    the nearest float32, ``outside`` of ``of`` are wrong. ``widths`` counts sharp, usable, loose and
    vacuous balls.
    """

    implementation: str
    contract: str
    element: int
    nearest: int
    outside: int
    of: int
    widths: dict[Width, int]


class Explained(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place: the worst elements and those that are shown, and how everybody stands."""

    place: str
    dtype: str
    shape: tuple[int, ...]
    elements: tuple[Element, ...]
    standings: tuple[Standing, ...]


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """A case: its places, and what the oracle met on the way.

    ``kinks`` is the number of exact ties, ``tied`` the ops that they belong to, ``straddled`` the
    number of decisions that rounding may turn, ``bits`` the precision that the oracle took.
    ``contract`` is the one whose contributions are told.
    """

    places: tuple[Explained, ...]
    kinks: int = 0
    tied: tuple[str, ...] = ()
    straddled: int = 0
    bits: int = 0
    contract: str = ""
