"""Variants: the further requests that a verdict on a case needs, and the way of their answers.

A case with subnormal inputs is asked for with zeros in their place as well (``flushing``), a case
with a law with what the law relates (``laws``). A variant goes to everybody, right behind its case
or at the end of the run; its outcome travels inside the outcome of the case, by name, so stored
bits can be judged again. The plan knows nothing of variants: they have no verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from conformance import flushing
from conformance.outcomes import Outcome
from conformance.suite.case import Case

AT_THE_END = "again after all other cases"
"""The variant that waits until all other requests of the run are on their way."""
_MARK = "\0"  # no id of a case file can hold it

Outcomes = dict[str, Outcome]
"""By address, what came of one request."""


def of(case: Case) -> dict[str, Case]:
    """The variants of a case by name; none for most cases."""
    if case.law is None:
        return flushing.variants(case)
    from conformance.laws import requests  # noqa: PLC0415  most cases have no law

    return requests.variants(case)


def original(case_id: str) -> tuple[str, str | None]:
    """The id of the case that a request is for, and which variant it asks for, if it is one."""
    found, mark, name = case_id.partition(_MARK)
    return found, name if mark else None


class Requests:
    """All requests for some cases, and what has come of those whose other parts are outstanding."""

    def __init__(self, cases: Iterable[Case]) -> None:
        """Take the cases of a plan, in their order."""
        self._cases = cases
        self._open: dict[str, _Parts] = {}

    def __iter__(self) -> Iterator[Case]:
        """Every case, each with its variants right behind it, and what comes at the end."""
        late: list[Case] = []
        for case in self._cases:
            found = of(case)
            if not found:
                yield case
                continue
            self._open[case.id] = _Parts(case, tuple(found))
            yield case
            for name, variant in found.items():
                request = msgspec.structs.replace(variant, id=f"{case.id}{_MARK}{name}")
                if name == AT_THE_END:
                    late.append(request)
                else:
                    yield request
        yield from late

    def settled(self, case: Case, outcomes: Outcomes) -> tuple[Case, Outcomes] | None:
        """The case of a request with all its outcomes, once the last of its parts is here.

        Parts come in any order where an implementation was restarted.
        """
        planned, name = original(case.id)
        parts = self._open.get(planned)
        if parts is None:
            return case, outcomes
        parts.came[name] = outcomes
        if len(parts.came) <= len(parts.names):
            return None
        del self._open[planned]
        return parts.case, parts.together()


class _Parts:
    """One case with variants, and what has come of it."""

    def __init__(self, case: Case, names: tuple[str, ...]) -> None:
        self.case = case
        self.names = names
        self.came: dict[str | None, Outcomes] = {}

    def together(self) -> Outcomes:
        """The outcomes of the case, each with those of the variants inside."""
        return {
            address: attached(outcome, {name: self.came[name][address] for name in self.names})
            for address, outcome in self.came[None].items()
        }


def attached(outcome: Outcome, variants: Outcomes) -> Outcome:
    """The outcome together with those of the variants; a replayed one has them already."""
    if outcome.variants:
        return outcome
    return msgspec.structs.replace(outcome, variants=variants)
