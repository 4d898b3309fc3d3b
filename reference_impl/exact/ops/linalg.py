"""Operations / Linear Algebra."""

from __future__ import annotations

import numpy as np

from reference_impl.exact import tape
from reference_impl.exact import tensor as t
from reference_impl.exact.ops._table import op
from reference_impl.exact.ops.creation import zeros
from reference_impl.exact.sweep import block, sweep
from reference_impl.exact.tensor import Array, Tensor


@op("a", method=False, name="linalg.bandPart")
def bandPart(a: Tensor, numLower: int | Tensor, numUpper: int | Tensor) -> Tensor:
    if a.rank < 2:  # noqa: PLR2004  matrices
        raise ValueError(f"bandPart(): Rank must be at least 2, got {a.rank}.")
    rows, columns = a.shape[-2:]
    lower, upper = _width(numLower, rows), _width(numUpper, columns)
    beyond = np.arange(columns) - np.arange(rows)[:, None]
    kept = (beyond >= -lower) & (beyond <= upper)
    return a.of(np.where(kept, a.data, zeros([], a.dtype).data))


@op(method=False, name="linalg.gramSchmidt")
def gramSchmidt(xs: Tensor | list[Tensor]) -> Tensor | list[Tensor]:
    """Each vector loses its parts along those before it, then is normalised."""
    vectors = [xs[at] for at in range(xs.shape[0])] if isinstance(xs, Tensor) else xs
    if not vectors:
        raise ValueError("Gram-Schmidt process: input must not be null, undefined, or empty")
    sizes = [vector.shape[0] for vector in vectors]
    for size in sizes:
        if size != sizes[0]:
            raise ValueError(
                "Gram-Schmidt: Non-unique lengths found in the input vectors:"
                f" ({size} vs. {sizes[0]})"
            )
    if len(vectors) > sizes[0]:
        raise ValueError(
            f"Gram-Schmidt: Number of vectors ({len(vectors)}) exceeds number of dimensions"
            f" ({sizes[0]})."
        )
    basis: list[Tensor] = []
    for vector in vectors:
        rest = vector
        for unit in basis:
            rest = rest - t.total(unit * vector) * unit
        basis.append(rest / t.sqrt(t.total(rest * rest)))
    return vectors[0].of(np.stack([unit.data for unit in basis])) if xs is not vectors else basis


@op(method=False, name="linalg.qr")
def qr(x: Tensor, fullMatrices: bool = False) -> list[Tensor]:
    """By Householder's reflections, so that the diagonal of R has the signs of LAPACK."""
    if not isinstance(x, Tensor) or x.rank < 2:  # noqa: PLR2004  matrices
        raise ValueError("qr() requires input tensor to have a rank >= 2")
    if x.dtype != "float32":
        raise ValueError(f"there is no qr in {x.dtype}")
    rows, columns = x.shape[-2:]
    size = rows if fullMatrices else min(rows, columns)
    q = np.empty([*x.shape[:-2], rows, size], np.int64)
    r = np.empty([*x.shape[:-2], size, columns], np.int64)
    for index in np.ndindex(x.shape[:-2]):
        q[index], r[index] = _by_rounded_gradient(x[index], size)
    return [x.of(q), x.of(r)]


def _by_rounded_gradient(matrix: Tensor, size: int) -> tuple[Array, Array]:
    """Q and R, whose gradient is through numbers of the size of what libraries add up for it."""
    found = tape.current()
    start, x = len(found), t.copy(matrix)
    own = x.data.ravel().tolist()
    factors = _factors(x)
    q, r = factors[0].data[:, :size], factors[1].data[:size]
    results = np.concatenate([q.ravel(), r.ravel()])

    def rule(upstream: list[int]) -> list[Array]:
        pairs = zip(results.tolist(), upstream, strict=True)
        seeds = [(result, dy) for result, dy in pairs if dy != found.zero]
        gradient = np.array(sweep(found, start, seeds, own)).reshape(x.shape)
        numbers = found.doubles(np.array(upstream))
        dq, dr = numbers[: q.size].reshape(q.shape), numbers[q.size :].reshape(r.shape)
        known = tuple(found.doubles(nodes) for nodes in (x.data, q, r))
        sizes = _gradient_sizes(known, (dq, dr))
        return [found.through(gradient, found.numbers(sizes))]

    made = block(found, results, (matrix.data,), rule)
    return made[: q.size].reshape(q.shape), made[q.size :].reshape(r.shape)


def _gradient_sizes(known: tuple[Array, ...], upstream: tuple[Array, Array]) -> Array:
    """How large the numbers are that are added up for the gradient, times how many they are.

    ``known`` are the matrix, Q and R, ``upstream`` the gradients of these two.

    Source: S. F. Walter, L. Lehmann, Algorithmic Differentiation of Linear Algebra Functions with
    Application in Optimum Experimental Design; for a wide matrix the columns beyond a square one
    are Q times those of R.
    """
    (x, q, r), (dq, dr) = known, upstream
    rank = min(x.shape)
    if not r.diagonal().all():
        return np.full(x.shape, np.finfo(np.float32).max)
    inverse = np.abs(np.linalg.inv(r[:rank, :rank]))
    x, q, r, dq, dr = map(np.abs, (x, q[:, :rank], r, dq[:, :rank], dr))
    u, du, beyond = r[:rank, :rank], dr[:rank, :rank], dr[:rank, rank:]
    dq = dq + x[:, rank:] @ beyond.T
    inner = q.T @ dq
    mixed = inner + inner.T + u @ du.T + du @ u.T
    square = q @ du + (q @ mixed + dq + q @ inner) @ inverse.T
    sizes: Array = len(x) * np.concatenate([square, q @ beyond], 1)
    return sizes


def _factors(matrix: Tensor) -> tuple[Tensor, Tensor]:
    rows, columns = matrix.shape
    q, r = t.floats(np.eye(rows)), t.copy(matrix)
    below = np.arange(rows)[:, None] > np.arange(columns)
    for at in range(min(rows, columns)):
        column = r[at:, at]
        if (t.compare(column[1:], 0) == 0).all():
            continue
        length = t.sqrt(t.total(column * column))
        # Away from the first element, so that nothing cancels.
        first = length if (t.compare(column[0], 0) < 0).all() else -length
        mirror = t.select(np.arange(rows - at) == 0, column - first, column)
        weights = mirror * (2 / t.total(mirror * mirror))
        r = _joined(r, r[at:] - weights[:, None] * t.total(mirror[:, None] * r[at:], 0), at)
        turned = q[:, at:] - t.total(q[:, at:] * mirror, 1, keep=True) * weights
        q = q.of(np.concatenate([q.data[:, :at], turned.data], 1))
        # What the reflection maps to zero is exactly zero, and to the length exactly that.
        # Libraries compute that as the other elements, by products with the reflection.
        nodes = r.data.copy()
        nodes[at, at] = int(t.through(first, length * (rows - at + 2)).data)
        r = t.select(below & (np.arange(columns) == at), 0, r.of(nodes))
    return q, r


def _joined(whole: Tensor, lower: Tensor, at: int) -> Tensor:
    return whole.of(np.concatenate([whole.data[:at], lower.data]))


def _width(given: int | Tensor, limit: int) -> int:
    """The number of diagonals; all of them where it is negative."""
    if isinstance(given, Tensor) and given.dtype == "int32" and given.rank == 0:
        given = int(given.data)
    if not isinstance(given, int) or given > limit:
        raise ValueError(
            f"bandPart(): the number of diagonals must be an integer of at most {limit}"
        )
    return given if given >= 0 else limit
