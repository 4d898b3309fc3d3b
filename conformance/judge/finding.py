"""A finding: one thing that an implementation got wrong, and how it is written for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from conformance.outcomes import Class, Word, Worst

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXPECT = "expect"
LAW = "law"
VALUE = "value"
GRADS = "grads."
VARIABLES = "variables."

ORDER: tuple[Class, ...] = (
    "backend", "nondeterministic", "law", "status", "shape", "dtype", "special", "numeric",
    "convention", "printed", "leak",
)  # fmt: skip
"""The order of decisions: of several findings, the first class in this order is the verdict.

Element by element a convention is tried before a number is called wrong. Of several findings the
numeric one decides, since a convention excuses no other difference beside it.
"""


class Finding(msgspec.Struct, frozen=True):
    """Something that does not agree. ``against`` is ``expect``, ``law`` or an address.

    ``not_a_subgradient`` is as in ``Verdict``.
    """

    kind: Class
    why: str
    against: str
    word: Word = "differs"
    worst: Worst | None = None
    not_a_subgradient: bool = False


def first(findings: list[Finding]) -> Finding:
    """The finding that decides; of one class, the earliest."""
    return min(findings, key=lambda finding: ORDER.index(finding.kind))


def title(place: str) -> str:
    """A place in words: ``value``, ``gradient of x``, ``variable w``."""
    if place.startswith(VARIABLES):
        return f"variable {place.removeprefix(VARIABLES)}"
    return f"gradient of {place.removeprefix(GRADS)}" if place.startswith(GRADS) else place


def at(index: tuple[int, ...]) -> str:
    """An index as `` at [1, 2]``; nothing for a scalar."""
    return f" at [{', '.join(map(str, index))}]" if index else ""


def text(element: Any) -> str:
    """An element as JavaScript writes it, with the fewest digits that give it back."""
    import numpy as np  # noqa: PLC0415

    if isinstance(element, np.complexfloating):
        real, imaginary = text(element.real), text(element.imag)
        return f"{real} + {imaginary}i"
    if isinstance(element, np.bool_):
        return "true" if element else "false"
    if isinstance(element, np.floating):
        if np.isnan(element):
            return "NaN"
        if np.isinf(element):
            return "Infinity" if element > 0 else "-Infinity"
    return str(element)


def bits(element: Any) -> str | None:
    """The bits of a numeric element in hexadecimal, most significant byte first."""
    import numpy as np  # noqa: PLC0415

    if isinstance(element, np.complexfloating):
        return f"{bits(np.float32(element.real))} {bits(np.float32(element.imag))}"
    if isinstance(element, np.floating):
        return f"0x{int(np.float32(element).view(np.uint32)):08x}"
    if isinstance(element, np.int32):
        return f"0x{int(element) & 0xFFFF_FFFF:08x}"
    return None


def index_of(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The index of the element that is so many elements after the first, in row-major order."""
    index: list[int] = []
    for length in reversed(shape):
        flat, here = divmod(flat, length)
        index.append(here)
    return tuple(reversed(index))


def element(  # noqa: PLR0913  what one element is shown with
    place: str,
    shape: tuple[int, ...],
    flat: int,
    pair: tuple[NDArray[np.generic], NDArray[np.generic]],
    counts: tuple[int, int],
    *,
    ulp: float | None = None,
    budget: float | None = None,
) -> Worst:
    """The worst element of a place; ``pair`` is expected and got, ``counts`` differing and of."""
    expected, got = pair[0][flat], pair[1][flat]
    return Worst(
        place=place,
        index=index_of(flat, shape),
        expected=text(expected),
        got=text(got),
        expected_bits=bits(expected),
        got_bits=bits(got),
        ulp=ulp,
        budget=budget,
        differing=counts[0],
        of=counts[1],
    )


def sentence(worst: Worst, note: str = "") -> str:
    """What differs, as one sentence without a full stop."""
    more = f", and {worst.differing - 1} more of {worst.of}" if worst.differing > 1 else ""
    shown = f" ({note})" if note else ""
    return (
        f"{title(worst.place)} differs{at(worst.index)}: expected {worst.expected},"
        f" got {worst.got}{shown}{more}"
    )
