"""``coverage``: what the cases reach in tf.js, and what none of them reaches."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from conformance import bundle, results
from conformance.commands import run as running
from conformance.commands.select import selected
from conformance.implementations.spawn import Early
from conformance.ledger import errors as checking
from conformance.ledger import markdown, terminal, unmodelled, unreachable
from conformance.ledger.errors import LedgerError, Lists
from conformance.ledger.gather import Ledger, gather
from conformance.ledger.listing import listing
from conformance.ledger.registry import Registry
from conformance.ledger.registry import load as load_registry
from conformance.problems import HarnessError, UsageError
from conformance.report.console import console, literal
from conformance.results import Results
from conformance.run import Interrupted, execute
from conformance.suite import select
from conformance.suite.load import shown

RESULTS = ".ndjson"


class _View(msgspec.Struct, frozen=True):
    """All that is printed, in one form or another."""

    ledger: Ledger
    registry: Registry
    lists: Lists
    errors: Sequence[LedgerError]
    whole: bool


def coverage(defaults: Sequence[str], **options: Any) -> int:
    """Print the ledger of a results file, or of a run for this alone; 1 where it has errors.

    Raises:
        DiagnosticError: anything is wrong with the words, the files or the surroundings.
    """
    files = [word for word in options["what"] if word.endswith(RESULTS)]
    if len(files) > 1:
        raise UsageError("coverage is of one results file", "`tfjs-conformance merge` joins shards")
    narrowed = len(options["what"]) > len(files) or options["words"] or options["tags"]
    if options["check"] is not None and narrowed:
        raise UsageError("--check is about all cases", "leave the choice of cases away")
    try:
        found = results.read(Path(files[0])) if files else _run(defaults, options)
    except Interrupted as interrupted:
        return 128 + interrupted.number
    chosen = _chosen(found, options) if files and narrowed else None
    whole = not narrowed and found.header.shard is None
    view = _view(found, chosen, options["unreachable"], whole=whole)
    if options["check"] is not None:
        return _check(view, options["check"])
    _show(view, options)
    return 1 if view.errors else 0


def _run(defaults: Sequence[str], options: dict[str, Any]) -> Results:
    """Run the chosen cases with tracing; the bits and verdicts are kept as those of any run."""
    plain: dict[str, Any] = {
        "results": None, "resume": None, "expectations": None, "shard": None, "shuffle": None,
        "policy": "default", "trace": True, "no_oracle": False, "no_cache": False, "goldens": (),
        "certify": False,
    }  # fmt: skip
    implementations = running.parse_addresses(options["addresses"], defaults, options["node"])
    with Early(implementations) as early:
        selection = selected(options["what"], options["words"], options["tags"], None)
        plan = running.planned(selection, implementations, options | plain)
        err = console(stderr=True)
        with (
            running.stored_answers(plan, options | plain, err) as answers,
            running.Progress(plan, err) as progress,
        ):
            footer = execute(plan, progress.settled, early, answers)
    err.print(f"results: {literal(str(plan.path))}", style="dim", soft_wrap=True)
    if footer.faults:
        raise HarnessError(footer.faults[0])
    return results.read(plan.path)


def _chosen(found: Results, options: dict[str, Any]) -> Collection[str]:
    """The cases of a results file that patterns, words and tags choose."""
    patterns = [word for word in options["what"] if not word.endswith(RESULTS)]
    cases = select.by_patterns([item.case for item in found.settled], patterns)
    if options["words"]:
        cases = select.by_words(cases, options["words"])
    return {case.id for case in select.by_tags(cases, options["tags"])}


def _view(
    found: Results, chosen: Collection[str] | None, given: Path | None, *, whole: bool
) -> _View:
    if given is not None and not given.is_file():
        raise UsageError(f"no such file: {given}")
    file = given or bundle.cases() / unreachable.FILE
    beside = file.with_name(unmodelled.FILE)
    lists = Lists(
        exemptions=unreachable.load(file, shown(file)),
        unmodelled=unmodelled.load(beside, shown(beside)),
        file=shown(file),
        models_file=shown(beside),
    )
    registry = load_registry(bundle.names_file())
    ledger = gather(found, registry, chosen)
    return _View(
        ledger, registry, lists, checking.errors(ledger, registry, lists, whole=whole), whole
    )


def _check(view: _View, path: Path) -> int:
    """Whether a document is what would be generated now; 1 where it is not, or with errors."""
    wanted = markdown.render(view.ledger, view.registry, view.lists)
    if not path.is_file():
        raise UsageError(f"no such file: {path}", f"`{markdown.COMMAND}` writes it")
    terminal.errors(view.errors, console())
    fresh = path.read_text("utf-8") == wanted
    if not fresh:
        click.echo(f"{path} is stale\nhint: `{markdown.COMMAND}` writes it anew")
    return 0 if fresh and not view.errors else 1


def _show(view: _View, options: dict[str, Any]) -> None:
    kernels = _kernels(view, options["kernels"])
    output: Path | None = options["output"]
    if options["as_json"]:
        all_there = {cell.kernel for reach in view.ledger.reaches for cell in reach.cells}
        found = listing(view.ledger, view.registry, view.errors, kernels or sorted(all_there))
        _print(msgspec.json.encode(found).decode() + "\n", output)
        return
    if options["form"] == "markdown":
        _print(markdown.render(view.ledger, view.registry, view.lists), output)
        terminal.errors(view.errors, console(stderr=True))
        return
    text = io.StringIO()
    out = console() if output is None else console(text)
    if kernels:
        terminal.show_kernels(view.ledger, kernels, out)
    else:
        terminal.show(view.ledger, view.registry, view.errors, out, whole=view.whole)
    if output is not None:
        _print(text.getvalue(), output)


def _kernels(view: _View, patterns: Sequence[str]) -> list[str]:
    """The kernels of these names or patterns.

    Raises:
        UsageError: a pattern matches none.
    """
    there = frozenset(view.ledger.rules).union(*view.registry.kernels.values())
    found: set[str] = set()
    for pattern in patterns:
        matching = {kernel for kernel in there if select.glob(pattern).fullmatch(kernel)}
        if not matching:
            raise UsageError(f"no kernel is called `{pattern}`", "names are those of tf.js: Conv2D")
        found |= matching
    return sorted(found)


def _print(text: str, output: Path | None) -> None:
    from conformance.commands.views import write  # noqa: PLC0415  only where a file is named

    if output is None:
        click.echo(text, nl=False)
    else:
        write(output, text)
