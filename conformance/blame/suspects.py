"""Which verdicts an op may be to blame for, and what becomes of them once that is known."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from conformance.judge.budget import calls
from conformance.outcomes import Certificate, Outcome, Verdict
from conformance.suite.case import Case

_KINDS = ("numeric", "special")
Key = tuple[str, str]
"""A case's id, and an implementation's address."""


class Suspect(msgspec.Struct, frozen=True):
    """An answer with a number outside its ball."""

    case: Case
    outcome: Outcome
    verdict: Verdict

    @property
    def key(self) -> Key:
        """The case and the implementation."""
        return self.case.id, self.outcome.implementation


def suspects(
    case: Case, outcomes: Iterable[Outcome], verdicts: Iterable[Verdict], *, every: bool
) -> list[Suspect]:
    """Those of the answers to a case that an op may be to blame for.

    With ``every`` they are all that may hide a wrong step: those of cases with several.
    """
    if case.law is not None or case.is_dangerous:
        return []
    several = every and len(calls(case.f.tree)) > 1
    return [
        Suspect(case, outcome, verdict)
        for outcome, verdict in zip(outcomes, verdicts, strict=True)
        if outcome.returned is not None and (_is_off(verdict) or (several and _holds(verdict)))
    ]


def _is_off(verdict: Verdict) -> bool:
    return verdict.verdict == "differs" and verdict.kind in _KINDS


def _holds(verdict: Verdict) -> bool:
    return verdict.verdict in {"pass", "ill-conditioned"}


def blamed(verdict: Verdict, certificate: Certificate) -> Verdict:
    """The verdict with what the steps say.

    A case whose steps are all right is ill-conditioned where its result is off. Where the result
    is not off, and a step is wrong all the same, the implementation is wrong.
    """
    culprit = certificate.culprit
    if _holds(verdict):
        if culprit is None:
            return msgspec.structs.replace(verdict, certificate=certificate)
        return msgspec.structs.replace(
            verdict,
            verdict="differs",
            kind="numeric",
            expected=False,
            wrong=(verdict.implementation,),
            used=None,
            certificate=certificate,
            why=f"the result as a whole is right, but {culprit.op or 'a sum'} ({culprit.part}) is"
            f" not for what it was given: expected {culprit.expected}, got {culprit.got}",
        )
    if not certificate.clears:
        return msgspec.structs.replace(verdict, certificate=certificate)
    return msgspec.structs.replace(
        verdict,
        verdict="ill-conditioned",
        kind=None,
        expected=True,
        wrong=(),
        certificate=certificate,
        why=f"each of {certificate.checked} steps is right for what it was given, and"
        f" errors grow on the way: {verdict.why}",
    )
