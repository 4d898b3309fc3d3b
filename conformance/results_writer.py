"""Writing ``results.ndjson``, line by line; ``results`` says what the lines are."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from conformance.outcomes import WORDS
from conformance.problems import HarnessError
from conformance.results import Asked, Footer, Header, Line, Settled, encoder, seal


class Writer:
    """Writes a results file line by line; what is settled is on disk when the run is killed.

    Raises:
        HarnessError: the file cannot be written, the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sum = hashlib.sha256()
        self._planned = 0
        self._verdicts: dict[str, int] = dict.fromkeys(WORDS, 0)
        self._unexpected = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Without a buffer: what could not be written is not tried again when the file closes.
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise _unwritable(path, error) from None

    @classmethod
    def resumed(cls, path: Path, header: Header, settled: Iterable[Settled]) -> Writer:
        """A writer that goes on where another ended; what was settled stays on disk throughout."""
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
        self._write(Line(header=header))

    def settled(self, settled: Settled) -> None:
        """Write a case with all its outcomes and verdicts."""
        lines = [Line(case=settled.case)]
        lines += [Line(outcome=outcome) for outcome in settled.outcomes]
        if settled.oracle is not None:
            lines.append(Line(oracle=settled.oracle))
        lines += [Line(verdict=verdict) for verdict in settled.verdicts]
        for verdict in settled.verdicts:
            self._verdicts[verdict.verdict] += 1
            self._unexpected += not verdict.expected
        self._write(*lines)

    def footer(
        self,
        *,
        seconds: float,
        interrupted: bool,
        faults: Sequence[str],
        problems: Sequence[str],
        oracle: Asked | None = None,
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
            sha256="",
            oracle=oracle,
        )
        footer = msgspec.structs.replace(footer, sha256=seal(self._sum, footer))
        self._write(Line(footer=footer))
        try:
            self._file.close()
        except OSError as error:
            raise _unwritable(self.path, error) from None
        return footer

    def _write(self, *lines: Line) -> None:
        data = b"".join(encoder.encode(line) + b"\n" for line in lines)
        self._sum.update(data)
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise _unwritable(self.path, error) from None


def _unwritable(path: Path, error: OSError) -> HarnessError:
    return HarnessError(
        f"results cannot be written to {path}: {os.strerror(error.errno or 0)}",
        "choose another place with --results FILE",
    )
