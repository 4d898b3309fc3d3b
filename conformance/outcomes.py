"""What an implementation made of a case, and what the judge made of that."""

from __future__ import annotations

from typing import Literal

import msgspec

from conformance.protocol import Acceptance, Returned, Tapped, Threw, Trace


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What came of one case on one implementation: one of the six fields from ``returned`` on.

    ``crashed`` says how the process ended or broke the protocol, ``timed_out`` how many seconds it
    was given, ``not_run`` why the case was never answered. ``attempts`` counts the processes that
    were given the case. ``variants`` has, by name, what came of the further requests that
    the verdict needs: with zeros in place of subnormal inputs, or those of a law. ``trace`` is what
    the case reached, where that was asked for and the implementation tells; so are ``taps``.
    ``acceptance`` is how far from an oracle's answer the others may be.
    """

    case: str
    implementation: str
    attempts: int = 1
    returned: Returned | None = None
    threw: Threw | None = None
    unsupported: str | None = None
    crashed: str | None = None
    timed_out: float | None = None
    not_run: str | None = None
    trace: Trace | None = None
    taps: tuple[Tapped, ...] = ()
    acceptance: Acceptance | None = None
    variants: dict[str, Outcome] = {}


Word = Literal[
    "pass", "differs", "threw", "accepted", "crashed", "timed out", "unsupported", "not run"
]
WORDS: tuple[Word, ...] = (
    "pass", "differs", "threw", "accepted", "crashed", "timed out", "unsupported", "not run",
)  # fmt: skip

Class = Literal[
    "backend", "nondeterministic", "status", "shape", "dtype", "special", "convention", "numeric",
    "printed", "leak", "law",
]  # fmt: skip


class Worst(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The element that is furthest off.

    ``place`` is ``value`` or ``grads.NAME``. ``expected`` and ``got`` are decimals, the ``bits``
    hexadecimal. ``ulp`` is the distance in units in the last place, ``budget`` what was allowed.
    ``differing`` of ``of`` elements are outside.
    """

    place: str
    index: tuple[int, ...]
    expected: str
    got: str
    expected_bits: str | None = None
    got_bits: str | None = None
    ulp: float | None = None
    budget: float | None = None
    differing: int = 1
    of: int = 1


class Verdict(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True,
    rename={"kind": "class"},
):  # fmt: skip
    """The one verdict on a case and an implementation.

    ``against`` is what it was held against: ``expect`` (the case states it), an address, or ``law``
    (its own answers to other requests).
    ``expected`` is true for a pass and for a divergence that ``expectations.yaml`` explains.
    ``cause`` is the id in ``causes.yaml`` of the root cause of such a divergence.
    ``used`` is the largest share of the budget that a passing number took (1 is the limit).
    """

    case: str
    implementation: str
    verdict: Word
    kind: Class | None = None
    expected: bool = False
    against: str | None = None
    wrong: tuple[str, ...] = ()
    worst: Worst | None = None
    why: str = ""
    cause: str | None = None
    because: str | None = None
    used: float | None = None
