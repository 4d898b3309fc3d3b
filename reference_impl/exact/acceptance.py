"""What an implementation may answer in place of the oracle: balls around the exact results."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from conformance.protocol import Acceptance, Choice, Contract, Returned
from reference_impl.exact import contributions, widening
from reference_impl.exact.places import Place, Radii, balls
from reference_impl.exact.tape import Side, Tape, shared
from reference_impl.exact.tensor import Tensor

MOST_TURNS = 64
"""Where rounding may turn more decisions than these, nothing is promised."""


class Ran(NamedTuple):
    """What one run of a case left: its answer, its tensors by place, and its tape."""

    returned: Returned
    tensors: Sequence[Tensor | None]
    tape: Tape


Again = Callable[[Side, Mapping[int, float]], Ran | None]
"""The case once more, from one side of its kinks or with decisions turned; None where it throws."""


def acceptance(
    ran: Ran, contracts: Mapping[str, Contract], again: Again, *, bits: int, explain: bool = False
) -> Acceptance:
    """The acceptance of an answer.

    Args:
        ran: the run that gave it.
        contracts: what is promised, by name.
        again: how the case is run once more.
        bits: the precision of the run.
        explain: whether to say what the radii are made of, under the first contract.
    """
    program = widening.Program(ran.tape)
    radii = _radii(program, contracts)
    places = [Place(tensor, ran.tape, radii) for tensor in ran.tensors]
    turned = _turned(program, radii)
    if turned:
        _widened(places, turned, contracts, again)
    if ran.tape.ties:
        _kinked(places, ran.tape, contracts, again)
    if explain:
        contract, known = next(iter(radii.items()))
        made_of = contributions.Breakdown(program, known)
        for place in places:
            place.explain(made_of, contract)
    value, grads, variables = ran.returned.value, ran.returned.grads, ran.returned.variables
    found = balls(places, (value, *grads, *variables))
    return Acceptance(
        value=found[0],
        grads=tuple(found[1 : 1 + len(grads)]),
        variables=tuple(found[1 + len(grads) :]),
        kinks=len(ran.tape.ties),
        tied=tuple(sorted({op for _, op in ran.tape.ties})),
        straddled=len(turned),
        bits=bits,
    )


def _widened(
    places: Sequence[Place],
    turned: Mapping[tuple[int, float], frozenset[str]],
    contracts: Mapping[str, Contract],
    again: Again,
) -> None:
    """Widen the balls by what turned decisions make of the tensors."""
    few = turned if len(turned) <= MOST_TURNS else {}
    runs = [again("convention", {number: to}) for number, to in few] or [None]
    whose = list(few.values()) or [frozenset(contracts)]
    theirs = [
        other and _radii(widening.Program(other.tape), {one: contracts[one] for one in names})
        for other, names in zip(runs, whose, strict=True)
    ]
    for at, place in enumerate(places):
        others = [
            Place(other.tensors[at], other.tape, known) if other and known else None
            for other, known in zip(runs, theirs, strict=True)
        ]
        place.widen(others, whose)


def _kinked(
    places: Sequence[Place], program: Tape, contracts: Mapping[str, Contract], again: Again
) -> None:
    """Note what other choices at the kinks make of the tensors: of one side, or of a contract."""
    first, last = again("first", {}), again("last", {})
    for at, place in enumerate(places):
        if first and last:
            place.kinked(
                Place(first.tensors[at], first.tape, {}),
                Place(last.tensors[at], last.tape, {}),
            )
    for names, choices in _choosing(program, contracts):
        if other := again(choices, {}):
            own = _radii(widening.Program(other.tape), {name: contracts[name] for name in names})
            for at, place in enumerate(places):
                place.chose(Place(other.tensors[at], other.tape, own))


def _radii(program: widening.Program, contracts: Mapping[str, Contract]) -> Radii:
    """The radii by contract; contracts that promise the same are evaluated once."""
    found: dict[str, Sequence[float]] = {}
    for name, contract in contracts.items():
        same = next(
            (known for known in found if _promise_the_same(contracts[known], contract)), None
        )
        found[name] = found[same] if same else widening.radii(program, contract)
    return found


def _promise_the_same(one: Contract, other: Contract) -> bool:
    return one.bounds == other.bounds and one.flushes == other.flushes


def _choosing(
    program: Tape, contracts: Mapping[str, Contract]
) -> Iterator[tuple[list[str], tuple[Choice, ...]]]:
    """The choices that are not those of the program at its kinks, and whose they are."""
    for choices in dict.fromkeys(contract.choices for contract in contracts.values()):
        shares = [
            (
                shared(choices, op, program.values[node], len(program.parents[node])),
                program.constants[node],
            )
            for node, op in program.ties
        ]
        if any(theirs not in {None, ours} for theirs, ours in shares):
            yield [name for name in contracts if contracts[name].choices == choices], choices


def _turned(program: widening.Program, radii: Radii) -> dict[tuple[int, float], frozenset[str]]:
    """The decisions that rounding may turn, by number, each with what it may become, and whose."""
    turned: dict[tuple[int, float], frozenset[str]] = {}
    for known in {id(one): one for one in radii.values()}.values():
        names = frozenset(name for name in radii if radii[name] is known)
        for number, (a, b, outcome) in enumerate(program.tape.decisions):
            if outcome is None:
                continue
            others: Iterable[float] = ()
            if b is None:
                others = _floors(program.values[a], known[a])
            elif (apart := known[a] + known[b]) and not (
                abs(program.values[a] - program.values[b]) > apart
            ):
                others = (-1.0, 1.0)
            for to in others:
                if to != outcome:
                    turned[number, to] = turned.get((number, to), frozenset()) | names
    return turned


def _floors(value: float, radius: float) -> tuple[float, ...]:
    if radius == 0 or not math.isfinite(value):
        return ()
    if not math.isfinite(radius):
        return (math.floor(value) - 1.0, math.floor(value) + 1.0)
    return (float(math.floor(value - radius)), float(math.floor(value + radius)))
