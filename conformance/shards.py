"""The shards of one run, put together into one results file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from conformance.problems import InvalidResults
from conformance.results import Asked, Footer, Results, cases_hash, read
from conformance.results_writer import Writer

_SAME = ("version", "implementations", "reference", "policy", "traced", "cases_hash", "oracle")


def merge(paths: Sequence[Path], into: Path) -> Footer:
    """Write the shards of one run into one file.

    Raises:
        InvalidResults: they do not belong together, overlap, are interrupted, or one is missing.
        HarnessError: the file cannot be written.
    """
    parts = [read(path) for path in paths]
    first = parts[0].header
    for path, part in zip(paths, parts, strict=True):
        for field in _SAME:
            if getattr(part.header, field) != getattr(first, field):
                raise InvalidResults(f"{paths[0]} and {path} differ in `{field}`: not one run")
        if part.footer.interrupted:
            raise InvalidResults(f"{path} was interrupted", "finish it with --resume")
    everything = [item for part in parts for item in part.settled]
    seen: set[str] = set()
    for item in everything:
        if item.case.id in seen:
            raise InvalidResults(f"{item.case.id} is in two of the files")
        seen.add(item.case.id)
    if cases_hash(item.case for item in everything) != first.cases_hash:
        shards = ", ".join(part.header.shard or "no shard" for part in parts)
        raise InvalidResults(f"the files are not the whole run ({shards})", "name every shard")
    writer = Writer(into)
    planned = sum(part.header.planned for part in parts)
    writer.header(msgspec.structs.replace(first, planned=planned, shard=None))
    for item in everything:
        writer.settled(item)
    return writer.footer(
        seconds=sum(part.footer.seconds for part in parts),
        interrupted=False,
        faults=[fault for part in parts for fault in part.footer.faults],
        problems=sorted({problem for part in parts for problem in part.footer.expectations}),
        oracle=_asked(parts),
    )


def _asked(parts: Sequence[Results]) -> Asked | None:
    found = [part.footer.oracle for part in parts if part.footer.oracle is not None]
    if not found:
        return None
    return Asked(sum(one.stored for one in found), sum(one.computed for one in found))
