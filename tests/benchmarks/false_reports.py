"""How often an implementation that keeps its contract is reported all the same: never."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, field

from conformance.judge.contracts import profiles
from conformance.protocol import Returned
from reference_impl.exact.execute import answer
from tests.acceptance.places import flat, outside, places, tensors
from tests.acceptance.random_programs import program
from tests.acceptance.simulated import MODES, simulate

CONTRACTS = ("ieee", "tensorflow", "cpu", "wasm")
FULL = 50_000


@dataclass
class Reports:
    """What was evaluated, and what was reported."""

    programs: int = 0
    evaluations: int = 0
    unanswered: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)


def count(evaluations, seed, kind=None, tell=lambda _: None):
    """Judge the implementation on programs until so many elements have been.

    It keeps one contract after the other, and is off as far as one mode after the other says.
    """
    contracts = {name: profiles()[name] for name in CONTRACTS}
    reports = Reports()
    while reports.evaluations < evaluations:
        made = program(seed + reports.programs, kind)
        request = made.request()
        exact = answer(request, contracts)
        reports.programs += 1
        if exact.acceptance is None:
            reports.unanswered.append(f"seed {made.seed}: {made.source}: {exact}")
            continue
        for turn, mode in enumerate(MODES):
            contract = CONTRACTS[(turn + reports.programs) % len(CONTRACTS)]
            wanted = places(exact, request.names, contract)
            theirs = simulate(request, contracts[contract], made.seed, mode)
            if not isinstance(theirs, Returned):
                reports.unanswered.append(f"seed {made.seed}, {mode}: {made.source}: {theirs}")
                continue
            got = dict(tensors(theirs, request.names))
            for place in wanted:
                numbers = flat(got[place.name])
                reports.evaluations += len(numbers)
                where = f"seed {made.seed}, {contract}, {mode}: {place.name}"
                for at in outside(place, numbers).nonzero()[0]:
                    text = f"{where}{_reported(place, at, numbers[at])}; {made.source}"
                    reports.false.append(text)
                    tell(text)
    return reports


def _reported(place, at, number):
    apart, radius = abs(number - place.exact[at]), place.radius[at]
    share = apart / radius if radius else 0
    return (
        f"[{at}] is {number!r}, exactly {place.exact[at]!r}: {apart:.4g} apart,"
        f" {share:.6f} of the radius {radius:.4g}"
    )


def main():
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evaluations", type=int, default=FULL)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind")
    given = parser.parse_args()
    start = time.perf_counter()
    found = count(
        given.evaluations, given.seed, given.kind, tell=lambda text: sys.stdout.write(text + "\n")
    )
    for text in found.unanswered:
        sys.stdout.write(f"no answer: {text}\n")
    sys.stdout.write(
        f"seed {given.seed}: {len(found.false)} false reports in {found.evaluations:,} evaluations"
        f" of {found.programs:,} programs; {len(found.unanswered)} without an answer;"
        f" {time.perf_counter() - start:.0f} s\n"
    )


if __name__ == "__main__":
    main()
