"""Who is wrong in the minimal case of a cause, and by whom that is certified.

The exact oracle decides, whatever the case states: the outcomes are judged once more without its
expectations. Where it has no answer, the reference's word and the case's are all there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from conformance.causes import Cause
from conformance.judge import policy
from conformance.judge.finding import EXPECT, LAW, title
from conformance.judge.verdict import judge
from conformance.outcomes import ORACLE, Culprit, Verdict
from conformance.protocol import Started
from conformance.report import culprits
from conformance.results import Settled, oracle_of
from conformance.suite.case import Expectation

By = Literal["exact", "convention", "reference", "case"]
"""Who certifies it: the oracle; nobody, as it is a choice; the reference alone; or the case alone.

The last is for what has no exact model, and for what is no number: memory, laws, printed texts.
"""

TENSORFLOW = "tensorflow"
_NUMBERS = frozenset({"numeric", "special"})
_RIGHT = frozenset({"pass", "ill-conditioned"})
_UNJUDGED = frozenset({"leak", "law", "printed", "nondeterministic", "backend"})


class Blame(msgspec.Struct, frozen=True):
    """Who is wrong in a minimal case, and by whom that is certified, in a few words."""

    who: tuple[str, ...]
    by: By
    text: str


def blame(
    cause: Cause,
    item: Settled,
    verdicts: Sequence[Verdict],
    started: Mapping[str, Started | None],
) -> Blame:
    """Whom the oracle blames for the verdicts of one cause on its minimal case."""
    who = tuple(verdict.implementation for verdict in verdicts)
    shown = next((one for one in verdicts if _culprit(one)), verdicts[0])
    oracle = oracle_of(item)
    if shown.kind == "convention" or cause.wrong == "neither":
        return Blame(who, "convention", "convention")
    if shown.kind in _UNJUDGED:
        what = "its own answers" if shown.against == LAW else "what the case states"
        return Blame(who, "case", f"{what}: {shown.kind}")
    if oracle is None or (oracle.returned is None and oracle.threw is None):
        why = "no oracle was asked" if oracle is None else "no exact model"
        if shown.against == EXPECT:
            return Blame(who, "case", f"the case alone: {why}")
        return Blame(who, "reference", f"reference only: {why}")
    exact = by_oracle(item, started)[shown.implementation]
    if exact.verdict in _RIGHT:
        return Blame(who, "case", "the case alone: exact agrees with the answer")
    return Blame(who, "exact", f"exact{_evidence(shown, exact, threw=oracle.threw is not None)}")


def by_oracle(item: Settled, started: Mapping[str, Started | None]) -> dict[str, Verdict]:
    """The verdicts of the oracle alone, by address; empty where it has no answer."""
    oracle = oracle_of(item)
    if oracle is None or item.case.law is not None:
        return {}
    if oracle.returned is None and oracle.threw is None:
        return {}
    silent = msgspec.structs.replace(item.case, expect=Expectation(leaks=item.case.expect.leaks))
    outcomes = {one.implementation: one for one in item.outcomes}
    known = {address: one for address, one in started.items() if one is not None}
    found = judge(silent, outcomes, known, policy.parse("default"), ORACLE, oracle=oracle)
    cleared = {one.implementation: one for one in item.verdicts if one.verdict == "ill-conditioned"}
    return {one.implementation: cleared.get(one.implementation, one) for one in found}


def disagreement(
    cause: Cause,
    item: Settled,
    verdicts: Sequence[Verdict],
    started: Mapping[str, Started | None],
) -> str | None:
    """Why ``wrong`` of a cause is not what the oracle says of its minimal case; None where it is.

    What both libraries may defend is no business of the oracle: it follows one of them.
    ``verdicts`` are those on answers that stay what they are from run to run.
    """
    silent = not verdicts or any(verdict.kind in _UNJUDGED for verdict in verdicts)
    if silent or cause.wrong == "neither":
        return None
    exact = by_oracle(item, started)
    if not exact:
        return None
    theirs = exact.get(TENSORFLOW)
    if theirs is not None and cause.wrong == "tfjs" and theirs.kind in _NUMBERS:
        return f"TensorFlow is outside its ball: {theirs.why}"
    if theirs is not None and cause.wrong in {"tensorflow", "both"} and theirs.verdict in _RIGHT:
        return "the oracle agrees with TensorFlow"
    blamed = [exact[verdict.implementation] for verdict in verdicts]
    if cause.wrong in {"tfjs", "both"} and all(one.verdict in _RIGHT for one in blamed):
        return f"the oracle agrees with {', '.join(one.implementation for one in blamed)}"
    return None


def _culprit(verdict: Verdict) -> Culprit | None:
    return verdict.certificate.culprit if verdict.certificate else None


def _evidence(shown: Verdict, exact: Verdict, *, threw: bool) -> str:
    """What the oracle holds against an answer."""
    culprit, worst = _culprit(shown), exact.worst
    special = " (special value)" if exact.kind == "special" else ""
    if exact.kind in _NUMBERS and culprit is not None:
        parts = (f"culprit {culprits.named(culprit)}", *culprits.distance(culprit))
        return f"{special}: {', '.join(parts)}"
    if exact.kind in _NUMBERS and worst is not None:
        ulp = [] if worst.ulp is None else [f"{worst.ulp:.4g} ulp"]
        budget = [] if worst.budget is None else [f"{worst.budget:.4g} allowed"]
        return f"{special}: {', '.join((title(worst.place), *ulp, *budget))}"
    if exact.kind in {"dtype", "shape"}:
        return f": another {exact.kind}"
    if threw:
        return ": an error"
    return ": there is an answer" if exact.verdict != "differs" else ": a gradient more or less"
