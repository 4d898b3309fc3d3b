"""The elements of an answer, each with the ball that an implementation has to hit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

UNIT = 2.0**-24


class Place(NamedTuple):
    """A tensor of an answer: value, or the gradient of an input, as flat arrays.

    ``exact`` are doubles: element and rest. ``radius`` is zero where nothing but equality is right.
    """

    name: str
    exact: np.ndarray
    radius: np.ndarray
    parts: tuple = ()


def flat(tensor):
    """The elements in a row; those of a complex tensor are pairs of reals."""
    array = tensor.numpy().ravel()
    if array.dtype == np.complex64:
        array = array.view(np.float32)
    return array.astype(np.float64)


def tensors(returned, names):
    """The tensors of an answer, by name."""
    named = [("value", returned.value)]
    named += [(f"d{name}", one) for name, one in zip(names, returned.grads, strict=True)]
    return named


def places(answer, names, contract):
    """The places of the oracle's answer under a contract; those without gradient are left out."""
    balls = [answer.acceptance.value, *answer.acceptance.grads]
    found = []
    for (name, tensor), ball in zip(tensors(answer.returned, names), balls, strict=True):
        if tensor is None:
            continue
        exact = flat(tensor)
        radius, parts = np.zeros(len(exact)), ()
        if ball is not None:
            with np.errstate(invalid="ignore"):
                exact = exact + np.frombuffer(ball.rest, "<f4")
            radius = np.frombuffer(ball.radius[contract], "<f4").astype(np.float64)
            parts = ball.contributions
        found.append(Place(name, exact, radius, parts))
    return found


def outside(place, numbers):
    """Which of these numbers are outside of their balls."""
    with np.errstate(invalid="ignore"):
        inside = np.abs(numbers - place.exact) <= place.radius
    same = (numbers == place.exact) | (np.isnan(numbers) & np.isnan(place.exact))
    return ~(inside | same | np.isinf(place.radius))
