"""Linear algebra: what is composed, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from reference_impl.ops import OPS

VECTORS = [[1.0, 2, 2], [3, -1, 1]]


def test_gram_schmidt_makes_rows_orthonormal_and_keeps_their_span():
    basis = OPS["linalg.gramSchmidt"](tf.constant(VECTORS)).numpy()
    np.testing.assert_allclose(basis @ basis.T, np.eye(2), atol=1e-6)
    # Lower triangular: each vector is made of the basis up to its own row.
    assert abs((np.array(VECTORS) @ basis.T)[0, 1]) < 1e-6


def test_gram_schmidt_of_a_list_is_a_list():
    first, second = OPS["linalg.gramSchmidt"]([tf.constant([3.0, 4]), tf.constant([5.0, 0])])
    np.testing.assert_allclose(first.numpy(), [0.6, 0.8], rtol=1e-6)
    np.testing.assert_allclose(second.numpy(), [0.8, -0.6], rtol=1e-6)


@pytest.mark.parametrize(
    ("vectors", "text"),
    [
        ([], "must not be null, undefined, or empty"),
        ([tf.ones([2]), tf.ones([3])], r"Non-unique lengths .* \(3 vs. 2\)"),
        (tf.ones([3, 2]), r"Number of vectors \(3\) exceeds number of dimensions \(2\)"),
    ],
)
def test_gram_schmidt_refuses(vectors, text):
    with pytest.raises(ValueError, match=text):
        OPS["linalg.gramSchmidt"](vectors)


@pytest.mark.parametrize(("full", "columns"), [(False, 2), (True, 3)])
def test_qr_gives_two_tensors(full, columns):
    x = tf.constant([[1.0, 2], [3, 5], [-2, 4]])
    q, r = OPS["linalg.qr"](x, full)
    assert q.shape == [3, columns]
    np.testing.assert_allclose((q @ r).numpy(), x.numpy(), atol=1e-5)


def test_a_band_keeps_lines_on_both_sides():
    band = OPS["linalg.bandPart"]([[1, 2, 3], [4, 5, 6], [7, 8, 9]], 1, 0)
    assert band.numpy().tolist() == [[1, 0, 0], [4, 5, 0], [0, 8, 9]]
