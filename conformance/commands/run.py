"""``run``: choose, run, judge, report."""

from __future__ import annotations

import contextlib
import os
import random
import shlex
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

import click
import msgspec
from rich.console import Console

from conformance import causes, expectations, goldens, results
from conformance.causes import Causes
from conformance.commands.select import Selection, selected
from conformance.expectations import Entry
from conformance.goldens import Goldens
from conformance.implementations import address
from conformance.implementations.address import Implementation
from conformance.implementations.options import Options
from conformance.implementations.spawn import Early
from conformance.judge import policy
from conformance.outcomes import ORACLE
from conformance.plan import Plan
from conformance.problems import UsageError
from conformance.report import terminal
from conformance.report.console import console, literal
from conformance.results import Footer, Settled
from conformance.run import Interrupted, execute
from conformance.suite.case import Case
from conformance.suite.load import shown

KEPT_RUNS = 5


def run(defaults: Sequence[str], **options: Any) -> int:
    """Run what the command line asks for; the exit code.

    Raises:
        DiagnosticError: anything is wrong with the words, the files or the surroundings.
    """
    implementations = parse_addresses(options["addresses"], defaults, options["node"])
    interrupted: Interrupted | None = None
    err = console(stderr=True)
    with Early(implementations) as early:
        selection = selected(options["what"], options["words"], options["tags"], options["shard"])
        plan = planned(selection, implementations, options)
        with stored_answers(plan, options, err) as answers, Progress(plan, err) as progress:
            try:
                footer = execute(plan, progress.settled, early, answers)
            except Interrupted as error:
                interrupted, footer = error, error.footer
    found = results.read(plan.path)
    if plan.resume is not None and not plan.left:
        done = f"nothing was left to run: {plan.path} has all {len(plan.cases):,} cases"
        err.print(literal(done), soft_wrap=True)
    if plan.policy.wants_oracle:
        err.print(literal(_oracle_line(plan, footer)), style="dim", soft_wrap=True)
    err.print(f"results: {literal(str(plan.path))}", style="dim", soft_wrap=True)
    if interrupted is not None:
        again = f"interrupted; continue with --resume {shlex.quote(str(plan.path))}"
        err.print(literal(again), soft_wrap=True)
    _write(options["junit"], "junit", found)
    _write(options["markdown"], "markdown", found)
    code = exit_code(footer) if interrupted is None else 128 + interrupted.number
    if options["as_json"]:
        click.echo(msgspec.json.encode(_summary(found, plan.path, code)).decode())
    else:
        terminal.show(found, console(), known=options["known"])
    return code


def stored_answers(plan: Plan, options: dict[str, Any], err: Console) -> Goldens:
    """The stored answers of the oracle that a run may use, and where it stores further ones.

    Raises:
        UsageError: a file of them does not exist.
    """
    if plan.oracle_beside is None or options["no_cache"]:
        return Goldens(None)

    def warn(text: str) -> None:
        err.print(f"[yellow]warning[/]: {literal(text)}", soft_wrap=True, highlight=False)

    return goldens.opened(options["goldens"], warn)


def oracle(
    rule: policy.Policy, implementations: Sequence[Implementation], *, without: bool
) -> Implementation | None:
    """Whom a policy wants to be asked how far answers may be off, listed or not."""
    if without or not rule.wants_oracle:
        return None
    listed = [one for one in implementations if one.address == ORACLE]
    return listed[0] if listed else address.parse(ORACLE)


def _oracle_line(plan: Plan, footer: Footer) -> str:
    """Where the oracle's answers came from, or what stands in for it."""
    if footer.oracle is not None:
        total = footer.oracle.stored + footer.oracle.computed
        answers = "1 answer" if total == 1 else f"{total:,} answers"
        return f"oracle: {answers}, {footer.oracle.stored:,} from the store"
    if plan.oracle is not None:
        return f"oracle: {plan.oracle.address} is among the implementations"
    return f"oracle: none; answers are held against {plan.reference or 'what the cases state'}"


def exit_code(footer: Footer) -> int:
    """0 as expected, 1 unexpected, 3 where an implementation could not run; never 0 for nothing."""
    if footer.faults or footer.verdicts["not run"] or not footer.planned:
        return 3
    return 1 if footer.unexpected or footer.expectations else 0


def parse_policy(text: str) -> policy.Policy:
    """The policy of this name.

    Raises:
        UsageError: there is none.
    """
    try:
        return policy.parse(text)
    except policy.PolicyError as error:
        raise UsageError(str(error), error.hint) from None


