"""Linear algebra of the oracle against NumPy in double precision."""

from __future__ import annotations

import numpy as np
import pytest
from asking import answer

MATRICES = {
    "square": [[3, -1, 2], [4, 2, 7], [1, 3, -5]],
    "tall": [[1, 2], [3, 5], [-2, 4]],
    "wide": [[1, 2, 4], [3, 5, -2]],
    "triangular": [[2, 1], [0, -3]],
}


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
def test_qr_is_that_of_lapack(matrix, full):
    mode = "complete" if full else "reduced"
    for at, expected in enumerate(np.linalg.qr(np.array(matrix, np.float64), mode)):
        source = f"x => tf.linalg.qr(x, {str(full).lower()})[{at}]"
        value, _ = answer(source, "value", x=matrix)
        np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-15)


def test_the_gradient_of_qr_is_its_slope():
    x, way = np.array([[3.0, -1], [4, 2], [1, 5]]), np.array([[1.0, 2], [-1, 3], [2, 1]])
    _, (gradient,) = answer("x => tf.linalg.qr(x)[1].square().mul([[1, 2], [3, 4]])", x=x.tolist())

    def f(step):
        return np.sum(np.linalg.qr(x + step * way)[1] ** 2 * [[1, 2], [3, 4]])

    slope = (f(1e-6) - f(-1e-6)) / 2e-6
    assert np.sum(gradient * way) == pytest.approx(slope, rel=1e-5)


def test_gram_schmidt_is_orthonormal():
    value, _ = answer("x => tf.linalg.gramSchmidt(x)", "value", x=[[3, 4], [1, 0]])
    np.testing.assert_allclose(value, [[0.6, 0.8], [0.8, -0.6]], rtol=1e-7)


def test_the_gradient_of_gram_schmidt_of_axes_is_zero_along_them():
    source = "x => tf.linalg.gramSchmidt(x)"
    value, (gradient,) = answer(source, x=[[0, 3], [5, 0]], dy=[[0, 1], [1, 0]])
    assert value.tolist() == [[0, 1], [1, 0]]
    assert gradient.tolist() == [[0, 0], [0, 0]]


def test_band_part_keeps_diagonals_and_their_gradient():
    value, (gradient,) = answer("x => tf.linalg.bandPart(x, 0, -1)", x=[[1, 2], [3, 4]])
    assert value.tolist() == [[1, 2], [0, 4]]
    assert gradient.tolist() == [[1, 1], [0, 1]]
