"""One sentence per implementation: is it right, and if not, what is wrong and with which op."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.judge.finding import EXPECT, LAW, at, title
from conformance.outcomes import Verdict, Word
from conformance.protocol import Started
from conformance.report import culprits
from conformance.report.explanation import Element, Explained, Explanation, Held, Standing

_HEADS: dict[Word, str] = {
    "pass": "is right", "ill-conditioned": "is not to blame", "differs": "is wrong",
    "threw": "threw", "accepted": "is wrong", "crashed": "crashed", "timed out": "gave no answer",
    "unsupported": "was not asked for what it can do", "not run": "was not run",
}  # fmt: skip
_HELD = {EXPECT: "as the case states it", LAW: "its own answers keep to the law"}
_SMALLEST_SHARE = 0.005


def head(verdict: Verdict) -> str:
    """What there is to say in two or three words: ``is right``."""
    if verdict.kind == "convention":
        return "follows another convention"
    if verdict.verdict == "differs" and verdict.implementation not in verdict.wrong:
        return f"is not to blame, {' and '.join(verdict.wrong)} is wrong"
    if verdict.verdict == "pass" and verdict.against is None:
        return "answered"
    return _HEADS[verdict.verdict]


def rest(verdict: Verdict, explanation: Explanation | None, started: Started | None) -> str:
    """The other half of the sentence, without a full stop.

    Args:
        verdict: the verdict on the implementation.
        explanation: what the oracle says about the case, if it says anything.
        started: who the implementation is.
    """
    if verdict.verdict == "pass":
        stands = list(_stands(verdict.implementation, explanation))
        return "; ".join(_right(verdict, stands, started))
    parts = [verdict.why] if verdict.why else []
    certificate = verdict.certificate
    if certificate is not None and certificate.culprit is not None:
        parts.append(f"to blame: {culprits.named(certificate.culprit)}")
    elif verdict.verdict == "differs" and (line := culprits.line(verdict)):
        parts.append(line)
    if verdict.cause:
        parts.append(f"known as {verdict.cause}")
    return "; ".join(parts)


def _right(
    verdict: Verdict, stands: Sequence[tuple[Explained, Standing]], started: Started | None
) -> Iterator[str]:
    yield _closest(verdict, stands)
    vacuous = sum(one.widths.get("vacuous", 0) for _, one in stands)
    if vacuous:
        count = sum(one.of for _, one in stands)
        yield f"nothing can be said of {vacuous} of {count} numbers"
    outside = sum(one.outside for _, one in stands)
    if outside:
        why = ", for it flushes subnormal numbers" if started and started.flushes_subnormals else ""
        numbers = "1 number is" if outside == 1 else f"{outside} numbers are"
        yield f"{numbers} outside the budget and excused{why}"
    certificate = verdict.certificate
    if certificate is not None and certificate.clears:
        yield f"each of its {certificate.checked} steps is right by itself"


def _closest(verdict: Verdict, stands: Sequence[tuple[Explained, Standing]]) -> str:
    if not stands:
        if verdict.against is None:
            return verdict.why.removeprefix("answered, and ")
        return _HELD.get(verdict.against, f"as {verdict.against} has it")
    if all(one.nearest == one.of for _, one in stands):
        return "every number is correctly rounded"
    found = [(place, *worst(place, one)) for place, one in stands if one.of]
    inside = [(held.share or 0.0, place, element, held) for place, element, held in found
              if not held.outside]  # fmt: skip
    if not inside:
        return "every number that counts is within its budget"
    share, place, element, held = max(inside, key=lambda one: one[0])
    if held.ulp is None or held.budget is None:
        return "every number is within its budget"
    where = f"{title(place.place)}{at(element.index)}"
    most = f"{share:.0%}" if share >= _SMALLEST_SHARE else "less than 1%"
    return (
        f"no number takes more than {most} of its budget ({where}: {held.ulp:.3g} ulp off,"
        f" {held.budget:.3g} allowed)"
    )


def _stands(address: str, explanation: Explanation | None) -> Iterator[tuple[Explained, Standing]]:
    for place in explanation.places if explanation else ():
        for one in place.standings:
            if one.implementation == address:
                yield place, one


def worst(place: Explained, standing: Standing) -> tuple[Element, Held]:
    """The worst element of an implementation, and what the implementation has there."""
    element = place.elements[standing.element]
    held = next(one for one in element.held if one.implementation == standing.implementation)
    return element, held