def parse_addresses(
    addresses: Sequence[str], defaults: Sequence[str], node: Path | None
) -> list[Implementation]:
    """The implementations of these addresses, or the default ones.

    Raises:
        UsageError: an address names none, or one is named twice.
    """
    found = [address.parse(text, node=node) for text in addresses or defaults]
    names = [implementation.address for implementation in found]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"the implementation {name} is named twice", "name each one once")
    return found


def planned(
    selection: Selection, implementations: Sequence[Implementation], options: dict[str, Any]
) -> Plan:
    """The plan for the chosen cases, as the options of the command line want it."""
    path: Path | None = options["results"]
    resume = None
    if options["resume"] is not None:
        if path is not None and path != options["resume"]:
            raise UsageError("--resume continues in its own file", "leave --results away")
        path = options["resume"]
        unfinished = results.read_unfinished(path)
        if unfinished is not None:
            resume = (unfinished[0], tuple(unfinished[1]))
    file, entries, known = load_expectations(selection, options["expectations"])
    if not selection.cases:
        raise UsageError(f"shard {options['shard']} has no cases", "use fewer shards")
    rule = parse_policy(options["policy"])
    return Plan(
        cases=_in_order(selection.cases, options["shuffle"]),
        known=[case.id for case in selection.known],
        cases_hash=results.cases_hash(selection.before_sharding),
        implementations=implementations,
        policy=rule,
        oracle=oracle(rule, implementations, without=options["no_oracle"]),
        certify=options["certify"],
        entries=entries,
        expectations_file=file,
        causes=known,
        options=Options(case_timeout=options["timeout"], trace=options["trace"]),
        path=path or _own_path(),
        whole=bool(entries or known.by_id) and selection.is_whole(),
        shard=options["shard"],
        resume=resume,
    )


def _in_order(cases: Sequence[Case], seed: int | None) -> Sequence[Case]:
    if seed is None:
        return cases
    shuffled = list(cases)
    random.Random(seed).shuffle(shuffled)  # noqa: S311  an order, not a secret
    return shuffled


def load_expectations(selection: Selection, given: Path | None) -> tuple[str, list[Entry], Causes]:
    """The name of the expectations file, its entries, and the causes that they name.

    Raises:
        UsageError: the given file does not exist.
        InvalidFiles: the file is wrong.
    """
    if given is not None and not given.is_file():
        raise UsageError(f"no such file: {given}")
    file = given or selection.expectations
    beside = causes.beside(file)
    known = causes.load(beside, shown(beside))
    return shown(file), expectations.load(file, shown(file)), known


def _own_path() -> Path:
    """A new file for results that nobody asked to keep; the last few are kept all the same."""
    import platformdirs  # noqa: PLC0415  only where no file is named

    folder = platformdirs.user_cache_path("tfjs-conformance")
    earlier = sorted(folder.glob("run-*.ndjson"))
    for old in earlier[: max(0, len(earlier) - KEPT_RUNS + 1)]:
        with contextlib.suppress(OSError):  # an old file that stays is no reason not to run
            old.unlink()
    return folder / f"run-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.ndjson"


def _write(path: Path | None, form: str, found: results.Results) -> None:
    if path is None:
        return
    from conformance.commands.views import render, write  # noqa: PLC0415

    write(path, render(found, form))


def _summary(found: results.Results, path: Path, code: int) -> dict[str, Any]:
    """What ``--json`` prints: the sums, where the results are, every verdict that is no pass."""
    return {
        "summary": found.footer,
        "reference": found.header.reference,
        "held_against_nothing": found.unchecked(),
        "exit_code": code,
        "results": str(path),
        "findings": [verdict for verdict in found.verdicts() if verdict.verdict != "pass"],
    }


class Progress(AbstractContextManager["Progress"]):
    """A live bar on a terminal; silence in a pipe."""

    def __init__(self, plan: Plan, console: Console) -> None:
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._unexpected = 0
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"), TimeRemainingColumn(),
            console=console, transient=True, disable=not sys.stderr.isatty(),
        )  # fmt: skip
        self._task = self._bar.add_task("starting", total=len(plan.cases), note="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def settled(self, item: Settled) -> None:
        """Advance by a case."""
        self._unexpected += sum(not verdict.expected for verdict in item.verdicts)
        if not self._bar.disable:
            note = f"[red]{self._unexpected} unexpected[/]" if self._unexpected else ""
            self._bar.update(self._task, advance=1, description="cases", note=note)
