"""What an implementation made of a case, and what the judge made of that."""

from __future__ import annotations

from typing import Literal

import msgspec

from conformance.protocol import Acceptance, Returned, Tapped, Threw, Trace

ORACLE = "exact"
"""The address of the oracle, and what it calls itself."""


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
    "pass",
    "ill-conditioned",
    "differs",
    "threw",
    "accepted",
    "crashed",
    "timed out",
    "unsupported",
    "not run",
]
WORDS: tuple[Word, ...] = (
    "pass", "ill-conditioned", "differs", "threw", "accepted", "crashed", "timed out",
    "unsupported", "not run",
)  # fmt: skip
NO_FAULT: tuple[Word, ...] = ("pass", "ill-conditioned")
"""The words that find fault with nobody: they are always expected."""

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


CulpritPart = Literal["value", "gradient", "accumulation", "hand-over"]


class Culprit(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The first step of a case whose result is wrong for the inputs that the step itself got.

    ``op`` and ``call`` are those of a tap, its name and its position; a sum of gradients that goes
    to an input of the case has neither. ``part`` says what is wrong: a result of the op, what it
    contributes to a gradient, a sum of such contributions, or a tensor on its way from one op to
    the next. ``slot`` is the key of the result, or the position of the input (the name, for an
    input of the case), ``level`` that of the gradient pass. ``inputs`` are short texts of what went
    in. ``expected`` is the exact element as a decimal, ``ulp`` how far off ``got`` is, ``budget``
    how far it may be, in units in the last place, and ``share`` their ratio; they are absent where
    no distance says it: for special values, and where nothing at all is allowed.
    """

    op: str
    call: int | None
    part: CulpritPart
    slot: str
    expected: str
    got: str
    level: int = 0
    inputs: tuple[str, ...] = ()
    index: tuple[int, ...] = ()
    ulp: float | None = None
    budget: float | None = None
    share: float | None = None


class Certificate(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What the steps of a case say, each held against the exact result for what it was given.

    ``culprit`` is the first step that is wrong: forward in the order of the calls, then backward in
    the opposite order. ``checked`` is the number of things that were looked at and could be judged,
    ``unchecked`` has one line for each that could not.
    """

    culprit: Culprit | None = None
    checked: int = 0
    unchecked: tuple[str, ...] = ()

    @property
    def clears(self) -> bool:
        """Whether every step is right, so that the case is ill-conditioned and nobody at fault."""
        return self.culprit is None and not self.unchecked and self.checked > 0


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
    ``certificate`` says which op is to blame, where the exact oracle was asked.
    ``not_a_subgradient`` says of a convention that the choice is outside of the hull of the
    one-sided derivatives.
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
    certificate: Certificate | None = None
    not_a_subgradient: bool = False
