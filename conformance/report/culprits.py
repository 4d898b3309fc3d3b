"""The step that is to blame for a verdict, in one line, and what is left of it in doubt."""

from __future__ import annotations

from conformance.judge.finding import EXPECT, at
from conformance.outcomes import ORACLE, Culprit, Verdict


def line(verdict: Verdict) -> str | None:
    """Who is to blame, as reports have it below a verdict; None where nothing is certified."""
    certificate = verdict.certificate
    if certificate is None:
        return None
    if certificate.culprit is not None:
        one = certificate.culprit
        parts = [f"expected {one.expected}", f"got {one.got}", *distance(one)]
        # The only op of a case is blamed for what the case states, whatever the oracle says.
        worst = verdict.worst if verdict.against == EXPECT else None
        stated = worst is not None and one.expected == worst.expected
        by = "as the case states it" if stated else f"certified by {ORACLE}"
        return f"culprit: {named(one)}{at(one.index)}: {', '.join(parts)}, {by}"
    if verdict.verdict != "differs" or not certificate.unchecked:
        return None
    return f"culprit: not found; {checked(verdict)}"


def named(culprit: Culprit) -> str:
    """The step: ``conv2d (gradient of x)``, ``mul (call 2, value)``."""
    inner = ", inner gradient" if culprit.level else ""
    if not culprit.op:
        return f"the sum of what flows to the gradient of {culprit.slot}"
    call = f"call {culprit.call}, " if culprit.call else ""
    return f"{culprit.op} ({call}{_part(culprit)}{inner})"


def _part(culprit: Culprit) -> str:
    slot = culprit.slot
    match culprit.part:
        case "value":
            return f"result {slot}" if slot else "value"
        case "gradient":
            return f"gradient of {f'input {slot}' if slot.isdecimal() else slot}"
        case "accumulation":
            return f"the sum of the gradients of its result{f' {slot}' if slot else ''}"
        case "hand-over":
            return f"input {slot} as it came in"


def distance(culprit: Culprit) -> list[str]:
    """How far off the step is, and how far it may be; nothing where no number says it."""
    found = []
    if culprit.ulp is not None:
        found.append(f"{culprit.ulp:.4g} ulp")
    if culprit.budget is not None:
        found.append(f"{culprit.budget:.4g} allowed")
    return found


def checked(verdict: Verdict) -> str:
    """How many steps were looked at, and how many could not be."""
    certificate = verdict.certificate
    if certificate is None:
        return "no step was checked"
    right = certificate.checked - (certificate.culprit is not None)
    steps = "1 step is right" if right == 1 else f"{right} steps are right"
    if certificate.culprit is not None:
        steps = f"{certificate.checked} {'step' if certificate.checked == 1 else 'steps'} checked"
    open_ones = len(certificate.unchecked)
    return f"{steps}, {open_ones} cannot be checked" if open_ones else steps
