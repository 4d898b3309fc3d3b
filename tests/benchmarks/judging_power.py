"""How many planted errors the balls catch, how wide they are, and which functions widen them."""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import msgspec
import numpy as np

from conformance.judge.contracts import profiles
from conformance.protocol import Returned
from reference_impl.exact.execute import answer
from tests.acceptance.places import UNIT, flat, outside, places, tensors
from tests.acceptance.random_programs import program
from tests.acceptance.simulated import MODES, simulate

TARGETS = {1e-5: 0.98, 1e-6: 0.90}
SIZES = tuple(TARGETS)
VACUOUS = 2.0**-7
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.999)
FULL = 5_000


@dataclass
class Power:
    """What was planted and caught, by the size of the error, and what the misses are due to."""

    planted: Counter = field(default_factory=Counter)
    caught: Counter = field(default_factory=Counter)
    widths: list[float] = field(default_factory=list)
    of_misses: dict[float, Counter] = field(default_factory=dict)
    by_op: dict[float, Counter] = field(default_factory=dict)
    missed: dict[float, list[str]] = field(default_factory=dict)
    vacuous: list[str] = field(default_factory=list)


def capped(contract, most):
    """The contract with no bound above so many ulp: what sharper functions would bring."""
    bounds = {
        name: msgspec.structs.replace(bound, ulp=min(bound.ulp, most))
        for name, bound in contract.bounds.items()
    }
    return msgspec.structs.replace(contract, bounds=bounds)


def measure(programs, seed, *, contract="ieee", kind=None, most=math.inf):
    """Plant errors into random elements of the answers to so many programs."""
    contracts = {contract: capped(profiles()[contract], most)}
    power = Power()
    for number in range(seed, seed + programs):
        made = program(number, kind)
        random = Random(number)  # noqa: S311  reproducible, not secret
        request = made.request(explain=True)
        exact = answer(request, contracts)
        theirs = simulate(request, contracts[contract], number, random.choice(MODES))
        if exact.acceptance is None or not isinstance(theirs, Returned):
            continue
        wanted = places(exact, request.names, contract)
        got = {name: flat(one) for name, one in tensors(theirs, request.names) if one is not None}
        able = []
        for place in wanted:
            usable = np.isfinite(place.exact) & (place.exact != 0)
            power.widths += (place.radius[usable] / np.abs(place.exact[usable])).tolist()
            able += [(place, at) for at in usable.nonzero()[0] if got[place.name][at]]
        if able:
            _plant(power, made, random.choice(able), got, random)
    return power


def _plant(power, made, spot, got, random):
    """Errors of each size into one element: of the exact answer, and of the implementation's."""
    place, at = spot
    one = place._replace(exact=place.exact[[at]], radius=place.radius[[at]])
    width = place.radius[at] / abs(place.exact[at])
    if width > VACUOUS:
        power.vacuous.append(f"seed {made.seed}, {place.name}[{at}], {width:.2g}: {made.source}")
    for size in SIZES:
        for whose, number in (("theirs", got[place.name][at]), ("exact", place.exact[at])):
            wrong = np.float64(np.float32(number * (1 + random.choice((-size, size)))))
            power.planted[size, whose] += 1
            if outside(one, np.array([wrong]))[0]:
                power.caught[size, whose] += 1
            elif whose == "theirs":
                parts = place.parts[at] if place.parts else ()
                _blame(power, size, parts)
                power.missed.setdefault(size, []).append(
                    f"seed {made.seed}, {place.name}[{at}], width {width / UNIT:.3g}u: "
                    + made.source
                    + "".join(
                        f"\n      {p.share:.2f} {p.op}#{p.call}.{p.order} {p.function}"
                        for p in parts
                    )
                )


def _blame(power, size, parts):
    """Count what the radius was made of that an error went under in."""
    blamed = power.of_misses.setdefault(size, Counter())
    ops = power.by_op.setdefault(size, Counter())
    for part in parts:
        where = ("value", "gradient", "second")[min(part.order, 2)]
        blamed[part.function] += part.share
        ops[f"{part.op or '(none)'} {where}: {part.function}"] += part.share
    blamed["(smaller parts)"] += 1 - sum(part.share for part in parts)


def report(power, seed, examples=0):
    """The figures as lines of text."""
    lines = [f"seed {seed}: {sum(power.planted.values()):,} errors planted"]
    for key, count in sorted(power.planted.items()):
        size, whose = key
        share = power.caught[key] / count
        lines.append(f"  {size:g} in {whose:<7} {share:8.2%} of {count:,} caught")
    widths = np.array(power.widths) / UNIT
    lines.append(f"radius / |x| in u = 2^-24, of {len(widths):,} elements")
    lines += [f"  {share:5.1%} below {np.quantile(widths, share):12.4g}" for share in QUANTILES]
    lines.append(f"  sharp (<= 16u) {np.mean(widths <= 16):.2%}")
    lines.append(f"  usable (<= 2^-10) {np.mean(widths <= 2**-10 / UNIT):.2%}")
    lines.append(f"  vacuous (> 2^-7) {np.mean(widths > VACUOUS / UNIT):.3%}")
    for size in SIZES:
        misses = len(power.missed.get(size, []))
        for title, table in (("function", power.of_misses), ("place", power.by_op)):
            lines.append(f"share of the radius over {misses} misses of {size:g}, by {title}")
            top = table.get(size, Counter()).most_common(25 if title == "place" else 40)
            lines += [f"  {share / max(misses, 1):6.1%} {what}" for what, share in top]
    for size in SIZES[:1]:
        lines += [f"missed {size:g}: {text}" for text in power.missed.get(size, [])[:examples]]
    lines += [f"vacuous: {text}" for text in power.vacuous[:examples]]
    return lines


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=FULL)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind")
    parser.add_argument("--contract", default="ieee")
    parser.add_argument("--examples", type=int, default=0)
    parser.add_argument("--most-ulp", type=float, default=math.inf)
    given = parser.parse_args()
    start = time.perf_counter()
    power = measure(
        given.programs,
        given.seed,
        contract=given.contract,
        kind=given.kind,
        most=given.most_ulp,
    )
    kind = given.kind or "all kinds"
    sys.stdout.write(f"{given.programs:,} programs of {kind}, {given.contract},")
    sys.stdout.write(f" no bound above {given.most_ulp} ulp\n")
    sys.stdout.write("\n".join(report(power, given.seed, given.examples)) + "\n")
    sys.stdout.write(f"{time.perf_counter() - start:.0f} s\n")


if __name__ == "__main__":
    main()
