"""One recorded tensor against the ball of the exact one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from conformance.judge import special
from conformance.judge.finding import index_of, text
from conformance.judge.ulp import ulp
from conformance.protocol import Ball
from conformance.tensors import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]

_MOST_SHOWN = 6
FLOATS = frozenset({"float32", "complex64"})


class Off(msgspec.Struct, frozen=True):
    """The element of a tensor that is furthest outside its ball, as ``Culprit`` has it."""

    expected: str
    got: str
    index: tuple[int, ...] = ()
    ulp: float | None = None
    budget: float | None = None
    share: float | None = None


class Span(msgspec.Struct, frozen=True):
    """Where each element may be: around ``exact``, or around anything from ``low`` to ``high``."""

    exact: Reals
    low: Reals
    high: Reals
    radius: Reals


def outside(got: Tensor, exact: Tensor, ball: Ball | None, contract: str) -> Off | str | None:
    """Whether a tensor is outside the ball: None if it is inside, a string if nobody can say.

    Args:
        got: what an implementation has.
        exact: the oracle's answer in the same place.
        ball: the oracle's ball for it; without one only equality is right.
        contract: the name of the radius in the ball.

    Raises:
        KeyError: the ball has no radius for this contract.
    """
    if got.shape != exact.shape:
        return Off(f"shape {list(exact.shape)}", f"shape {list(got.shape)}")
    if got.dtype != exact.dtype:
        return Off(exact.dtype, got.dtype)
    if got == exact:
        return None
    if got.dtype == "string":
        return _unequal(got, exact)
    mine, theirs = reals(got), reals(exact)
    radius = np.zeros(theirs.shape)
    low = high = where = theirs
    if ball is not None:
        radius = np.frombuffer(ball.radius[contract], "<f4").astype(np.float64)
        where = theirs + np.frombuffer(ball.rest, "<f4").astype(np.float64)
        low = high = where
        if ball.sides is not None:
            sides = [np.frombuffer(side, "<f4").astype(np.float64) for side in ball.sides]
            low = np.fmin(np.fmin(low, sides[0]), sides[1])
            high = np.fmax(np.fmax(high, sides[0]), sides[1])
        own = ball.choices.get(contract)
        if own is not None and got.dtype in FLOATS:
            # Its recorded choice at a kink is no fault, even where it is no subgradient.
            choice = np.frombuffer(own.value, "<f4").astype(np.float64)
            low, high = np.fmin(low, choice), np.fmax(high, choice)
    return furthest(got, mine, Span(where, low, high, radius))


def furthest(got: Tensor, mine: Reals, span: Span) -> Off | str | None:
    """The element that is furthest off, None where all are inside, a string if nobody can say.

    NaN, infinities and numbers are told apart as ``conformance.judge.special`` does it.
    """
    if got.dtype in FLOATS:
        with np.errstate(over="ignore"):
            same, odd = special.decide(mine.astype("<f4"), span.exact.astype("<f4"))
    else:
        same = mine == span.exact
        odd = np.zeros(mine.shape, np.bool_)
    promised = np.isfinite(span.radius)
    apart = np.zeros(mine.shape)
    rest = ~(same | odd)
    below, above = span.low[rest] - mine[rest], mine[rest] - span.high[rest]
    apart[rest] = np.maximum(below, above).clip(0.0)
    wrong = promised & (odd | (apart > span.radius))
    if not wrong.any():
        unsure = int(np.count_nonzero(~promised & ~same))
        return f"nothing is promised about {unsure} of its {mine.size} numbers" if unsure else None
    share = np.full(mine.shape, np.inf)
    np.divide(apart, span.radius, out=share, where=span.radius > 0)
    share[odd] = np.inf
    at = int(np.argmax(np.where(wrong, share, -1.0)))
    return _off(got, at, mine, span, apart, special_value=bool(odd[at]))


def _off(  # noqa: PLR0913  the arrays of one comparison
    got: Tensor, at: int, mine: Reals, span: Span, apart: Reals, *, special_value: bool
) -> Off:
    parts = 2 if got.dtype == "complex64" else 1
    expected, radius = float(span.exact[at]), float(span.radius[at])
    shown = _elements(got)[at]
    off = Off(
        expected=decimal(expected) if got.dtype in FLOATS else text(shown.dtype.type(expected)),
        got=text(shown),
        index=index_of(at // parts, got.shape),
    )
    if special_value or got.dtype not in FLOATS:
        return off
    unit = float(ulp(np.asarray([expected]))[0])
    return msgspec.structs.replace(
        off,
        ulp=abs(float(mine[at]) - expected) / unit,
        budget=radius / unit,
        share=float(apart[at]) / radius if radius else None,
    )


def _unequal(got: Tensor, exact: Tensor) -> Off:
    mine, theirs = got.strings(), exact.strings()
    at = next(at for at, pair in enumerate(zip(mine, theirs, strict=True)) if pair[0] != pair[1])
    return Off(theirs[at], mine[at], index_of(at, got.shape))


def _elements(tensor: Tensor) -> NDArray[np.generic]:
    """The elements in a row; those of complex64 are their two parts."""
    if tensor.dtype == "complex64":
        return np.frombuffer(tensor.data, "<f4")
    return tensor.numpy().reshape(-1)


def reals(tensor: Tensor) -> Reals:
    """The elements in a row as doubles; those of complex64 are their two parts."""
    return _elements(tensor).astype(np.float64)


def decimal(number: float) -> str:
    """A real number with the digits of a double, special values as JavaScript writes them."""
    return f"{number:.15g}" if math.isfinite(number) else text(np.float64(number))


def short(tensor: Tensor) -> str:
    """A tensor in a few words: dtype, shape, and the first elements."""
    if tensor.dtype == "string":
        shown: Iterator[str] = iter([repr(item) for item in tensor.strings()[:_MOST_SHOWN]])
    else:
        shown = map(text, tensor.numpy().reshape(-1)[:_MOST_SHOWN])
    more = ["…"] if tensor.size > _MOST_SHOWN else []
    return f"{tensor.dtype}{list(tensor.shape)} {', '.join([*shown, *more])}".rstrip()
