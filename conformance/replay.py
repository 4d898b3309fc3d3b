"""``replay:FILE``: the outcomes of an earlier run in place of an implementation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conformance import results, variants
from conformance.implementations.address import Implementation
from conformance.outcomes import Outcome
from conformance.problems import InvalidResults
from conformance.protocol import Started
from conformance.suite.case import Case


class Replays:
    """The outcomes of all replayed implementations.

    ``replay:FILE#ADDRESS`` names one of several implementations in a file.

    Raises:
        InvalidResults: a file cannot be read, or does not say which implementation is meant.
    """

    def __init__(self, implementations: Sequence[Implementation]) -> None:
        self.started: dict[str, Started] = {}
        self._outcomes: dict[str, dict[str, tuple[str, Outcome]]] = {}
        for implementation in implementations:
            if implementation.replay is not None:
                self._load(implementation.address, str(implementation.replay))

    def _load(self, address: str, text: str) -> None:
        file, _, chosen = text.partition("#")
        found = results.read(Path(file))
        there = list(found.header.implementations)
        if not chosen and len(there) == 1:
            chosen = there[0]
        if chosen not in there:
            raise InvalidResults(
                f"{file} has the implementations {', '.join(there)}",
                f"name one of them: replay:{file}#{there[0]}",
            )
        started = found.header.implementations[chosen]
        if started is not None:
            self.started[address] = started
        self._outcomes[address] = {
            item.case.id: (
                results.cases_hash([item.case]),
                results.by_address(item.outcomes)[chosen],
            )
            for item in found.settled
        }

    def outcome(self, implementation: Implementation, case: Case) -> Outcome | None:
        """The recorded outcome of a case; None where the case is not in the file or has changed."""
        planned, variant = variants.original(case.id)
        found = self._outcomes[implementation.address].get(planned)
        if found is None:
            return None
        if variant is not None:
            return found[1].variants.get(variant)
        return found[1] if found[0] == results.cases_hash([case]) else None
