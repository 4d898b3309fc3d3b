"""The plan of a run: which cases, which implementations, and how they are judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from conformance.causes import Causes
from conformance.expectations import Entry
from conformance.implementations.address import Implementation
from conformance.implementations.options import Options
from conformance.judge.policy import Policy
from conformance.outcomes import ORACLE
from conformance.results import Header, Settled
from conformance.suite.case import Case

REFERENCES = (ORACLE, "tensorflow")


class Plan(msgspec.Struct, frozen=True):
    """What to run.

    ``known`` are the ids of all cases that were loaded, selected or not; with ``whole`` these are
    all that the ``entries`` of the expectations file may be about. ``cases_hash`` stands for the
    selected cases before sharding. ``resume`` is the header of an earlier run and what it settled;
    every implementation of it had started. ``oracle`` says how far answers may be off: one of the
    implementations, or somebody beside them who gets no verdicts. With ``certify`` every step of
    every case is held against it.
    """

    cases: Sequence[Case]
    known: Sequence[str]
    cases_hash: str
    implementations: Sequence[Implementation]
    policy: Policy
    entries: Sequence[Entry]
    expectations_file: str
    options: Options
    path: Path
    whole: bool = False
    shard: str | None = None
    resume: tuple[Header, tuple[Settled, ...]] | None = None
    causes: Causes = Causes()
    oracle: Implementation | None = None
    certify: bool = False

    @property
    def oracle_beside(self) -> str | None:
        """The address of an oracle that is none of the implementations."""
        oracle = self.oracle
        return None if oracle is None or oracle.address in self.addresses else oracle.address

    @property
    def addresses(self) -> list[str]:
        """The implementations' addresses, in order."""
        return [implementation.address for implementation in self.implementations]

    @property
    def reference(self) -> str | None:
        """Whom the others are held against: the oracle, TensorFlow, or the first of several."""
        for address in REFERENCES:
            if address in self.addresses:
                return address
        return self.addresses[0] if len(self.addresses) > 1 else None

    @property
    def left(self) -> list[Case]:
        """The cases that an earlier run has not settled."""
        done = {item.case.id for item in self.resume[1]} if self.resume else set()
        return [case for case in self.cases if case.id not in done]
