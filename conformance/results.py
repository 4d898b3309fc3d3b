"""``results.ndjson``: everything that a run found, one JSON object a line.

    {"header": …}      who ran what, under which policy, where
    {"case": …}        a case as it was sent, and what it expects      ┐ together, once per case,
    {"outcome": …}     one per implementation: the raw bits            │ in the order in which the
    {"verdict": …}     one per implementation                          ┘ cases were settled
    {"footer": …}      the sums, and the SHA-256 of all lines before it

A file without its footer is truncated, and a file whose sum does not match was edited; both are
errors, never smaller results. Every report is a view of this file and of nothing else.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

from conformance.outcomes import WORDS, Outcome, Verdict
from conformance.problems import HarnessError, InvalidResults
from conformance.protocol import Started
from conformance.suite.case import Case

FORMAT = 1


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a run was.

    ``planned`` is the number of verdicts: cases times implementations. ``implementations`` has what
    each said about itself, null for one that never started. ``cases_hash`` stands for the selected
    cases before sharding, whatever their order. ``environment`` names the machine and the versions.
    """

    format: int
    version: str
    planned: int
    implementations: dict[str, Started | None]
    reference: str | None
    policy: str
    cases_hash: str
    environment: dict[str, str]
    shard: str | None = None


class Footer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a run ended.

    ``verdicts`` counts each word, ``unexpected`` those that nothing explains. ``faults`` are what was
    wrong with implementations, ``expectations`` what is wrong with the known divergences.
    """

    planned: int
    verdicts: dict[str, int]
    unexpected: int
    seconds: float
    interrupted: bool
    faults: tuple[str, ...]
    expectations: tuple[str, ...]
    sha256: str


class Settled(msgspec.Struct, frozen=True):
    """One case with its outcomes and verdicts, both in the order of the implementations."""

    case: Case
    outcomes: tuple[Outcome, ...]
    verdicts: tuple[Verdict, ...]


class Results(msgspec.Struct, frozen=True):
    """A whole results file."""

    header: Header
    settled: tuple[Settled, ...]
    footer: Footer

    def verdicts(self) -> Iterator[Verdict]:
        """All verdicts, case by case."""
        for item in self.settled:
            yield from item.verdicts


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    header: Header | None = None
    case: Case | None = None
    outcome: Outcome | None = None
    verdict: Verdict | None = None
    footer: Footer | None = None


_decoder = msgspec.json.Decoder(_Line)
_encoder = msgspec.json.Encoder()


def cases_hash(cases: Iterable[Case]) -> str:
    """A name for a set of cases: what is asked and what is expected, not where it is written."""
    digests = sorted(hashlib.sha256(_encoder.encode(_asked(case))).digest() for case in cases)
    return hashlib.sha256(b"".join(digests)).hexdigest()


def _asked(case: Case) -> Case:
    return msgspec.structs.replace(case, file="", line=0)


class Writer:
    """Writes a results file line by line; what is settled is on disk when the run is killed.

    Raises:
        HarnessError: the file cannot be written, the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sum = hashlib.sha256()
        self._planned = 0
        self._verdicts = dict.fromkeys(WORDS, 0)
        self._unexpected = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[bytes] = path.open("wb")
        except OSError as error:
            raise _unwritable(path, error) from None

    @classmethod
    def resumed(cls, path: Path, header: Header, settled: Iterable[Settled]) -> Writer:
        """A writer that goes on where another ended; at no moment is what was settled not on disk."""
        beside = path.with_name(path.name + ".resumed")
        writer = cls(beside)
        writer.header(header)
        for item in settled:
            writer.settled(item)
        try:
            beside.replace(path)
        except OSError as error:
            raise _unwritable(path, error) from None
        writer.path = path
        return writer

    def header(self, header: Header) -> None:
        """Write the first line."""
        self._planned = header.planned
        self._write(_Line(header=header))

    def settled(self, settled: Settled) -> None:
        """Write a case with all its outcomes and verdicts."""
        lines = [_Line(case=settled.case)]
        lines += [_Line(outcome=outcome) for outcome in settled.outcomes]
        lines += [_Line(verdict=verdict) for verdict in settled.verdicts]
        for verdict in settled.verdicts:
            self._verdicts[verdict.verdict] += 1
            self._unexpected += not verdict.expected
        self._write(*lines)

    def footer(
        self, *, seconds: float, interrupted: bool, faults: Sequence[str], problems: Sequence[str]
    ) -> Footer:
        """Write the last line and close the file.

        Raises:
            HarnessError: the run went to its end and the verdicts do not add up to the plan.
        """
        total = sum(self._verdicts.values())
        if not interrupted and total != self._planned:
            raise HarnessError(
                f"{self._planned} verdicts were planned and {total} were reached: cases were lost"
            )
        footer = Footer(
            planned=self._planned,
            verdicts=dict(self._verdicts),
            unexpected=self._unexpected,
            seconds=round(seconds, 3),
            interrupted=interrupted,
            faults=tuple(faults),
            expectations=tuple(problems),
            sha256=self._sum.hexdigest(),
        )
        self._write(_Line(footer=footer))
        try:
            self._file.close()
        except OSError as error:
            raise _unwritable(self.path, error) from None
        return footer

    def _write(self, *lines: _Line) -> None:
        data = b"".join(_encoder.encode(line) + b"\n" for line in lines)
        self._sum.update(data)
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            raise _unwritable(self.path, error) from None


