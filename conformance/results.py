"""``results.ndjson``: everything that a run found, one JSON object a line.

    {"header": …}      who ran what, under which policy, where
    {"case": …}        a case as it was sent, and what it expects      ┐ together, once per case,
    {"outcome": …}     one per implementation: the raw bits            │ in the order in which the
    {"oracle": …}      where the run has one: its answer and bounds    │
    {"verdict": …}     one per implementation                          ┘ cases were settled
    {"footer": …}      the sums, and the SHA-256 of all lines before it and of itself without that

A file without its footer is truncated, and a file whose sum does not match was edited; both are
errors, never smaller results. Every report is a view of this file and of nothing else.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from conformance.outcomes import ORACLE, WORDS, Outcome, Verdict
from conformance.problems import InvalidResults
from conformance.protocol import Started
from conformance.suite.case import Case

FORMAT = 1


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a run was.

    ``planned`` is the number of verdicts: cases times implementations. ``implementations`` has
    what each said about itself, null for one that never started. ``reference`` is the one that the
    others are held against. ``cases_hash`` stands for the selected cases before sharding, whatever
    their order. ``environment`` names the machine and the versions. ``traced`` says that the cases
    were asked for with a trace. ``oracle`` is who said how far answers may be off, where that is
    none of the implementations.
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
    traced: bool = False
    oracle: Started | None = None


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the oracle's answers came from: so many were stored, so many it had to compute."""

    stored: int
    computed: int


# Defaults are left out: files without an oracle have a footer without it, and so has their sum.
class Footer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a run ended.

    ``verdicts`` counts each word, ``unexpected`` those that nothing explains. ``faults`` are what
    was wrong with implementations, ``expectations`` what is wrong with the known divergences.
    ``oracle`` counts the requests to the oracle, where it took part beside the implementations.
    """

    planned: int
    verdicts: dict[str, int]
    unexpected: int
    seconds: float
    interrupted: bool
    faults: tuple[str, ...]
    expectations: tuple[str, ...]
    sha256: str
    oracle: Asked | None = None


class Settled(msgspec.Struct, frozen=True):
    """One case with its outcomes and verdicts, both in the order of the implementations.

    ``oracle`` is what came of the case on an oracle that is none of them.
    """

    case: Case
    outcomes: tuple[Outcome, ...]
    verdicts: tuple[Verdict, ...]
    oracle: Outcome | None = None


class Results(msgspec.Struct, frozen=True):
    """A whole results file."""

    header: Header
    settled: tuple[Settled, ...]
    footer: Footer

    def verdicts(self) -> Iterator[Verdict]:
        """All verdicts, case by case."""
        for item in self.settled:
            yield from item.verdicts

    def unchecked(self) -> int:
        """How many passes were held against nothing: no check, whatever their name.

        The reference's own passes are not among them.
        """
        return sum(
            verdict.verdict == "pass"
            and verdict.against is None
            and verdict.implementation != self.header.reference
            for verdict in self.verdicts()
        )


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of the file: exactly one of the fields."""

    header: Header | None = None
    case: Case | None = None
    outcome: Outcome | None = None
    oracle: Outcome | None = None
    verdict: Verdict | None = None
    footer: Footer | None = None


class _Format(msgspec.Struct):
    format: int


class _Versioned(msgspec.Struct):
    header: _Format


_decoder = msgspec.json.Decoder(Line)
encoder = msgspec.json.Encoder()


def cases_hash(cases: Iterable[Case]) -> str:
    """A name for a set of cases: what is asked and what is expected, not where it is written."""
    digests = sorted(hashlib.sha256(encoder.encode(_asked(case))).digest() for case in cases)
    return hashlib.sha256(b"".join(digests)).hexdigest()


def _asked(case: Case) -> Case:
    return msgspec.structs.replace(case, file="", line=0, tags=(), why=None, spec=None)


def seal(before: hashlib._Hash, footer: Footer) -> str:
    """The check sum of a file: of the lines before the footer, and of the footer without it."""
    whole = before.copy()
    whole.update(encoder.encode(msgspec.structs.replace(footer, sha256="")))
    return whole.hexdigest()


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
    counts: dict[str, int] = dict.fromkeys(WORDS, 0)
    for item in settled:
        for verdict in item.verdicts:
            counts[verdict.verdict] += 1
    complete = footer.interrupted or sum(counts.values()) == header.planned
    # A word that is newer than the file is not in its footer.
    if counts != dict.fromkeys(WORDS, 0) | footer.verdicts or not complete:
        raise InvalidResults(f"{path} was edited: its verdicts do not add up to its footer")
    return Results(header, tuple(settled), footer)


