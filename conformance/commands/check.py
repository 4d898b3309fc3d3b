"""``check``: grade an implementation of the protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import click
import msgspec
from rich.console import Console
from rich.markup import escape

from conformance.grading.checks import CHECKS, Check, Failed
from conformance.grading.talk import Limits, Talk
from conformance.implementations import address as addresses
from conformance.implementations.address import Implementation
from conformance.implementations.errors import Broken
from conformance.problems import UsageError
from conformance.report.console import console

Result = Literal["pass", "fail", "skipped"]
_STYLES: dict[Result, str] = {"pass": "green", "fail": "bold red", "skipped": "yellow"}


class Grade(msgspec.Struct, frozen=True):
    """What came of one check: ``remark`` is what was seen, ``hint`` how to mend a failure."""

    id: str
    title: str
    result: Result
    remark: str = ""
    hint: str = ""


def check(address: str, node: Path | None, *, as_json: bool) -> int:
    """Grade the implementation and print how it did; 1 where it fails any check.

    Raises:
        UsageError: the address names no implementation that can be started.
        HarnessError: there is no Node.js.
    """
    implementation = addresses.parse(address, node=node)
    if implementation.replay is not None:
        raise UsageError("a replay has nothing to be graded", "name an implementation that runs")
    out = console()
    watch = (lambda _: None) if as_json else (lambda grade: _print(grade, out))
    grades = asyncio.run(grade(implementation, Limits(), watch))
    passed = sum(one.result == "pass" for one in grades)
    if as_json:
        found = {"implementation": implementation.address, "passed": passed, "checks": grades}
        click.echo(msgspec.json.encode(found).decode())
    else:
        style = "green" if passed == len(grades) else "red"
        out.print(f"\n[{style}]{passed} of {len(grades)} checks passed[/]")
    return 0 if passed == len(grades) else 1


async def grade(
    implementation: Implementation, limits: Limits, watch: Callable[[Grade], None]
) -> list[Grade]:
    """Make all checks one after the other; ``watch`` sees each grade at once.

    Where the implementation does not start, the other checks are skipped.
    """
    talk = Talk(implementation, limits)
    grades: list[Grade] = []
    try:
        for one in CHECKS:
            needs_start = one.id not in {"start", "stdout"}
            if needs_start and grades[0].result == "fail":
                grades.append(Grade(one.id, one.title, "skipped", "it does not start"))
            else:
                grades.append(await _graded(one, talk))
            watch(grades[-1])
    finally:
        await talk.close()
    return grades


async def _graded(one: Check, talk: Talk) -> Grade:
    try:
        remark = await one.body(talk)
    except Failed as failed:
        return Grade(one.id, one.title, "fail", str(failed), one.hint)
    except Broken as broken:
        return Grade(one.id, one.title, "fail", broken.reason, broken.hint or one.hint)
    return Grade(one.id, one.title, "pass", remark or "")


def _print(grade: Grade, out: Console) -> None:
    line = f"[{_STYLES[grade.result]}]{grade.result:<7}[/]  [bold]{grade.id:<12}[/] {grade.title}"
    remark = f"  [dim]({escape(grade.remark)})[/]" if grade.remark and not grade.hint else ""
    out.print(line + remark, soft_wrap=True)
    if grade.hint:
        out.print(f"         {escape(grade.remark)}", soft_wrap=True)
        out.print(f"         hint: {escape(grade.hint)}", soft_wrap=True)
