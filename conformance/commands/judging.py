"""``judge``: stored bits under other policies, without running anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import msgspec

from conformance import results
from conformance.blame.suspects import blamed
from conformance.commands.run import parse_policy
from conformance.commands.views import word
from conformance.judge.policy import Policy, PolicyError
from conformance.outcomes import NO_FAULT, Verdict
from conformance.problems import UsageError
from conformance.report import policies
from conformance.report.console import console
from conformance.report.policies import Change, Count, Judged
from conformance.results import Results, Settled

MOST_SHOWN = 20


def judge(file: Path, names: Sequence[str], *, as_json: bool, every: bool) -> int:
    """Judge the stored bits again under each policy and print what changes; the exit code.

    Args:
        file: the results of a run.
        names: the policies.
        as_json: whether to print everything for programs.
        every: whether to list all verdicts that flip.

    Raises:
        InvalidResults: the results cannot be trusted.
        UsageError: there is no such policy, or it cannot be applied to a case.
    """
    rules = [parse_policy(name) for name in dict.fromkeys(names)]
    found = results.read(file)
    judged = [_judged(found, rule) for rule in rules]
    if as_json:
        before = policies.counts(found.verdicts())
        told = {"run": {"policy": found.header.policy, "counts": before}, "policies": judged}
        click.echo(msgspec.json.encode(told).decode())
    else:
        most = MOST_SHOWN if len(rules) == 1 else 0
        policies.show(found, judged, None if every else most, console())
    return 1 if any(one.unexpected for one in judged) else 0


def _judged(found: Results, rule: Policy) -> Judged:
    changes: list[Change] = []
    verdicts: list[Verdict] = []
    unexpected = 0
    for item in found.settled:
        for before, after in zip(item.verdicts, _again(found, item, rule), strict=True):
            verdicts.append(after)
            same = (before.verdict, before.kind) == (after.verdict, after.kind)
            unexpected += after.verdict not in NO_FAULT and not (same and before.expected)
            if not same:
                changes.append(_change(before, after))
    matrix = Counter((one.before, one.after, one.implementation) for one in changes)
    counted = [Count(*key, count) for key, count in matrix.most_common()]
    return Judged(
        policy=rule.name,
        verdicts=len(verdicts),
        counts=policies.counts(verdicts),
        matrix=counted,
        changes=changes,
        unexpected=unexpected,
        has_oracle=_has_oracle(found) or not rule.wants_oracle,
    )


def _again(found: Results, item: Settled, rule: Policy) -> Iterator[Verdict]:
    """The verdicts on a case under a policy; what its steps say counts where the oracle does."""
    from conformance.judge import verdict as judging  # noqa: PLC0415

    started = {a: s for a, s in found.header.implementations.items() if s is not None}
    oracle = results.oracle_of(item) if item.case.law is None else None
    try:
        again = judging.judge(
            item.case, results.by_address(item.outcomes), started, rule, found.header.reference,
            oracle=oracle,
        )  # fmt: skip
    except PolicyError as error:
        raise UsageError(f"{item.case.id}: {error}", error.hint) from None
    for before, after in zip(item.verdicts, again, strict=True):
        certified = before.certificate is not None and rule.wants_oracle and _is_about(after)
        yield blamed(after, before.certificate) if certified and before.certificate else after


def _is_about(verdict: Verdict) -> bool:
    """Whether it is such a verdict that the steps of a case decide."""
    return verdict.verdict in NO_FAULT or verdict.kind in {"numeric", "special"}


def _change(before: Verdict, after: Verdict) -> Change:
    return Change(
        case=before.case, implementation=before.implementation, before=word(before),
        after=word(after), why=after.why or before.why,
        used_before=_share(before), used=_share(after),
    )  # fmt: skip


def _share(verdict: Verdict) -> float | None:
    """The share of its budget that an answer takes, where a number says it."""
    if verdict.used is not None:
        return verdict.used
    worst = verdict.worst
    if worst is None or worst.ulp is None or not worst.budget:
        return None
    return worst.ulp / worst.budget


def _has_oracle(found: Results) -> bool:
    return any(results.oracle_of(item) is not None for item in found.settled)
