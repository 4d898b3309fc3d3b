"""The laws: how the answer to a case and the answers to its variants hang together.

``equations`` has the two comparisons: the same bits, and a sum within what rounding explains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from conformance.judge.equations import Array, Equations, Term, largest
from conformance.judge.finding import GRADS, VALUE, VARIABLES, Finding, title
from conformance.laws import requests
from conformance.laws.law import sliced
from conformance.outcomes import Outcome
from conformance.protocol import Returned
from conformance.suite.case import INPUTS_UNCHANGED, Case
from conformance.tensors import Tensor, from_numpy

_SMALLEST_NORMAL = 2.0**-126


def requests_of(case: Case) -> tuple[str, ...]:
    """The names of the variants without which there is no verdict."""
    return tuple(requests.variants(case))


def is_silent(case: Case, answer: Returned) -> bool:
    """Whether an answer lacks what the law is about: not everybody inspects the inputs."""
    return case.law == INPUTS_UNCHANGED and answer.altered is None


def findings(case: Case, outcome: Outcome) -> tuple[list[Finding], float]:
    """What breaks the law of a case, and the largest share of the budget that an element takes.

    The case returned, and every variant was answered.

    Raises:
        PolicyError: an op of the case has no contract to derive a budget from.
    """
    assert outcome.returned is not None
    equations = Equations(case, outcome.returned)
    answers: dict[str, Returned] = {}
    for name, variant in outcome.variants.items():
        if variant.threw is not None:
            said = f"{variant.threw.type}: {' '.join(variant.threw.message.split())}"
            return [equations.broken(f"the request `{name}` threw {said}")], 0.0
        assert variant.returned is not None
        answers[name] = variant.returned
    found = list(_RELATIONS[equations.law.name](equations, answers))
    return [one for one in found if one is not None], equations.used


Found = Iterator[Finding | None]
Answers = dict[str, Returned]


def _places(case: Case, answer: Returned) -> Iterator[tuple[str, Tensor | None]]:
    if case.call not in {"grad", "grads"}:
        yield VALUE, answer.value
    yield from _grads(case, answer)


def _grads(case: Case, answer: Returned) -> Iterator[tuple[str, Tensor | None]]:
    for name, gradient in zip(case.wrt, answer.grads, strict=False):
        yield GRADS + name, gradient
    for name, variable in zip(case.wrt, answer.variables, strict=False):
        yield VARIABLES + name, variable


def _same_places(equations: Equations, name: str, answer: Returned) -> Found:
    mine = dict(_places(equations.case, answer))
    for place, wanted in _places(equations.case, equations.answer):
        yield equations.same(name, place, mine.get(place), wanted)


def _repeatable(equations: Equations, answers: Answers) -> Found:
    for name, answer in answers.items():
        yield from _same_places(equations, name, answer)


def _agree(equations: Equations, answers: Answers) -> Found:
    grads = dict(_grads(equations.case, equations.answer))
    for name, answer in answers.items():
        if name in {"value", "valueAndGrad"}:
            yield equations.same(name, VALUE, answer.value, equations.answer.value)
        if name != "value":
            shown = dict(_grads(equations.case, answer))
            for place, wanted in grads.items():
                yield equations.same(name, place, shown.get(place), wanted)


def _linear(equations: Equations, answers: Answers) -> Found:
    if equations.case.call not in {"grad", "grads"}:
        for name, answer in answers.items():
            yield equations.same(name, VALUE, answer.value, equations.answer.value)
    sides = (requests.SUM_OF_DY, requests.OTHER_DY, requests.TWICE_DY)
    total, other, twice = (dict(_grads(equations.case, answers[side])) for side in sides)
    for place, first in _grads(equations.case, equations.answer):
        terms = (total[place], first, other[place])
        yield _sum(equations, requests.SUM_OF_DY, place, terms, sums=0)
        yield _doubled(equations, place, twice[place], first)


def _doubled(
    equations: Equations, place: str, twice: Tensor | None, once: Tensor | None
) -> Finding | None:
    if twice is None or once is None or twice.dtype != once.dtype or twice.shape != once.shape:
        return equations.same(requests.TWICE_DY, place, twice, once)
    single, got = _array(once), _array(twice)
    if single.dtype.kind != "f":
        return None
    with np.errstate(over="ignore"):
        wanted = single * np.float32(2)
    # Half of a number this small may have been rounded as a subnormal on its way.
    exact = np.isfinite(single) & np.isfinite(wanted)
    exact &= (np.abs(single) >= _SMALLEST_NORMAL) | (single == 0)
    exact &= (np.abs(got) >= _SMALLEST_NORMAL) | (got == 0) | ~np.isfinite(got)
    kept = np.where(exact, got, wanted)
    return equations.same(requests.TWICE_DY, place, from_numpy(kept), from_numpy(wanted))


def _array(tensor: Tensor) -> Array:
    return tensor.numpy()


def _sum(
    equations: Equations,
    name: str,
    place: str,
    terms: tuple[Tensor | None, Tensor | None, Tensor | None],
    *,
    sums: int,
) -> Finding | None:
    """The first of three gradients against the sum of the others; none at all counts as zeros."""
    held = [tensor.numpy() for tensor in terms if tensor is not None]
    if not held:
        return None
    zeros = np.zeros_like(held[0])
    total, *parts = [Term(zeros if tensor is None else tensor.numpy()) for tensor in terms]
    for part in parts:
        if part.elements.shape != total.elements.shape:
            shapes = f"{list(total.elements.shape)} and {list(part.elements.shape)}"
            return equations.broken(f"{title(place)} has the shapes {shapes}")
    return equations.close(name, place, total, parts, sums=sums)


def _gradients_of_a_sum(equations: Equations, answers: Answers) -> Found:
    together = dict(_grads(equations.case, answers[requests.WITH_H]))
    alone = dict(_grads(equations.case, answers[requests.H_ALONE]))
    for place, gradient in _grads(equations.case, equations.answer):
        terms = (together.get(place), gradient, alone.get(place))
        yield _sum(equations, requests.WITH_H, place, terms, sums=1)


def _is_sliced(equations: Equations, place: str) -> bool:
    return place == VALUE or place.removeprefix(GRADS) in sliced(equations.law, equations.case)


def _permuting(equations: Equations, answers: Answers) -> Found:
    name, axis = requests.PERMUTED, equations.law.along
    moved = dict(_places(equations.case, answers[name]))
    for place, before in _places(equations.case, equations.answer):
        got = moved.get(place)
        if before is None or got is None:
            yield equations.same(name, place, got, before)
        elif place == VALUE and len(before.shape) <= axis:
            yield equations.broken(f"the value has no axis {axis} along which it is permuted")
        else:
            array = before.numpy()
            follows = _is_sliced(equations, place)
            wanted = requests.moved_on(array, axis) if follows else array
            mine = Term(got.numpy())
            yield equations.close(name, place, mine, [Term(wanted)])


def _batching(equations: Equations, answers: Answers) -> Found:
    axis = equations.law.along
    first, second = (
        dict(_places(equations.case, answers[name])) for name in (requests.FIRST, requests.SECOND)
    )
    for place, whole in _places(equations.case, equations.answer):
        parts = (first.get(place), second.get(place))
        name = f"{requests.FIRST}, {requests.SECOND}"
        if whole is None or None in parts:
            absent = [part for part in (whole, *parts) if part is None]
            if len(absent) != 1 + len(parts):
                yield equations.broken(f"{title(place)} is missing in the batch or in a part of it")
            continue
        arrays = [part.numpy() for part in parts if part is not None]
        mine = Term(whole.numpy())
        if not _is_sliced(equations, place):
            yield _sum(equations, name, place, (whole, *parts), sums=1)
        elif min(array.ndim for array in (mine.elements, *arrays)) <= axis:
            yield equations.broken(f"{title(place)} has no axis {axis} that is the batch")
        elif len({_other_sizes(array, axis) for array in arrays}) > 1:
            yield equations.broken(f"{title(place)} has other sizes in the two parts")
        else:
            joined = np.concatenate(arrays, axis)
            yield equations.close(name, place, mine, [Term(joined)])


def _other_sizes(array: Array, axis: int) -> tuple[int, ...]:
    return (*array.shape[:axis], *array.shape[axis + 1 :])


def _tiling(equations: Equations, answers: Answers) -> Found:
    name = requests.TILED
    tiled = dict(_places(equations.case, answers[name]))
    for place, gradient in _places(equations.case, equations.answer):
        got = tiled.get(place)
        if gradient is None or got is None:
            yield equations.same(name, place, got, gradient)
            continue
        copies = got.numpy()
        summed = copies if place == VALUE else _summed(copies, gradient.shape)
        number = max(copies.size // max(summed.size, 1), 1)
        mine = Term(gradient.numpy(), float(number) * largest(copies))
        right = Term(summed, mine.largest)
        yield equations.close(name, place, mine, [right], sums=0 if number == 1 else 1)


def _summed(copies: Array, shape: tuple[int, ...]) -> Array:
    """The sums over the copies that tiling made of a shape."""
    total = np.asarray(copies, np.complex128 if copies.dtype.kind == "c" else np.float64)
    while total.ndim > len(shape):
        total = total.sum(axis=0)
    for axis, size in enumerate(shape):
        if size == 1 and total.shape[axis] != 1:
            total = total.sum(axis=axis, keepdims=True)
    return total


def _unchanged(equations: Equations, _: Answers) -> Found:
    altered = equations.answer.altered
    if altered:
        names = ", ".join(altered)
        yield equations.broken(f"{names} was disposed of, or has other bits than before")
    leaked = equations.answer.leaked
    if leaked is not None and leaked != equations.case.expect.leaks:
        yield equations.broken(
            f"{leaked} tensors stay alive, {equations.case.expect.leaks} are stated"
        )


_RELATIONS: dict[str, Callable[[Equations, Answers], Found]] = {
    "repeatable": _repeatable,
    "value and gradients agree": _agree,
    "linear in dy": _linear,
    "gradients of a sum": _gradients_of_a_sum,
    "permuting": _permuting,
    "batching": _batching,
    "broadcasting is tiling": _tiling,
    "inputs unchanged": _unchanged,
}
