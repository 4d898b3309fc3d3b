"""A report for a pull request or a job summary."""

from __future__ import annotations

from collections import defaultdict

from conformance.outcomes import Verdict
from conformance.report import culprits
from conformance.report.terminal import command, is_explained, summary, unchecked, who
from conformance.results import Results
from conformance.suite.case import Case

MOST_SHOWN = 100


def render(results: Results) -> str:
    """The markdown text, ending in a newline."""
    header, footer = results.header, results.footer
    note = unchecked(results)
    lines = ["# tfjs-conformance", "", summary(footer) + "."]
    lines += ["", _cell(note) + "."] if note else []
    lines += ["", *_table(results), ""]
    lines.append(f"Policy `{header.policy}`, reference `{header.reference or 'none'}`.")
    for title, texts in (("Faults", footer.faults), ("Expectations", footer.expectations)):
        if texts:
            lines += ["", f"## {title}", "", *(f"- {_cell(text)}" for text in texts)]
    return "\n".join([*lines, *_unexpected(results), *_explained(results)]) + "\n"


def _table(results: Results) -> list[str]:
    # A column that most runs would leave empty.
    has_ill = bool(results.footer.verdicts.get("ill-conditioned"))
    more = " ill-conditioned |" if has_ill else ""
    lines = [f"| implementation | what ran | pass |{more} explained | unexpected |",
             f"| --- | --- | ---: |{' ---: |' if has_ill else ''} ---: | ---: |"]  # fmt: skip
    for address, started in results.header.implementations.items():
        own = [verdict for verdict in results.verdicts() if verdict.implementation == address]
        passed = sum(verdict.verdict == "pass" for verdict in own)
        ill = sum(verdict.verdict == "ill-conditioned" for verdict in own)
        counts = [passed, *([ill] if has_ill else []), sum(map(is_explained, own)),
                  sum(not verdict.expected for verdict in own)]  # fmt: skip
        cells = " | ".join(map(str, counts))
        lines.append(f"| `{_cell(address)}` | {_cell(who(started))} | {cells} |")
    return lines


def _unexpected(results: Results) -> list[str]:
    found = [(item.case, v) for item in results.settled for v in item.verdicts if not v.expected]
    if not found:
        return []
    lines = ["", "## Unexpected", ""]
    for case, verdict in found[:MOST_SHOWN]:
        lines += _finding(case, verdict)
    if len(found) > MOST_SHOWN:
        lines += ["", f"… and {len(found) - MOST_SHOWN} more."]
    return lines


def _explained(results: Results) -> list[str]:
    known: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in results.verdicts():
        if is_explained(verdict):
            known[verdict.because or ""].append(verdict)
    lines = ["", "## Explained", ""] if known else []
    for because, verdicts in known.items():
        where = ", ".join(sorted({f"`{verdict.implementation}`" for verdict in verdicts}))
        count = "1 verdict" if len(verdicts) == 1 else f"{len(verdicts)} verdicts"
        lines.append(f"- {_cell(because)} ({count} on {where})")
    return lines


def _finding(case: Case, verdict: Verdict) -> list[str]:
    kind = f" ({verdict.kind})" if verdict.kind else ""
    head = f"- **{verdict.verdict}**{kind} `{verdict.case}` on `{verdict.implementation}`:"
    culprit = culprits.line(verdict)
    more = [f"  {_cell(culprit)}", ""] if culprit else []
    return [f"{head} {_cell(verdict.why)}", *([""] if more else []), *more, f"  `{command(case)}`"]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
