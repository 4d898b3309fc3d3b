"""Policies: how far two numbers may be apart once shape, dtype and special values agree.

A policy governs the comparison with the reference. What a case states itself (decimals, bits) is
judged by the precision in which it is written, under every policy.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from conformance.protocol import Ball

HINT = "write default, ulp, bitwise, tfjs, ulp:N or allclose:RTOL,ATOL, for example ulp:4"

TFJS_EPSILON = 1e-3
"""``TEST_EPSILON_FLOAT32`` in tfjs-core/src/test_util.ts: the absolute distance its tests allow."""


class PolicyError(ValueError):
    """A policy that cannot be applied: what is wrong, and what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        """Keep the one-line message and the hint apart."""
        super().__init__(message)
        self.hint = hint


class Policy(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """How far two floats may be apart.

    ``balls`` holds every answer against the ball that the exact oracle gives for it, and where it
    has none does as ``budget``, which adds up what the ops of the case cost. ``bits`` allows
    nothing (and tells +0 from -0), ``ulp`` allows ``ulp`` units in the last place of the reference,
    ``allclose`` allows ``atol + rtol * |reference|``. ``name`` is the text that ``parse`` reads.
    """

    name: str
    rule: Literal["balls", "budget", "bits", "ulp", "allclose"]
    ulp: float = 0.0
    rtol: float = 0.0
    atol: float = 0.0

    @property
    def wants_oracle(self) -> bool:
        """Whether the verdicts take the exact oracle's answers."""
        return self.rule == "balls"


class Tolerance(msgspec.Struct, frozen=True):
    """What is allowed at one place: ULP of the reference, or an absolute plus a relative part.

    With a ``ball``, it is what the ball says under the contract of this name.
    """

    ulp: float | None = None
    rtol: float = 0.0
    atol: float = 0.0
    ball: Ball | None = None
    contract: str = ""


def parse(text: str) -> Policy:
    """The policy of this name: ``default``, ``ulp``, ``ulp:4``, ``allclose:1e-5,0`` and so on.

    ``tfjs`` takes over only the absolute distance of tf.js's own tests. That those treat NaN and
    the infinities as equal is not taken over: special values are judged first under every policy.

    Raises:
        PolicyError: the text names no policy, or a number in it is negative or not finite.
    """
    word, colon, rest = text.strip().partition(":")
    match word, colon:
        case "default", "":
            return Policy(name="default", rule="balls")
        case "ulp", "":
            return Policy(name="ulp", rule="budget")
        case "bitwise", "":
            return Policy(name="bitwise", rule="bits")
        case "tfjs", "":
            return Policy(name="tfjs", rule="allclose", atol=TFJS_EPSILON)
        case "ulp", ":":
            (ulp,) = _numbers(text, rest, 1)
            return Policy(name=f"ulp:{ulp:g}", rule="ulp", ulp=ulp)
        case "allclose", ":":
            rtol, atol = _numbers(text, rest, 2)
            return Policy(name=f"allclose:{rtol:g},{atol:g}", rule="allclose", rtol=rtol, atol=atol)
        case _:
            raise PolicyError(f"there is no policy {text!r}", HINT)


def _numbers(text: str, rest: str, count: int) -> list[float]:
    parts = rest.split(",")
    if len(parts) != count:
        raise PolicyError(f"policy {text!r} has {len(parts)} numbers, it takes {count}", HINT)
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        raise PolicyError(f"policy {text!r} holds something that is no number", HINT) from None
    if not all(math.isfinite(number) and number >= 0 for number in numbers):
        raise PolicyError(f"policy {text!r} holds a negative or infinite number", HINT)
    return numbers
