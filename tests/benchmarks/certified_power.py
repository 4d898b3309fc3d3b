"""How many planted errors the certificates of single steps catch, and whom they name."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random

import msgspec

from conformance.judge.contracts import profiles
from tests.acceptance import planting, tapped
from tests.acceptance.random_programs import program
from tests.acceptance.simulated import MODES

CONTRACTS = ("ieee", "tensorflow", "cpu", "wasm")
TARGETS = {1e-5: 0.98, 1e-6: 0.90}
NAMED = 0.99
SCALED = (1e-5, 1e-4, 1e-2)
KINDS = (
    *(f"answer {size:g}" for size in TARGETS),
    *(f"value {size:g}" for size in TARGETS),
    *(f"formula {size:g}" for size in SCALED),
    "formula 1.5 times",
    "formula of the other sign",
    "formula without a term",
)
"""What is planted: one element of the answer, or of any result, or a whole gradient formula."""
_TRIES = 8


@dataclass
class Power:
    """What was planted and caught under one contract, by what was planted."""

    contract: str
    programs: int = 0
    clean: Counter = field(default_factory=Counter)
    false: list[str] = field(default_factory=list)
    unchecked: Counter = field(default_factory=Counter)
    planted: Counter = field(default_factory=Counter)
    whole: Counter = field(default_factory=Counter)
    caught: Counter = field(default_factory=Counter)
    verdict: Counter = field(default_factory=Counter)
    named: Counter = field(default_factory=Counter)
    misnamed: list[str] = field(default_factory=list)
    reasons: Counter = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)

    def share(self, table, kind):
        """The share of what was planted that a table has."""
        return table[kind] / max(self.planted[kind], 1)


def measure(programs, seed, *, contract="ieee", kinds=KINDS, tell=lambda _: None):
    """Certify the right answers to so many programs, and those with each kind of error planted."""
    power = Power(contract)
    for number in range(seed, seed + programs):
        _Program(power, number, tell).certify(kinds)
    return power


class _Program:
    """One program, and the implementation that is asked for it again and again."""

    def __init__(self, power: Power, number: int, tell) -> None:
        self.power, self.number, self.tell = power, number, tell
        self.name = power.contract
        self.contracts = {self.name: profiles()[self.name]}
        self.oracle = planting.Oracle(self.contracts)
        self.made = program(number)
        self.request = msgspec.structs.replace(self.made.request(), tap=True)
        self.random = Random(number)  # noqa: S311  reproducible, not secret
        self.mode = self.random.choice(MODES)

    def answer(self, fault=None):
        return tapped.run(
            self.request, self.contracts[self.name], self.number, self.mode, fault=fault
        )

    def judged(self, given):
        return planting.judged(self.request, given, self.name, self.oracle)

    def certify(self, kinds):
        power = self.power
        power.programs += 1
        clean, terms = self.answer()
        if clean.returned is None:
            power.clean["no answer"] += 1
            return
        found = self.judged(clean).certificate
        if found.culprit is not None:
            power.clean["a false culprit"] += 1
            self.false(found.culprit)
            return
        power.clean["all is right" if found.clears else "something is not judged"] += 1
        power.unchecked.update({line.split(": ", 1)[-1] for line in found.unchecked})
        whole = self.oracle.answer(self.made.request())
        if whole.acceptance is None:
            return
        if planting.is_outside(clean, whole, self.name):
            power.clean["outside the ball of the whole"] += 1
            self.false("outside the ball of the whole")
        for kind, fault, size in self.faults(clean, terms) if kinds else ():
            if kind in kinds:
                self.plant(kind, fault, size, clean, whole)

    def faults(self, clean, terms):
        """All that is planted here, one after the other."""
        random = self.random
        if answer := planting.in_the_answer(self.request, clean, random):
            for size in TARGETS:
                yield f"answer {size:g}", self.scaled(answer, size), size
        if values := planting.in_values(clean):
            value = random.choice(values)
            value = replace(value, at=planting.an_element(clean, value, random))
            for size in TARGETS:
                yield f"value {size:g}", self.scaled(value, size), size
        if formulas := planting.in_gradients(clean):
            formula = random.choice(formulas)
            for size in SCALED:
                yield f"formula {size:g}", self.scaled(formula, size), size
            yield "formula 1.5 times", replace(formula, factor=1.5), 0.5
            yield "formula of the other sign", replace(formula, factor=-1.0), 2.0
            for _ in range(_TRIES):
                formula = random.choice(formulas)
                if terms[formula.call]:
                    lost = replace(formula, term=random.choice(terms[formula.call]))
                    given = self.answer(lost).answer
                    if given.returned and planting.is_there(clean, given, lost):
                        yield "formula without a term", lost, 1.0
                        break

    def scaled(self, fault, size):
        return replace(fault, factor=1 + self.random.choice((-size, size)))

    def plant(self, kind, fault, size, clean, whole):
        power, given = self.power, self.answer(fault).answer
        if given.returned is None:
            power.clean["no answer with a fault"] += 1
            return
        found = self.judged(given)
        culprit = found.certificate.culprit
        is_outside = planting.is_outside(given, whole, self.name)
        power.planted[kind] += 1
        power.whole[kind] += is_outside
        power.caught[kind] += culprit is not None
        power.verdict[kind] += culprit is not None or (is_outside and not found.certificate.clears)
        if culprit is None:
            why, where = planting.why_missed(fault, size, given, found, self.contracts)
            power.reasons[why] += 1
            power.missed.append(f"{kind}: {why} ({where}): {self.text(fault)}")
        elif planting.is_named(fault, clean, culprit):
            power.named[kind] += 1
        else:
            power.misnamed.append(f"{kind}: {self.text(fault)}\n    named: {culprit}")

    def false(self, what):
        self.power.false.append(self.text(what))
        self.tell(self.power.false[-1])

    def text(self, what):
        return f"seed {self.number}, {self.name}, {self.mode}: {what}; {self.made.source}"


def report(power, seed):
    """The figures as lines of text."""
    lines = [f"{power.contract}, seed {seed}: {power.programs:,} programs; without any error"]
    lines += [f"  {count:6,} {what}" for what, count in power.clean.items()]
    lines += [f"  {count:6,} not judged: {what}" for what, count in power.unchecked.most_common()]
    if not power.planted:
        return lines
    lines.append(f"  {'planted':<28} {'':>6}   whole  culprit  verdict  named of those caught")
    for kind in KINDS:
        shares = [power.share(table, kind) for table in (power.whole, power.caught, power.verdict)]
        named = power.named[kind] / max(power.caught[kind], 1)
        columns = "".join(f"{share:9.2%}" for share in (*shares, named))
        lines.append(f"  {kind:<28} {power.planted[kind]:6,}{columns}")
    total, count = sum(power.planted.values()), sum(power.reasons.values())
    lines.append(f"  missed: {count} of {total:,}")
    lines += [f"  {times / count:6.1%} {why}" for why, times in power.reasons.most_common()]
    return lines


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--contract", choices=CONTRACTS, action="append")
    parser.add_argument("--clean", action="store_true", help="plant nothing: false culprits alone")
    parser.add_argument("--examples", type=int, default=0)
    given = parser.parse_args()
    for contract in given.contract or CONTRACTS:
        start = time.perf_counter()
        power = measure(
            given.programs,
            given.seed,
            contract=contract,
            kinds=() if given.clean else KINDS,
            tell=lambda text: sys.stdout.write(f"{text}\n"),
        )
        lines = report(power, given.seed)
        lines += power.misnamed[: given.examples] + power.missed[: given.examples]
        sys.stdout.write("\n".join(lines) + f"\n  {time.perf_counter() - start:.0f} s\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