def read_unfinished(path: Path) -> tuple[Header, list[Settled]] | None:
    """What a run that was killed or interrupted has answered; None where it did not get that far.

    A last case that is not all there is left out, and so are cases that were not run.

    Raises:
        InvalidResults: it is not there, edited, or of another format.
    """
    if _ended_early(path):
        return None
    header, settled, _ = _read(path, unfinished=True)
    answered = [
        item
        for item in settled
        if all(one.not_run is None for one in (*item.outcomes, item.oracle) if one is not None)
    ]
    return (header, answered) if answered else None


_FIRST_WORDS = b'{"header":{"format":'


def _ended_early(path: Path) -> bool:
    """Whether a run was killed before it had written its first line."""
    try:
        with path.open("rb") as file:
            first = file.readline()
    except OSError:
        return False  # reading it tells what is wrong
    return first[: len(_FIRST_WORDS)] == _FIRST_WORDS[: len(first)] and not first.endswith(b"\n")


def _read(path: Path, *, unfinished: bool = False) -> tuple[Header, list[Settled], Footer | None]:
    reader = _Reader(path)
    number = 0
    try:
        with path.open("rb") as file, _uncollected():
            for number, line in enumerate(file, 1):
                if line.endswith(b"\n"):
                    reader.take(number, line[:-1])
                elif not unfinished:
                    raise InvalidResults(f"{path} is truncated: line {number} has no end")
    except OSError as error:
        raise InvalidResults(f"{path} cannot be read: {os.strerror(error.errno or 0)}") from None
    if not number:
        raise InvalidResults(f"{path} is truncated: it is empty")
    if reader.header is None:
        raise InvalidResults(f"{path} is no results file: the first line is no header")
    if not unfinished:
        reader.finish_case()
    reader.keep_complete()
    return reader.header, reader.settled, reader.footer


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection: all that is read stays, and to look it over takes longer than that."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class _Reader:
    """Collects lines into settled cases, and refuses what does not follow the order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header: Header | None = None
        self.footer: Footer | None = None
        self.settled: list[Settled] = []
        self._case: Case | None = None
        self._outcomes: list[Outcome] = []
        self._oracle: Outcome | None = None
        self._verdicts: list[Verdict] = []
        self._sum = hashlib.sha256()

    def take(self, number: int, data: bytes) -> None:
        line = self._decoded(number, data)
        if self.footer is not None:
            raise InvalidResults(f"{self.path} was edited: it goes on after its footer")
        match line:
            case Line(header=Header() as header) if self.header is None and number == 1:
                self._check_format(data)
                self.header = header
            case Line(case=Case() as case) if self.header is not None:
                self.finish_case()
                self._case = case
            case Line(outcome=Outcome() as outcome) if self._fits(outcome.case):
                self._outcomes.append(outcome)
            case Line(oracle=Outcome() as oracle) if self._fits(oracle.case) and not self._oracle:
                self._oracle = oracle
            case Line(verdict=Verdict() as verdict) if self._fits(verdict.case):
                self._verdicts.append(verdict)
            case Line(footer=Footer() as footer) if self.header is not None:
                self.finish_case()
                if footer.sha256 != seal(self._sum, footer):
                    raise InvalidResults(f"{self.path} was edited: its check sum does not match")
                self.footer = footer
            case _:
                raise InvalidResults(f"{self.path}:{number} does not follow from the lines before")
        self._sum.update(data + b"\n")

    def _decoded(self, number: int, data: bytes) -> Line:
        try:
            return _decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if number == 1:
                self._check_format(data)
            raise InvalidResults(
                f"{self.path}:{number} is no line of a results file: {error}"
            ) from None

    def _check_format(self, data: bytes) -> None:
        """Say so where a header is one of another format, whatever else it has."""
        try:
            found = msgspec.json.decode(data, type=_Versioned).header.format
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        if found != FORMAT:
            raise InvalidResults(f"{self.path} has format {found}, this version reads {FORMAT}")

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
            self.settled.append(
                Settled(self._case, tuple(self._outcomes), tuple(self._verdicts), self._oracle)
            )
        self._case, self._outcomes, self._oracle, self._verdicts = None, [], None, []


def oracle_of(item: Settled) -> Outcome | None:
    """What came of a case on the oracle, be it one of the implementations or none of them."""
    return item.oracle or by_address(item.outcomes).get(ORACLE)


def by_address(items: Iterable[Outcome]) -> Mapping[str, Outcome]:
    """Outcomes by implementation."""
    return {item.implementation: item for item in items}
