"""The command line: words in, calls out. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from conformance import environment

BROKEN = 3
DEFAULT_IMPLEMENTATIONS = ("tensorflow", "tfjs:cpu", "tfjs:wasm")
EXIT_CODES = """\b
Exit codes:
  0  all as expected
  1  unexpected verdicts, or expectations that no longer hold
  2  wrong usage, wrong case files, or a results file that cannot be trusted
  3  the harness or an implementation could not run
  128 + N  ended by signal N; what was finished is in the results file"""

F = TypeVar("F", bound=Callable[..., Any])


class _Program(click.Group):
    """Turns every error that a user can cause into one sentence and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        from conformance.problems import DiagnosticError, InvalidFiles  # noqa: PLC0415

        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()  # what goes wrong with the output goes wrong here, not at exit
        except InvalidFiles as error:
            for problem in error.problems:
                click.echo(str(problem), err=True)
            click.echo(f"{error.message}; nothing was run", err=True)
            ctx.exit(error.exit_code)
        except DiagnosticError as error:
            click.echo(f"error: {error.message}", err=True)
            if error.hint:
                click.echo(f"hint: {error.hint}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            ctx.exit(128 + signal.SIGINT)
        except BrokenPipeError:
            _discard_output()  # the reader of our output has left; there is nobody to tell
            ctx.exit(128 + signal.SIGPIPE)
        except OSError as error:
            _discard_output()
            click.echo(f"error: {error.strerror or error}", err=True)
            ctx.exit(BROKEN)


def _discard_output() -> None:
    """Let go what stdout still holds, so that it is not written at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(
    cls=_Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_CODES,
)
@click.version_option(environment.version(), prog_name="tfjs-conformance")
def main() -> None:
    """Does tf.js compute what TensorFlow computes? Values and gradients, bit by bit."""


def _selection(command: F) -> F:
    for option in (
        click.argument("what", nargs=-1, metavar="[PATH|ID-GLOB]..."),
        click.option("-k", "words", metavar="EXPR", help="Only ids that contain these words, "
                     "combined by and, or, not."),
        click.option("--tag", "tags", multiple=True, metavar="T", help="Only cases with this tag."),
        click.option("--shard", metavar="I/N", help="Only part I of N."),
    ):  # fmt: skip
        command = option(command)
    return command


def _implementations(command: F) -> F:
    for option in (
        click.option("-i", "--implementation", "addresses", multiple=True, metavar="ADDRESS",
                     help="Whom to ask; `tfjs-conformance implementations` lists the forms. "
                     f"Default: {', '.join(DEFAULT_IMPLEMENTATIONS)}."),
        click.option("--node", type=click.Path(path_type=Path, dir_okay=False), metavar="PATH",
                     help="The Node.js to run tf.js with; or set TFJS_CONFORMANCE_NODE."),
        click.option("--timeout", default=30.0, show_default=True, metavar="SECONDS",
                     type=click.FloatRange(min=0, min_open=True), help="For one case."),
        click.option("--policy", default="default", show_default=True, metavar="NAME",
                     help="default, ulp, bitwise, ulp:N, allclose:RTOL,ATOL or tfjs."),
        click.option("--no-oracle", is_flag=True,
                     help="Do not ask the exact oracle how far answers may be off."),
        click.option("--certify", is_flag=True,
                     help="Hold every op of every case against exact arithmetic, on what the "
                     "implementation itself gave it: finds what a whole result hides."),
        click.option("--no-cache", is_flag=True,
                     help="Neither use nor keep stored answers of the oracle."),
        click.option("--goldens", multiple=True, envvar="TFJS_CONFORMANCE_GOLDENS", metavar="FILE",
                     type=click.Path(path_type=Path, dir_okay=False),
                     help="Use the answers of the oracle that are stored here as well."),
    ):  # fmt: skip
        command = option(command)
    return command


_json_flag = click.option("--json", "as_json", is_flag=True, help="For programs.")


@main.command(epilog=EXIT_CODES)
@_selection
@_implementations
@click.option("--results", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Keep everything here, bits included.")  # fmt: skip
@click.option("--resume", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Continue a run that was interrupted, in its own file.")  # fmt: skip
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@click.option("--expectations", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Known divergences; by default expectations.yaml beside the cases.")  # fmt: skip
@click.option("--known", is_flag=True, help="Print the explained divergences as well.")
@click.option("--shuffle", type=int, metavar="SEED",
              help="Run the cases in another order; the seed makes it the same again.")  # fmt: skip
@click.option("--trace", is_flag=True,
              help="Keep in the results what each case reached, for `coverage`.")  # fmt: skip
@_json_flag
def run(**options: Any) -> None:
    """Run cases on implementations and judge what they answer.

    Without arguments: the shipped cases on tensorflow, tfjs:cpu and tfjs:wasm. An argument is a
    case file, a folder, or a pattern of ids (* stands for any text).
    """
    from conformance.commands import run as command  # noqa: PLC0415

    sys.exit(command.run(DEFAULT_IMPLEMENTATIONS, **options))


@main.command()
@click.argument("case")
@_implementations
@click.option("--cases", type=click.Path(path_type=Path, exists=True), metavar="PATH",
              help="A case file or folder to look in, instead of the shipped cases.")  # fmt: skip
@click.option("--as", "form", type=click.Choice(["js", "python", "html"]),
              help="Print a stand-alone repro instead.")  # fmt: skip
@_json_flag
def show(**options: Any) -> None:
    """Show one case on all sides, element by element.

    CASE is the id of one case, or a pattern that matches only one.
    """
    from conformance.commands import show as command  # noqa: PLC0415

    sys.exit(command.show(DEFAULT_IMPLEMENTATIONS, **options))


@main.command("list")
@_selection
@_json_flag
def list_(what: Sequence[str], words: str | None, tags: Sequence[str], shard: str | None,
          as_json: bool) -> None:  # fmt: skip
    """List what would run, without running it."""
    from conformance.commands import select  # noqa: PLC0415

    select.print_list(select.selected(what, words, tags, shard), as_json=as_json)


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
def validate(paths: Sequence[Path]) -> None:
    """Check case files: schema, language, uniqueness. Without PATH: the shipped cases."""
    from conformance.commands import select  # noqa: PLC0415

    select.validate(paths)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--policy", "policies", required=True, multiple=True, metavar="NAME",
              help="default, ulp, bitwise, ulp:N, allclose:RTOL,ATOL or tfjs. Several are compared "
              "with each other.")  # fmt: skip
@click.option("--all", "every", is_flag=True, help="List all verdicts that flip, not only some.")
@_json_flag
def judge(file: Path, policies: Sequence[str], every: bool, as_json: bool) -> None:
    """Judge stored bits again under other policies; print the verdicts that flip.

    Exits with 1 where a verdict is unexpected under one of them.
    """
    from conformance.commands import judging  # noqa: PLC0415

    sys.exit(judging.judge(file, policies, as_json=as_json, every=every))


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", default="terminal", show_default=True,
              type=click.Choice(["terminal", "markdown", "junit"]))  # fmt: skip
@click.option("--known", is_flag=True, help="With terminal: the explained divergences as well.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
def report(files: Sequence[Path], form: str, known: bool, output: Path | None) -> None:
    """Print a report of results files."""
    from conformance.commands import views  # noqa: PLC0415

    views.report(files, form, output, known=known)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False),
              metavar="FILE")  # fmt: skip
def merge(files: Sequence[Path], output: Path) -> None:
    """Make one results file of the shards of a run."""
    from conformance.commands import views  # noqa: PLC0415

    views.merge(files, output)


@main.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@_json_flag
def diff(old: Path, new: Path, as_json: bool) -> None:
    """Print what changed between two runs. Exits with 1 where something got worse."""
    from conformance.commands import views  # noqa: PLC0415

    sys.exit(views.diff(old, new, as_json=as_json))


@main.command()
@click.argument("what", nargs=-1, metavar="[PATH|ID-GLOB]... [RESULTS]")
@click.option("-k", "words", metavar="EXPR", help="Only ids that contain these words.")
@click.option("--tag", "tags", multiple=True, metavar="T", help="Only cases with this tag.")
@click.option("--kernel", "kernels", multiple=True, metavar="NAME",
              help="All cells of this kernel; * stands for any text.")  # fmt: skip
@click.option("-i", "--implementation", "addresses", multiple=True, metavar="ADDRESS",
              help="Whom to ask, without RESULTS.")  # fmt: skip
@click.option("--node", type=click.Path(path_type=Path, dir_okay=False), metavar="PATH",
              help="The Node.js to run tf.js with; or set TFJS_CONFORMANCE_NODE.")  # fmt: skip
@click.option("--timeout", default=30.0, show_default=True, metavar="SECONDS",
              type=click.FloatRange(min=0, min_open=True), help="For one case.")  # fmt: skip
@click.option("--format", "form", default="terminal", show_default=True,
              type=click.Choice(["terminal", "markdown"]))  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@click.option("--check", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Compare this document with what --format markdown would write.")  # fmt: skip
@click.option("--unreachable", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="What no case can reach; by default that of the shipped cases.")  # fmt: skip
@_json_flag
def coverage(**options: Any) -> None:
    """Print what the cases reach in tf.js: kernels, gradients by input slot, functions.

    RESULTS is an .ndjson file of `run --trace`. Without it the cases run first. Exits with 1 where
    something is reached by no case, or a case names what never runs.
    """
    from conformance.commands import coverage as command  # noqa: PLC0415

    sys.exit(command.coverage(DEFAULT_IMPLEMENTATIONS, **options))


@main.command()
@click.option("--node", type=click.Path(path_type=Path, dir_okay=False), metavar="PATH",
              help="The Node.js to run tf.js with; or set TFJS_CONFORMANCE_NODE.")  # fmt: skip
@click.argument("addresses", nargs=-1, metavar="[ADDRESS]...")
@_json_flag
def implementations(node: Path | None, addresses: Sequence[str], as_json: bool) -> None:
    """Start implementations and print what they say about themselves."""
    from conformance.commands import implementations as command  # noqa: PLC0415

    sys.exit(command.show(addresses or DEFAULT_IMPLEMENTATIONS, node, as_json=as_json))


@main.command()
@click.argument("address", metavar="IMPLEMENTATION")
@click.option("--node", type=click.Path(path_type=Path, dir_okay=False), metavar="PATH",
              help="The Node.js to run tf.js with; or set TFJS_CONFORMANCE_NODE.")  # fmt: skip
@_json_flag
def check(address: str, node: Path | None, as_json: bool) -> None:
    """Grade an implementation of the protocol: exactness of bits, errors, order, its end.

    Exits with 1 where it fails any of the checks.
    """
    from conformance.commands import check as command  # noqa: PLC0415

    sys.exit(command.check(address, node, as_json=as_json))


@main.command()
@click.argument("results", required=False, type=click.Path(path_type=Path))
@click.option("--expectations", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Known divergences, with causes.yaml beside them; by default those of the "
              "shipped cases.")  # fmt: skip
@click.option("--cause", metavar="ID", help="Only this one.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write markdown, or JSON with --json, here.")  # fmt: skip
@_json_flag
def divergences(results: Path | None, expectations: Path | None, cause: str | None,
                output: Path | None, as_json: bool) -> None:  # fmt: skip
    """Print the known divergences of a run by root cause: input, answers, what is right and why.

    RESULTS is what `run --results` wrote. In a pipe the output is markdown: that is how
    docs/divergences.md is made. Exits with 1 where a cause blames somebody else than the oracle.
    """
    from conformance.commands import divergences as command  # noqa: PLC0415

    sys.exit(command.show(results, expectations, cause, output, as_json=as_json))


@main.command()
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--update", is_flag=True, help="Make the edits instead of printing them.")
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="By default the expectations of the shipped cases.")  # fmt: skip
def expectations(results: Path, update: bool, file: Path | None) -> None:
    """Hold expectations.yaml against a run: stale, missing and too wide entries, with the edits.

    Exits with 1 where edits are needed and were not made.
    """
    from conformance.commands import expectations as command  # noqa: PLC0415

    sys.exit(command.update(results, file, write=update))


@main.command()
@click.option("--differing", is_flag=True, help="Only where the libraries chose differently.")
@_json_flag
def conventions(differing: bool, as_json: bool) -> None:
    """Say what each library chose at exact kinks and ties, where mathematics leaves it open."""
    from conformance.commands import conventions as command  # noqa: PLC0415

    command.show(differing=differing, as_json=as_json)


@main.command()
@click.option("--clear", is_flag=True, help="Forget all answers.")
@_json_flag
def goldens(clear: bool, as_json: bool) -> None:
    """Say where the answers of the oracle are stored, how many there are, and how large they are.

    The longest unused ones are forgotten beyond 1024 MiB, or what TFJS_CONFORMANCE_GOLDENS_LIMIT
    says in MiB. The file can be copied, and named with --goldens elsewhere.
    """
    from conformance.commands import goldens as command  # noqa: PLC0415

    command.show(clear=clear, as_json=as_json)


if __name__ == "__main__":
    main()
