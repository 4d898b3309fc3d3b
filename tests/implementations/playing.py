"""Plays cases to fake implementations and keeps the score."""

import asyncio
import shlex
import struct
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from conformance.implementations.address import Implementation, parse
from conformance.implementations.errors import Fault
from conformance.implementations.options import Options
from conformance.implementations.pool import run
from conformance.language.tree import Arrow, Name
from conformance.outcomes import Outcome
from conformance.protocol import Argument, Function, Started
from conformance.suite.case import Case

FAKES = Path(__file__).parents[1] / "fakes"
IDENTITY = Function(source="x => x", tree=Arrow(parameters=(Name("x"),), body=Name("x")))


def case(number: int, elements: int = 1) -> Case:
    """The identity of a tensor whose first element is the number."""
    data = struct.pack("<f", number) * elements
    return Case(
        id=f"trivial/{number}",
        file="trivial.yaml",
        line=number,
        call="valueAndGrads",
        f=IDENTITY,
        names=("x",),
        args=(Argument(dtype="float32", shape=(elements,), data=data),),
        wrt=("x",),
    )


def cases(count: int, elements: int = 1) -> list[Case]:
    """Cases with the numbers, and so the request ids, from 1."""
    return [case(number, elements) for number in range(1, count + 1)]


def fake(name: str, *arguments: object) -> Implementation:
    """A fake of tests/fakes. Without `site` it starts in some 20 ms."""
    script = FAKES / f"{name}.py"
    assert script.is_file()
    words = [sys.executable, "-S", str(script), *map(str, arguments)]
    return parse("cmd:" + shlex.join(words))


def options(**changed) -> Options:
    """Limits for tests: impatient where a fake is slow on purpose."""
    return Options(**{"case_timeout": 20.0, "start_timeout": 20.0, "stop_grace": 10.0} | changed)


@dataclass
class Score:
    """What a run told its caller."""

    settled: list[tuple[Case, dict[str, Outcome]]] = field(default_factory=list)
    started: dict[str, Started] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def of(self, implementation: Implementation) -> dict[int, Outcome]:
        """The outcomes of one implementation, by the number of the case."""
        return {case.line: outcomes[implementation.address] for case, outcomes in self.settled}


def play(planned, *implementations, limits=None, replay=None, score=None) -> Score:
    """Run, and hold the ledger against the plan: one outcome per case and implementation."""
    score = score or Score()

    def note_start(address, started):
        assert address not in score.started
        score.started[address] = started

    asyncio.run(
        run(
            implementations,
            iter(planned),
            lambda case, outcomes: score.settled.append((case, dict(outcomes))),
            options=limits or options(),
            started=note_start,
            fault=score.faults.append,
            replay=replay,
        )
    )
    assert Counter(case.id for case, _ in score.settled) == Counter(case.id for case in planned)
    for settled, outcomes in score.settled:
        assert set(outcomes) == {implementation.address for implementation in implementations}
        for address, outcome in outcomes.items():
            assert (outcome.case, outcome.implementation) == (settled.id, address)
            assert said(outcome)
            if outcome.returned is not None:
                assert outcome.returned.value.data == settled.args[0].data
    return score


def said(outcome: Outcome) -> str:
    """The one word that an outcome says."""
    fields = ("returned", "threw", "unsupported", "crashed", "timed_out", "not_run")
    (word,) = (name for name in fields if getattr(outcome, name) is not None)
    return word


def words(outcomes: dict[int, Outcome]) -> Counter:
    """How many outcomes say what."""
    return Counter(said(outcome) for outcome in outcomes.values())
