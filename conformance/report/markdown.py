"""A report for a pull request or a job summary."""

from __future__ import annotations

from collections import defaultdict

from conformance.outcomes import Verdict
from conformance.report.terminal import command, summary, who
from conformance.results import Results

MOST_SHOWN = 100


def render(results: Results) -> str:
    """The markdown text, ending in a newline."""
    header, footer = results.header, results.footer
    lines = ["# tfjs-conformance", "", summary(footer) + ".", ""]
    lines += ["| implementation | what ran | pass | explained | unexpected |",
              "| --- | --- | ---: | ---: | ---: |"]  # fmt: skip
    for address, started in header.implementations.items():
        own = [verdict for verdict in results.verdicts() if verdict.implementation == address]
        passed = sum(verdict.verdict == "pass" for verdict in own)
        unexpected = sum(not verdict.expected for verdict in own)
        lines.append(
            f"| `{address}` | {_cell(who(started))} | {passed} |"
            f" {len(own) - passed - unexpected} | {unexpected} |"
        )
    lines += ["", f"Policy `{header.policy}`, reference `{header.reference or 'none'}`."]
    for title, texts in (("Faults", footer.faults), ("Expectations", footer.expectations)):
        if texts:
            lines += ["", f"## {title}", "", *(f"- {_cell(text)}" for text in texts)]
    unexpected_ones = [verdict for verdict in results.verdicts() if not verdict.expected]
    if unexpected_ones:
        lines += ["", "## Unexpected", ""]
        for verdict in unexpected_ones[:MOST_SHOWN]:
            lines += _finding(verdict)
        if len(unexpected_ones) > MOST_SHOWN:
            lines.append(f"… and {len(unexpected_ones) - MOST_SHOWN} more.")
    known: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in results.verdicts():
        if verdict.expected and verdict.verdict != "pass":
            known[verdict.because or ""].append(verdict)
    if known:
        lines += ["", "## Explained", ""]
        for because, verdicts in known.items():
            where = ", ".join(sorted({f"`{verdict.implementation}`" for verdict in verdicts}))
            lines.append(f"- {_cell(because)} ({len(verdicts)} verdicts on {where})")
    return "\n".join(lines) + "\n"


def _finding(verdict: Verdict) -> list[str]:
    kind = f" ({verdict.kind})" if verdict.kind else ""
    return [
        f"- **{verdict.verdict}**{kind} `{verdict.case}` on `{verdict.implementation}`:"
        f" {_cell(verdict.why)}",
        f"  `{command(verdict.case)}`",
    ]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
