"""Where an implementation that is tapped can be made wrong, and what its certificates say."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import msgspec
import numpy as np

from conformance.blame import local
from conformance.blame.balls import Off, outside, reals
from conformance.blame.certify import certificate
from reference_impl.exact.execute import answer as exact
from tests.acceptance.places import UNIT
from tests.acceptance.tapped import Fault

AMPLIFIED = 4
"""A ball that is more times as wide as the largest of its bounds has been widened on the way."""
LEAST = 1e-5
"""A lost term that changes no element by so much of it is no fault worth the name."""


class Oracle:
    """The oracle under some contracts, which answers what it was asked before from memory."""

    def __init__(self, contracts) -> None:
        self._contracts = contracts
        self._known = {}

    def answer(self, request):
        key = msgspec.json.encode(request)
        if key not in self._known:
            self._known[key] = exact(request, self._contracts)
        return self._known[key]


class Judged(NamedTuple):
    """An answer with its steps, what the oracle says of these, and the certificate."""

    steps: tuple[local.Local, ...]
    said: list
    certificate: object


def judged(request, given, contract, oracle):
    """Hold each step of an answer with taps against the oracle."""
    steps = local.requests(request, given.taps)
    said = [
        step.request and oracle.answer(msgspec.structs.replace(step.request, id=0))
        for step in steps
    ]
    found = certificate(request, given.taps, said, contract, given.returned)
    return Judged(steps, said, found)


def is_outside(given, whole, contract):
    """Whether an answer is outside the ball of the whole, as it is seen without certificates."""
    got, wanted, balls = given.returned, whole.returned, whole.acceptance
    places = [(got.value, wanted.value, balls.value)]
    places += zip(got.grads, wanted.grads, balls.grads, strict=True)
    return any(
        isinstance(outside(mine, theirs, ball, contract), Off)
        for mine, theirs, ball in places
        if mine is not None and theirs is not None
    )


def in_the_answer(request, given, random):
    """The faults of one element of the answer: of the value, or a contribution to a gradient."""
    value = given.returned.value
    able = [("", at) for at in _usable(value)]
    for name, gradient in zip(request.wrt, given.returned.grads, strict=True):
        able += [(name, at) for at in _usable(gradient)]
    random.shuffle(able)
    for name, at in able:
        if name:
            bits = request.args[request.names.index(name)].tensor()
            found = [
                fault
                for fault in in_gradients(given)
                if given.taps[fault.call].sources[fault.slot] is None
                and given.taps[fault.call].inputs[fault.slot] == bits
                and at in _usable(_contributed(given, fault))
            ]
            if found:
                return replace(random.choice(found), at=at)
        else:
            for call, tap in reversed(list(enumerate(given.taps))):
                if value in tap.results.values():
                    return Fault(call, "value", list(tap.results.values()).index(value), at=at)
    return None


def in_values(given):
    """The faults of results, of which an element is to be chosen."""
    return [
        Fault(call, "value", slot)
        for call, tap in enumerate(given.taps)
        for slot, result in enumerate(tap.results.values())
        if _usable(result)
    ]


def in_gradients(given):
    """The faults of what calls contribute to the gradients of their inputs."""
    return [
        Fault(call, "gradient", slot)
        for call, tap in enumerate(given.taps)
        for one in tap.passes
        for slot, gradient in enumerate(one.gradients)
        if one.level == 0 and _usable(gradient)
    ]


def an_element(given, fault, random):
    """One that is not zero of what a fault is in."""
    return random.choice(_usable(_where(given, fault)))


def _usable(tensor):
    if tensor is None or tensor.dtype not in {"float32", "complex64"}:
        return []
    numbers = reals(tensor)
    return (np.isfinite(numbers) & (np.abs(numbers) > 1e-30)).nonzero()[0].tolist()


def _where(given, fault):
    if fault.part == "value":
        return list(given.taps[fault.call].results.values())[fault.slot]
    return _contributed(given, fault)


def _contributed(given, fault):
    (one,) = [one for one in given.taps[fault.call].passes if one.level == 0]
    return one.gradients[fault.slot]


def is_there(clean, planted, fault):
    """Whether a term that was lost changed anything of what its call contributes."""
    tap, other = clean.taps[fault.call], planted.taps[fault.call]
    for one, two in zip(tap.passes, other.passes, strict=True):
        for before, after in zip(one.gradients, two.gradients, strict=True):
            if before is not None and after is not None:
                apart = np.abs(reals(before) - reals(after))
                if (apart > LEAST * np.abs(reals(before))).any():
                    return True
    return False


def is_named(fault, given, culprit):
    """Whether the culprit is the call that has the fault, and the part of it that is wrong."""
    if (culprit.call, culprit.part) != (fault.call, fault.part):
        return False
    if fault.part == "value":
        return culprit.slot == list(given.taps[fault.call].results)[fault.slot]
    return fault.term is not None or culprit.slot == str(fault.slot)


class Missed(NamedTuple):
    """Why a fault was not seen, and where: the op, and what its ball is made of."""

    why: str
    where: str


def why_missed(fault, size, given, found, contracts):
    """Why a fault of one element or of all was not seen, by the ball of its step."""
    op = given.taps[fault.call].op + ("'" if fault.part == "gradient" else "")
    key = ""
    if fault.part == "value":
        key = list(given.taps[fault.call].results)[fault.slot]
    step = next(
        step
        for step in found.steps
        if step.call == fault.call and (step.skipped or (step.part, step.key) == (fault.part, key))
    )
    if step.skipped:
        return Missed(f"not asked: {step.skipped}", op)
    said = exact(msgspec.structs.replace(step.request, explain=True), contracts)
    if said.acceptance is None:
        return Missed(f"the oracle has no answer: {said.unsupported or said.threw}", op)
    place = said.returned.value, said.acceptance.value
    if fault.part == "gradient":
        slot = step.wrt.index(fault.slot)
        place = said.returned.grads[slot], said.acceptance.grads[slot]
    return _why_inside(fault, size, op, place, contracts)


def _why_inside(fault, size, op, place, contracts):
    wanted, ball = place
    ((name, contract),) = contracts.items()
    sizes, radius = np.abs(reals(wanted)), np.frombuffer(ball.radius[name], "<f4")
    widths = np.divide(radius, sizes, out=np.full(sizes.shape, np.inf), where=sizes > 0)
    at = int(np.argmin(widths)) if fault.at is None else fault.at
    if not np.isfinite(widths[at]):
        return Missed("nothing is promised", op)
    parts = ball.contributions[at]
    function = parts[0].function if parts else ""
    where = f"{op}: {function}, {widths[at] / UNIT:.0f}u"
    if widths[at] < size:
        return Missed("the ball is narrower, but the right result was off the other way", where)
    if not function:
        return Missed("one of so many elements that its ball is not explained", where)
    bound = contract.bounds.get(f"{op}.{function}") or contract.bounds[function]
    if widths[at] > AMPLIFIED * 2 * bound.ulp * UNIT:
        return Missed("amplified inside of the op, whose terms cancel or are many", where)
    return Missed(f"the bound of {function}", where)
