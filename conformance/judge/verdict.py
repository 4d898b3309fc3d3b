"""One case, all its outcomes: one verdict each.

The first of these that applies decides: crash, time-out, another backend, status (one threw, the
other returned, a gradient is missing), shape, dtype, special value, convention, number, printed
text, leaked tensors. What was not answered is never a pass. An answer is held against what the case
states and, place by place, against the reference; the reference is held against the case alone.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from conformance.judge import expectation, reference
from conformance.judge.contracts import contract_of
from conformance.judge.finding import EXPECT, LAW, VALUE, VARIABLES, Finding, first
from conformance.judge.policy import Policy, Tolerance
from conformance.outcomes import ORACLE, Outcome, Verdict, Word
from conformance.protocol import Acceptance, Returned, Started, Threw
from conformance.suite.case import Case, Decimals

if TYPE_CHECKING:
    from conformance.judge.budget import Budget

SECOND = "tensorflow"
"""Whose word counts for a case that the reference does not support."""
VACUOUS = 3
"""Where in ``Ball.widths`` those are that say nothing."""


def judge(  # noqa: PLR0913, PLR0917  the six things that a verdict depends on
    case: Case,
    outcomes: Mapping[str, Outcome],
    started: Mapping[str, Started],
    policy: Policy,
    reference: str | None,
    flushed: Mapping[str, list[Outcome]] | None = None,
    oracle: Outcome | None = None,
) -> list[Verdict]:
    """The verdicts on a case, one for each outcome, in their order.

    Args:
        case: what was run, and what it states.
        outcomes: what came of it, by address.
        started: who answered, by address: backends and flushing of subnormals.
        policy: how far numbers may be from the reference's.
        reference: the address whose answer the others are held against, if any.
        flushed: by address, what it gives for the inputs with subnormal elements replaced by +0 and
            by -0; by default what the outcomes themselves hold of it.
        oracle: what the exact oracle answered, where it takes part without being judged; by default
            its outcome among the others, if it is there.

    Raises:
        PolicyError: numbers differ, and an op of the case has no contract to derive a budget from.
    """
    everybody = dict(outcomes)
    if oracle is not None:
        everybody[ORACLE] = oracle
        reference = ORACLE
    if flushed is None:
        flushed = {name: list(one.variants.values()) for name, one in everybody.items()}
    judged = _Judge(case, everybody, started, policy, reference, flushed)
    return [judged.verdict(name) for name in outcomes]


class _Judge:
    """What the verdicts on one case share."""

    def __init__(  # noqa: PLR0913, PLR0917  as judge
        self,
        case: Case,
        outcomes: Mapping[str, Outcome],
        started: Mapping[str, Started],
        policy: Policy,
        address: str | None,
        flushed: Mapping[str, list[Outcome]],
    ) -> None:
        self.case = case
        self.outcomes = outcomes
        self.started = started
        self.policy = policy
        self.answers = {name: _answer(outcome) for name, outcome in outcomes.items()}
        self.reference = self._held(address)
        self.violations = {
            name: self._against_expectation(name, answer)
            for name, answer in self.answers.items()
            if answer is not None
        }
        self.context = reference.Context(
            case=case,
            started=started,
            flushed=flushed,
            tolerance=self.tolerance,
            strict_zero=self.strict_zero,
            excuses_flushing=policy.rule != "bits",
            acceptance=self._acceptance(),
            disproved=self._disproved(),
        )

    def _held(self, address: str | None) -> str | None:
        """The reference, or TensorFlow for a case that the reference cannot answer."""
        outcome = self.outcomes.get(address or "")
        if outcome is not None and outcome.unsupported is not None and SECOND in self.outcomes:
            return SECOND
        return None if outcome is None else address

    def _acceptance(self) -> Acceptance | None:
        """The balls that count under this policy."""
        if self.policy.rule != "balls" or self.reference is None:
            return None
        return self.outcomes[self.reference].acceptance

    def tolerance(self, place: str) -> Tolerance:
        match self.policy.rule:
            case "balls" | "budget":
                found = self._budget
                if place.startswith(VARIABLES):
                    return Tolerance(ulp=found.variables)
                return Tolerance(ulp=found.value if place == VALUE else found.grads)
            case "bits":
                return Tolerance(ulp=0.0)
            case "ulp":
                return Tolerance(ulp=self.policy.ulp)
            case "allclose":
                return Tolerance(rtol=self.policy.rtol, atol=self.policy.atol)

    @functools.cached_property
    def _budget(self) -> Budget:
        from conformance.judge.budget import budget  # noqa: PLC0415  only a difference needs it
        from conformance.suite.arguments import shape  # noqa: PLC0415

        results = [
            tensor.shape
            for answer in self.answers.values()
            if isinstance(answer, Returned)
            for tensor in (answer.value, *answer.grads, *answer.variables)
            if tensor is not None
        ]
        shapes = map(shape, self.case.args)
        return budget(self.case.f.tree, shapes, results, self.case.optimizer, self.case.steps)

    @functools.cached_property
    def _is_strict(self) -> bool:
        from conformance.judge.budget import calls  # noqa: PLC0415
        from conformance.judge.op_costs import is_strict_about_signed_zero  # noqa: PLC0415

        return is_strict_about_signed_zero(tuple(op for op, _ in calls(self.case.f.tree)))

    def strict_zero(self) -> bool:
        return self.policy.rule == "bits" or self._is_strict

    def _against_expectation(self, name: str, answer: Returned | Threw) -> list[Finding]:
        started = self.started.get(name)
        flushes = started is not None and started.flushes_subnormals
        return expectation.findings(
            self.case,
            answer,
            expectation.Side(flushes=flushes, strict_zero=lambda: self._is_strict),
        )

    def _disproved(self) -> frozenset[str]:
        """The places where the case shows the reference to be wrong."""
        if self.reference is None:
            return frozenset()
        found = self.violations.get(self.reference, [])
        return frozenset(finding.worst.place for finding in found if finding.worst is not None)

    def verdict(self, name: str) -> Verdict:
        """The verdict on one of the outcomes."""
        outcome = self.outcomes[name]
        said = _without_answer(outcome)
        if said is not None:
            return said
        answer = self.answers[name]
        if answer is None:
            return _plain(outcome, "not run", "no answer is recorded")
        found = [*_backend(answer, self.started.get(name)), *self.violations[name]]
        if self.case.law is not None:
            return self._by_law(outcome, answer, found)
        other = None
        if self.reference is not None and name != self.reference:
            other = self.answers[self.reference]
        if isinstance(answer, Threw) and reference.is_unconnected(answer, other):
            found = [finding for finding in found if finding.word != "threw"]
        used = None
        held = other is not None and self.reference is not None
        if other is not None and self.reference is not None:
            more, used = reference.findings(self.context, (name, answer), (self.reference, other))
            found += more
        if found:
            return self._failed(name, first(found))
        if held and self._is_vacuous(name):
            return self._ill_conditioned(name)
        return self._passed(name, used if held else None)

    def _is_vacuous(self, name: str) -> bool:
        """Whether no number of the answer could be checked, nor is stated by the case."""
        acceptance = self.context.acceptance
        if acceptance is None or expectation.checks_results(self.case.expect):
            return False
        contract = contract_of(self.started.get(name))
        found = [ball for ball in reference.balls(self.case, acceptance).values() if ball]
        counts = [ball.widths[contract] for ball in found if contract in ball.widths]
        checked = sum(sum(count[:VACUOUS]) for count in counts)
        return bool(counts) and not checked and any(count[VACUOUS] for count in counts)

    def _ill_conditioned(self, name: str) -> Verdict:
        return Verdict(
            case=self.case.id,
            implementation=name,
            verdict="ill-conditioned",
            expected=True,
            against=self.reference,
            why="rounding may change every number of the result by more than a part in 128",
        )

    def _by_law(self, outcome: Outcome, answer: Returned | Threw, found: list[Finding]) -> Verdict:
        """The verdict on an answer that is held against those to its variants alone."""
        from conformance.judge import laws  # noqa: PLC0415  most cases have no law

        for name in laws.requests_of(self.case):
            variant = outcome.variants.get(name)
            said = _without_answer(variant) if variant else _plain(outcome, "not run", "no answer")
            if said is not None:
                return msgspec.structs.replace(
                    said,
                    case=outcome.case,
                    implementation=outcome.implementation,
                    why=f"the request `{name}`: {said.why}",
                )
        used = None
        if isinstance(answer, Returned):
            if laws.is_silent(self.case, answer):
                why = "does not say what became of the inputs"
                return _plain(outcome, "unsupported", why)
            more, used = laws.findings(self.case, outcome)
            found += more
        if found:
            return self._failed(outcome.implementation, first(found))
        return Verdict(
            case=self.case.id,
            implementation=outcome.implementation,
            verdict="pass",
            expected=True,
            against=LAW,
            used=used,
        )

    def _passed(self, name: str, used: float | None) -> Verdict:
        answer = self.answers[name]
        against = None
        why = ""
        if expectation.checks_results(self.case.expect):
            against = EXPECT
        elif used is not None:
            against = self.reference
        else:
            why = "answered, and there was nothing to hold the answer against"
        if isinstance(answer, Threw) and self.case.expect.throws is None:
            why = "its error and a missing gradient are declared to say the same"
        elif isinstance(answer, Returned) and self.case.expect.throws is not None:
            why = "its missing gradient and the expected error are declared to say the same"
        return Verdict(
            case=self.case.id,
            implementation=name,
            verdict="pass",
            expected=True,
            against=against,
            why=why,
            used=used if isinstance(answer, Returned) else None,
        )

    def _failed(self, name: str, finding: Finding) -> Verdict:
        concerned = [name]
        if finding.against not in {EXPECT, LAW}:
            concerned.append(finding.against)
        # What the case states names who is wrong; where it is silent, the reference's word counts.
        violating = tuple(at for at in concerned if self._violates(at))
        return Verdict(
            case=self.case.id,
            implementation=name,
            verdict=finding.word,
            kind=finding.kind,
            against=finding.against,
            wrong=violating or (name,),
            worst=finding.worst,
            not_a_subgradient=finding.not_a_subgradient,
            why=finding.why + self._agreement(name, finding),
        )

    def _violates(self, name: str) -> bool:
        return any(finding.kind != "leak" for finding in self.violations.get(name, []))

    def _agreement(self, name: str, finding: Finding) -> str:
        """That two answers that differ both agree with the decimals of the case, where they do."""
        if finding.against == EXPECT or finding.worst is None:
            return ""
        place = finding.worst.place
        stated = self.case.expect
        part = stated.value
        if place != VALUE:
            named = stated.variables if place.startswith(VARIABLES) else stated.grads
            part = named.get(place.partition(".")[2])
        if (
            not isinstance(part, Decimals)
            or self._violates(name)
            or self._violates(finding.against)
        ):
            return ""
        return "; both agree with the decimals that the case states"


def _answer(outcome: Outcome) -> Returned | Threw | None:
    return outcome.returned if outcome.returned is not None else outcome.threw


def _without_answer(outcome: Outcome) -> Verdict | None:
    if outcome.crashed is not None:
        return _plain(outcome, "crashed", outcome.crashed)
    if outcome.timed_out is not None:
        return _plain(outcome, "timed out", f"no answer within {outcome.timed_out:g} seconds")
    if outcome.unsupported is not None:
        return _plain(outcome, "unsupported", outcome.unsupported)
    if outcome.not_run is not None:
        return _plain(outcome, "not run", outcome.not_run)
    return None


def _plain(outcome: Outcome, word: Word, why: str) -> Verdict:
    wrong = (outcome.implementation,) if word in ("crashed", "timed out") else ()
    return Verdict(
        case=outcome.case,
        implementation=outcome.implementation,
        verdict=word,
        wrong=wrong,
        why=why,
    )


def _backend(answer: Returned | Threw, started: Started | None) -> list[Finding]:
    """The finding that another backend did the work, where the implementation names its own."""
    if isinstance(answer, Threw) or started is None or started.backend is None:
        return []
    others = sorted(set(answer.backends) - {started.backend})
    if not others:
        return []
    why = f"kernels ran on {', '.join(others)}, not on {started.backend} alone"
    return [Finding(kind="backend", why=why, against=EXPECT)]
