"""Seeded inputs: the same numbers on every machine, for ever.

Python's Mersenne Twister gives doubles in [0, 1) that no version and no platform changes.
Everything else is arithmetic on them, so no mathematical library has a say. (The bits of NumPy's
generators are not promised between versions, and listing cases must not import NumPy.)

The numbers are doubles. Rounded to float32, the largest of [low, high) may be high itself.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence


def uniform(count: int, parameters: Sequence[float], seed: int) -> list[float]:
    """Evenly spread over [low, high)."""
    low, high = parameters
    rng = random.Random(seed)  # noqa: S311  no secret
    return [low + (high - low) * rng.random() for _ in range(count)]


def normal(count: int, parameters: Sequence[float], seed: int) -> list[float]:
    """Bell-shaped with this mean and standard deviation, never beyond six of them.

    The sum of twelve uniform numbers, less six: no logarithm or cosine is involved whose last bit
    would depend on the platform.
    """
    mean, deviation = parameters
    rng = random.Random(seed)  # noqa: S311
    return [mean + deviation * (_sum_of_twelve(rng) - 6) for _ in range(count)]


def _sum_of_twelve(rng: random.Random) -> float:
    # Not by `sum`, which rounds otherwise since Python 3.12.
    total = 0.0
    for _ in range(12):
        total += rng.random()
    return total


def integers(count: int, parameters: Sequence[float], seed: int) -> list[float]:
    """Whole numbers from low to high, low included, high not."""
    low, high = parameters
    rng = random.Random(seed)  # noqa: S311
    return [low + int((high - low) * rng.random()) for _ in range(count)]


def linspace(count: int, parameters: Sequence[float], seed: int) -> list[float]:  # noqa: ARG001
    """Equal steps from start to stop, both included."""
    start, stop = parameters
    inner = (start + (stop - start) * i / (count - 1) for i in range(1, count - 1))
    return [start, *inner, stop][:count]


def permutation(count: int, parameters: Sequence[float], seed: int) -> list[float]:
    """The numbers start, start + step, start + 2 step, … in shuffled order: no two are equal."""
    start, step = parameters
    values = [start + step * i for i in range(count)]
    rng = random.Random(seed)  # noqa: S311
    for last in range(count - 1, 0, -1):
        other = int(rng.random() * (last + 1))
        values[last], values[other] = values[other], values[last]
    return values


_EXACT = 2.0**53
"""Up to here every whole number is a double."""

Generator = Callable[[int, Sequence[float], int], list[float]]

GENERATORS: dict[str, Generator] = {
    "uniform": uniform,
    "normal": normal,
    "integers": integers,
    "linspace": linspace,
    "permutation": permutation,
}
SEEDLESS = frozenset({"linspace"})


def problem(generator: str, parameters: Sequence[float]) -> str | None:
    """What is wrong with a generator's two finite parameters, or None."""
    first, second = parameters
    match generator:
        case "uniform" if not first < second:
            return "`uniform` takes [low, high] with low below high"
        case "normal" if second < 0:
            return "`normal` takes [mean, standard deviation], and no deviation is negative"
        case "integers" if not (first.is_integer() and second.is_integer() and first < second):
            return "`integers` takes whole numbers [low, high] with low below high"
        case "integers" if max(-first, second) > _EXACT:
            return "`integers` takes numbers up to 2**53"
        case "permutation" if second == 0:
            return "`permutation` takes [start, step], and a step of 0 makes no two numbers differ"
        case _:
            return None
