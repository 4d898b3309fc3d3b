"""Means and shifts: what several ops do around a sum, the way that libraries do it."""

from __future__ import annotations

import math

import numpy as np

from reference_impl.exact import tape
from reference_impl.exact import tensor as t
from reference_impl.exact.tensor import Axis, Tensor


def average(x: Tensor, axis: Axis, *, keep: bool) -> Tensor:
    """The means over these axes; of no elements NaN."""
    terms = t.rows(x.data, axis)
    count = terms.shape[-1]
    summed = t.total(x, axis, keep=keep)
    if count == 1:
        return t.copy(summed)
    # The inverse of a power of two is a float32: a product with it is no more than a quotient.
    is_power = math.frexp(count)[0] == 0.5  # noqa: PLR2004
    mean: Tensor = summed * (1 / count) if is_power else summed / count
    if is_power or not x.size:
        return mean
    # The mean of tf.js divides every element, and adds them up then.
    known = tape.current().values
    sizes = [abs(float(known[node])) / count for node in terms.ravel().tolist()]
    size = np.array(sizes).reshape(terms.shape).sum(-1)
    return t.through(mean, t.floats(size.reshape(summed.shape)))


def less_largest(x: Tensor, axis: Axis) -> tuple[Tensor, Tensor]:
    """X less the largest element over these axes, and that one, with axes of size 1.

    Libraries take it away before they exponentiate. It is a constant: whatever it is, it does not
    change a quotient of exponentials. Where the largest element is no number or infinite, it is 0.
    """
    known = tape.current().values
    flat = t.rows(x.data, axis)
    largest = np.zeros(flat.shape[:-1], np.float32)
    for index in np.ndindex(largest.shape):
        row = [float(known[node]) for node in flat[index].tolist()]
        if row and not any(map(math.isnan, row)):
            with np.errstate(over="ignore"):
                largest[index] = max(row)
    largest[~np.isfinite(largest)] = 0
    shift = t.kept(t.floats(largest), x, axis, keep=True)
    return x - shift, shift
