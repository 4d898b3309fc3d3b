"""The document of known divergences: markdown, and the same for a terminal."""

from __future__ import annotations

import itertools
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console

from conformance.causes import Culprit, Severity
from conformance.divergences import Answer, Divergence
from conformance.judge import finding
from conformance.protocol import Started
from conformance.report.console import literal
from conformance.results import Results

SEVERITIES: dict[Severity, str] = {
    "silent": "Wrong numbers, silently",
    "throws": "Throws, or should throw",
    "convention": "Conventions",
    "special": "Special values",
}
_ABOUT: dict[Severity, str] = {
    "silent": "A number, dtype or shape is wrong, and nothing says so.",
    "throws": "An error or a crash where there is an answer, or an answer where there is none.",
    "convention": "A choice where several can be defended.",
    "special": "NaN, infinities, signed zeros, subnormal numbers, and results at the ends of the "
    "range.",
}
_SOURCE = (
    "This file is printed by `tfjs-conformance divergences RESULTS` from a run of all shipped "
    "cases, [expectations.yaml](../cases/expectations.yaml) and "
    "[causes.yaml](../cases/causes.yaml); edit those."
)
_WRONG: dict[Culprit, str] = {
    "tfjs": "tf.js is wrong",
    "tensorflow": "TensorFlow is wrong",
    "both": "tf.js and TensorFlow",
    "neither": "both can be defended",
}


def markdown(found: Results, divergences: Sequence[Divergence]) -> str:
    """The document as markdown, ending in a newline; it has no times and no paths."""
    versions = ", ".join(
        f"`{address}` ({_version(started)})"
        for address, started in found.header.implementations.items()
    )
    about = (
        f"What {versions} disagree on, by root cause: one entry for one thing to mend, with the "
        "smallest input that shows it. Whoever is wrong is named, TensorFlow too, with what "
        "certifies it: exact arithmetic, with the op whose result is outside its bound; or, where "
        "that has no answer, the reference or the case alone."
    )
    lines = [
        "# Known divergences",
        "",
        about,
        "",
        _SOURCE,
        "",
        *_contents(divergences),
    ]
    for severity, group in _groups(divergences):
        lines += ["", f"## {SEVERITIES[severity]}", "", _ABOUT[severity]]
        for one in group:
            lines += ["", *_entry(one)]
    return "\n".join(lines) + "\n"


def _version(started: Started | None) -> str:
    return f"{started.name} {started.version}" if started else "did not start"


def _groups(divergences: Sequence[Divergence]) -> Iterator[tuple[Severity, list[Divergence]]]:
    for severity, group in itertools.groupby(divergences, lambda one: one.cause.severity):
        yield severity, list(group)


def _contents(divergences: Sequence[Divergence]) -> Iterator[str]:
    by = Counter(one.blame.by for one in divergences if one.blame)
    yield (
        f"Of {len(divergences)} causes {by['exact']} are certified by exact arithmetic,"
        f" {by['convention']} are conventions, {by['reference']} rest on the reference alone, and"
        f" {by['case']} on what the case states."
    )
    yield ""
    yield "| | causes | tf.js is wrong | TensorFlow is wrong | both can be defended | cases |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for severity, group in _groups(divergences):
        wrong = [one.cause.wrong for one in group]
        counts = [len(group), *(wrong.count(who) for who in _WRONG), sum(o.cases for o in group)]
        title = SEVERITIES[severity]
        anchor = title.lower().replace(",", "").replace(" ", "-")
        yield f"| [{title}](#{anchor}) | " + " | ".join(map(str, counts)) + " |"


def _entry(one: Divergence) -> Iterator[str]:
    cause = one.cause
    yield f"### {_text(cause.title)}"
    yield ""
    wrong = f"**{_WRONG[cause.wrong]}**{_text(_certified(one))}"
    yield " · ".join((f"`{cause.id}`", wrong, *_facts(one, "`")))
    if one.program:
        yield from ("", "```js", *one.program.splitlines(), "```", "", *_table(one))
    yield from ("", _text(cause.right))
    if cause.issue:
        yield from ("", f"Reported: <{cause.issue}>")
    yield from ("", f"`{command(one)}`")


def _certified(one: Divergence) -> str:
    """By whom it is certified, in brackets; nothing where the minimal case was not run."""
    return f" ({one.blame.text})" if one.blame else ""


def _facts(one: Divergence, quote: str) -> Iterator[str]:
    kernels = one.cause.kernels
    if kernels:
        word = "kernel" if len(kernels) == 1 else "kernels"
        yield f"{word} " + ", ".join(f"{quote}{kernel}{quote}" for kernel in kernels)
    yield "on " + ", ".join(f"{quote}{address}{quote}" for address in one.implementations)
    yield "1 case" if one.cases == 1 else f"{one.cases} cases"


def _table(one: Divergence) -> Iterator[str]:
    places = _places(one)
    at = finding.at(one.index) if one.index is not None else ""
    yield "| | " + " | ".join(f"{place}{at}" for place in places) + " |"
    yield "| --- |" + " --- |" * len(places)
    for answer in one.answers:
        cells = [_mark(text, answer) for text in _cells(answer, places)]
        yield f"| {_mark(answer.who, answer)} | " + " | ".join(cells) + " |"


def _places(one: Divergence) -> list[str]:
    found = dict.fromkeys(place for answer in one.answers for place in answer.parts if place)
    return list(found) or ["answer"]


def _cells(answer: Answer, places: Sequence[str]) -> Iterator[str]:
    """A text for each place; what is no tensor stands in the first."""
    for number, place in enumerate(places):
        if "" in answer.parts:
            yield _text(answer.parts[""]) if number == 0 else ""
        else:
            text = answer.parts.get(place, "").replace("|", "\\|")
            yield f"`{text}`" if text else ""


def _mark(text: str, answer: Answer) -> str:
    return f"**{text}**" if answer.differs and text else text


def _text(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def command(one: Divergence) -> str:
    """The command that shows the minimal case on all sides."""
    return f"tfjs-conformance show {shlex.quote(one.cause.minimal)}"


def show(divergences: Sequence[Divergence], console: Console) -> None:
    """Print all of it for a person."""
    for severity, group in _groups(divergences):
        console.print(f"[bold underline]{SEVERITIES[severity]}[/]\n")
        for one in group:
            _show(one, console)


def _show(one: Divergence, console: Console) -> None:
    cause = one.cause
    console.print(f"[bold]{literal(cause.title)}[/]", soft_wrap=True)
    facts = " · ".join((cause.id, _WRONG[cause.wrong] + _certified(one), *_facts(one, "")))
    console.print(literal(facts), style="dim", soft_wrap=True)
    if one.program:
        console.print()
        for line in one.program.splitlines():
            console.print(f"    [cyan]{literal(line)}[/]", soft_wrap=True)
        console.print()
    at = finding.at(one.index) if one.index is not None else ""
    for answer in one.answers:
        texts = [f"{place}{at} {text}".strip() if place else text
                 for place, text in answer.parts.items()]  # fmt: skip
        style = "red" if answer.differs else "default"
        line = f"{answer.who}: {'; '.join(texts)}"
        console.print(f"    [{style}]{literal(line)}[/]", soft_wrap=True)
    console.print(f"\n{literal(cause.right)}", soft_wrap=True)
    if cause.issue:
        console.print(f"reported: {literal(cause.issue)}", soft_wrap=True)
    console.print(f"[dim]{literal(command(one))}[/]\n", soft_wrap=True)
