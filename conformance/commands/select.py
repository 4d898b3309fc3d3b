"""Choosing cases: ``list``, ``validate``, and the choice that ``run`` shares with them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from conformance import bundle
from conformance.language.names import shipped
from conformance.problems import UsageError
from conformance.suite import select
from conformance.suite.case import Case
from conformance.suite.load import files, load

EXPECTATIONS = "expectations.yaml"


class Selection(msgspec.Struct, frozen=True):
    """The chosen cases: ``before_sharding`` and the ones of this shard, of all that are ``known``.

    ``roots`` are the paths that were loaded.
    """

    known: Sequence[Case]
    before_sharding: Sequence[Case]
    cases: Sequence[Case]
    roots: Sequence[Path]

    @property
    def expectations(self) -> Path:
        """The file of the known divergences of these cases: beside them, or in a folder above.

        Where there is none, this is where it would stand.

        Raises:
            UsageError: the roots have several.
        """
        found = dict.fromkeys(file for root in self.roots if (file := _expectations_of(root)))
        if len(found) > 1:
            names = " and ".join(map(str, found))
            raise UsageError(
                f"these cases have several expectations: {names}",
                "run them one after the other, or name a file with --expectations",
            )
        return next(iter(found), _folder(self.roots[0]) / EXPECTATIONS)

    def is_whole(self) -> bool:
        """Whether all cases that the known divergences may be about were loaded."""
        loaded = {file.resolve() for file in files(self.roots)}
        return all(file.resolve() in loaded for file in files([self.expectations.parent]))


def _folder(root: Path) -> Path:
    return root if root.is_dir() else root.parent


def _expectations_of(root: Path) -> Path | None:
    folder = _folder(root).resolve()
    for place in (folder, *folder.parents):
        if (place / EXPECTATIONS).is_file():
            return place / EXPECTATIONS
        if (place / ".git").exists():
            break
    return None


def selected(
    what: Sequence[str], words: str | None, tags: Sequence[str], shard: str | None
) -> Selection:
    """The cases that paths, patterns, words, tags and a shard choose.

    Patterns choose among the cases of the given paths; without paths, among the shipped cases.

    Raises:
        InvalidFiles: a case file is wrong.
        UsageError: a path, pattern or tag matches nothing, or nothing is left to run.
    """
    roots = [Path(text) for text in what if _exists(text) or _is_path(text)]
    patterns = [text for text in what if Path(text) not in roots]
    roots = roots or [bundle.cases()]
    known = load(roots, shipped())
    cases = select.by_patterns(known, patterns)
    if words:
        cases = select.by_words(cases, words)
    cases = select.by_tags(cases, tags)
    chosen = select.shard(cases, shard) if shard else cases
    if not chosen and not (shard and cases):
        raise UsageError("no case is left to run", "`tfjs-conformance list` prints all ids")
    return Selection(known, cases, chosen, roots)


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except OSError:  # a name that is too long, a folder that may not be searched
        return False


def _is_path(text: str) -> bool:
    return text.endswith((".yaml", ".yml")) or text.startswith((".", "/", "~"))


def print_list(selection: Selection, *, as_json: bool) -> None:
    """Print the ids, or the cases as JSON, one a line."""
    encode = msgspec.json.Encoder().encode
    out = sys.stdout
    for case in selection.cases:
        out.write((encode(case).decode() if as_json else case.id) + "\n")
    if not as_json and out.isatty():
        click.echo(f"{len(selection.cases):,} of {len(selection.known):,} cases", err=True)


def validate(paths: Sequence[Path]) -> None:
    """Load case files and say how many cases they hold.

    Raises:
        InvalidFiles: a case file is wrong.
        UsageError: a path does not exist or holds no case files.
    """
    cases = load(paths or [bundle.cases()], shipped())
    count = len({case.file for case in cases})
    click.echo(f"{count} file{'' if count == 1 else 's'}, {len(cases):,} cases: all valid")