def _unwritable(path: Path, error: OSError) -> HarnessError:
    return HarnessError(
        f"results cannot be written to {path}: {os.strerror(error.errno or 0)}",
        "choose another place with --results FILE",
    )


def read(path: Path) -> Results:
    """A finished results file.

    Raises:
        InvalidResults: it is not there, truncated, edited, or of another format.
    """
    header, settled, footer = _read(path)
    if footer is None:
        raise InvalidResults(
            f"{path} is truncated: it has no footer",
            "the run was killed; continue it with `tfjs-conformance run --resume`",
        )
    counts = dict.fromkeys(WORDS, 0)
    for item in settled:
        for verdict in item.verdicts:
            counts[verdict.verdict] += 1
    complete = footer.interrupted or sum(counts.values()) == header.planned
    if counts != footer.verdicts or not complete:
        raise InvalidResults(f"{path} was edited: its verdicts do not add up to its footer")
    return Results(header, tuple(settled), footer)


def read_unfinished(path: Path) -> tuple[Header, list[Settled]]:
    """What a run that was killed or interrupted has answered.

    A last case that is not all there is left out, and so are cases that were not run.

    Raises:
        InvalidResults: it is not there, edited, or of another format.
    """
    header, settled, _ = _read(path, unfinished=True)
    answered = [item for item in settled if all(o.not_run is None for o in item.outcomes)]
    return header, answered


def _read(
    path: Path, *, unfinished: bool = False
) -> tuple[Header, list[Settled], Footer | None]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidResults(f"{path} cannot be read: {os.strerror(error.errno or 0)}") from None
    if not data:
        raise InvalidResults(f"{path} is truncated: it is empty")
    reader = _Reader(path)
    lines = data.split(b"\n")
    last = lines.pop()
    if last and not unfinished:
        raise InvalidResults(f"{path} is truncated: line {len(lines) + 1} has no end")
    for number, line in enumerate(lines, 1):
        reader.take(number, line)
    if reader.header is None:
        raise InvalidResults(f"{path} is no results file: the first line is no header")
    if not unfinished:
        reader.finish_case()
    reader.keep_complete()
    return reader.header, reader.settled, reader.footer


class _Reader:
    """Collects lines into settled cases, and refuses what does not follow the order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header: Header | None = None
        self.footer: Footer | None = None
        self.settled: list[Settled] = []
        self._case: Case | None = None
        self._outcomes: list[Outcome] = []
        self._verdicts: list[Verdict] = []
        self._sum = hashlib.sha256()

    def take(self, number: int, data: bytes) -> None:
        try:
            line = _decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidResults(
                f"{self.path}:{number} is no line of a results file: {error}"
            ) from None
        if self.footer is not None:
            raise InvalidResults(f"{self.path} was edited: it goes on after its footer")
        match line:
            case _Line(header=Header() as header) if self.header is None and number == 1:
                if header.format != FORMAT:
                    raise InvalidResults(
                        f"{self.path} has format {header.format}, this version reads {FORMAT}"
                    )
                self.header = header
            case _Line(case=Case() as case) if self.header is not None:
                self.finish_case()
                self._case = case
            case _Line(outcome=Outcome() as outcome) if self._fits(outcome.case):
                self._outcomes.append(outcome)
            case _Line(verdict=Verdict() as verdict) if self._fits(verdict.case):
                self._verdicts.append(verdict)
            case _Line(footer=Footer() as footer) if self.header is not None:
                self.finish_case()
                if footer.sha256 != self._sum.hexdigest():
                    raise InvalidResults(f"{self.path} was edited: its check sum does not match")
                self.footer = footer
            case _:
                raise InvalidResults(f"{self.path}:{number} does not follow from the lines before")
        self._sum.update(data + b"\n")

    def _fits(self, case_id: str) -> bool:
        return self._case is not None and self._case.id == case_id

    def finish_case(self) -> None:
        if self._case is None or self.header is None:
            return
        addresses = list(self.header.implementations)
        for kind, found in (("outcomes", self._outcomes), ("verdicts", self._verdicts)):
            if [item.implementation for item in found] != addresses:
                raise InvalidResults(
                    f"{self.path} is truncated or edited: the {kind} of {self._case.id}"
                    " are not one per implementation"
                )
        self._keep()

    def keep_complete(self) -> None:
        """Keep the last case of an unfinished file if all of it is there."""
        if self._case is None or self.header is None:
            return
        if len(self._verdicts) == len(self.header.implementations):
            self.finish_case()

    def _keep(self) -> None:
        if self._case is not None:
            self.settled.append(Settled(self._case, tuple(self._outcomes), tuple(self._verdicts)))
        self._case, self._outcomes, self._verdicts = None, [], []


def merge(paths: Sequence[Path], into: Path) -> Footer:
    """Write the shards of one run into one file.

    Raises:
        InvalidResults: they do not belong together, overlap, are interrupted, or one is missing.
        HarnessError: the file cannot be written.
    """
    parts = [read(path) for path in paths]
    first = parts[0].header
    for path, part in zip(paths, parts, strict=True):
        for field in ("version", "implementations", "reference", "policy", "cases_hash"):
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
    )


def by_address(items: Iterable[Outcome]) -> Mapping[str, Outcome]:
    """Outcomes by implementation."""
    return {item.implementation: item for item in items}
