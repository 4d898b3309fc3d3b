"""JUnit XML, as CI systems read it: a test suite per implementation, a test case per case.

A verdict that nothing explains is a failure; what could not be run is an error; a known divergence
is skipped with its reason, so that no system counts it as passed; so is an ill-conditioned case.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from conformance.outcomes import Verdict
from conformance.report import culprits
from conformance.report.terminal import command, summary
from conformance.results import Results
from conformance.suite.case import Case

_ERRORS = frozenset({"crashed", "timed out", "not run"})
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(results: Results) -> str:
    """The XML document, ending in a newline."""
    root = ET.Element("testsuites", name="tfjs-conformance", time=f"{results.footer.seconds:.3f}")
    for position, address in enumerate(results.header.implementations):
        suite = ET.SubElement(root, "testsuite", name=_text(address))
        counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
        for item in results.settled:
            verdict, outcome = item.verdicts[position], item.outcomes[position]
            seconds = outcome.returned.seconds if outcome.returned else 0.0
            folder, _, name = verdict.case.rpartition("/")
            case = ET.SubElement(
                suite, "testcase", classname=_text(f"{address}/{folder}"), name=_text(name),
                time=f"{seconds:.6f}",
            )  # fmt: skip
            counts["tests"] += 1
            kind = _add(case, verdict, item.case)
            if kind:
                counts[kind] += 1
        if position == 0:
            for text in _around(results):
                case = ET.SubElement(suite, "testcase", classname="run", name=_text(text)[:100])
                ET.SubElement(case, "error", message=_text(text))
                counts["tests"] += 1
                counts["errors"] += 1
        suite.attrib.update({key: str(count) for key, count in counts.items()})
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _around(results: Results) -> list[str]:
    """What is wrong beside the verdicts."""
    found = [*results.footer.faults, *results.footer.expectations]
    return [*found, summary(results.footer)] if results.footer.interrupted else found


def _add(element: ET.Element, verdict: Verdict, case: Case) -> str | None:
    if verdict.verdict == "pass":
        return None
    word = verdict.verdict + (f" ({verdict.kind})" if verdict.kind else "")
    if verdict.verdict == "ill-conditioned":
        ET.SubElement(element, "skipped", message=_text(f"{word}: {verdict.why}"))
        return "skipped"
    if verdict.expected:
        ET.SubElement(element, "skipped", message=_text(f"known: {verdict.because}"))
        return "skipped"
    tag, kind = ("error", "errors") if verdict.verdict in _ERRORS else ("failure", "failures")
    body = ET.SubElement(element, tag, type=word, message=_text(verdict.why))
    culprit = culprits.line(verdict)
    lines = [verdict.why, *([culprit] if culprit else []), command(case)]
    body.text = _text("\n".join(lines))
    return kind


def _text(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return _UNPRINTABLE.sub("�", text)
