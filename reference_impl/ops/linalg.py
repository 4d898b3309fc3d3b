"""Operations / Linear Algebra."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.coercion import is_tensor
from reference_impl.ops._table import op


@op("a", method=False, name="linalg.bandPart")
def bandPart(a: Tensor, numLower: int | Tensor, numUpper: int | Tensor) -> Tensor:
    return tf.linalg.band_part(a, numLower, numUpper)


@op(method=False, name="linalg.gramSchmidt")
def gramSchmidt(xs: Tensor | list[Tensor]) -> Tensor | list[Tensor]:
    # TensorFlow has none: each vector loses its parts along those before it, then is normalised.
    vectors = tf.unstack(xs) if is_tensor(xs) else xs
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
            rest -= tf.reduce_sum(unit * rest) * unit
        basis.append(rest / tf.norm(rest))
    return tf.stack(basis) if is_tensor(xs) else basis


@op(method=False, name="linalg.qr")
def qr(x: Tensor, fullMatrices: bool = False) -> list[Tensor]:
    return list(tf.linalg.qr(x, full_matrices=bool(fullMatrices)))
