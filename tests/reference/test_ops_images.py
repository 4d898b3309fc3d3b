"""Images where TensorFlow has no op of the kind, or no second derivative."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from reference_impl.javascript import UNDEFINED
from reference_impl.ops import METHODS, OPS


def f(values):
    return tf.constant(values, tf.float32)


SQUARE = f([[[1], [5]], [[2], [7]]])


def image(op, *args):
    return OPS[f"image.{op}"](*args)


@pytest.mark.parametrize("op", ["resizeBilinear", "resizeNearestNeighbor"])
@pytest.mark.parametrize("flags", [(False, False), (True, False), (False, True)])
def test_the_second_derivative_of_resizing_is_that_of_its_matrix(op, flags):
    columns = [image(op, tf.reshape(column, [2, 2, 1]), [3, 4], *flags) for column in tf.eye(4)]
    matrix = np.stack([column.numpy().ravel() for column in columns], axis=1)
    with tf.GradientTape() as outer:
        outer.watch(SQUARE)
        with tf.GradientTape() as inner:
            inner.watch(SQUARE)
            value = tf.square(image(op, SQUARE, [3, 4], *flags))
        first = inner.gradient(value, SQUARE)
    second = outer.gradient(first, SQUARE)
    x = SQUARE.numpy().ravel()
    np.testing.assert_allclose(first.numpy().ravel(), 2 * matrix.T @ matrix @ x, rtol=1e-5)
    ones = np.ones(4)
    np.testing.assert_allclose(second.numpy().ravel(), 2 * matrix.T @ matrix @ ones, rtol=1e-5)


def test_resizing_is_a_method_and_keeps_the_rank():
    batch = SQUARE[tf.newaxis]
    assert METHODS["resizeBilinear"](SQUARE, [3, 4]).shape == [3, 4, 1]
    assert METHODS["resizeNearestNeighbor"](batch, [3, 4]).shape == [1, 3, 4, 1]


def test_resizing_refuses_rank_2():
    with pytest.raises(ValueError, match="must be rank 3 or 4, but got rank 2"):
        image("resizeBilinear", f([[1]]), [2, 2])


def test_a_quarter_turn_reads_each_pixel_from_where_it_was():
    turned = image("rotateWithOffset", f([[[[1], [2]], [[3], [4]]]]), math.pi / 2, 9)
    # About the corner (1, 1): place (row, column) reads from (column, 2 - row).
    assert turned.numpy().ravel().tolist() == [9, 9, 2, 4]


def test_a_rotation_fills_with_a_colour_and_opaque():
    turned = image("rotateWithOffset", tf.zeros([1, 1, 2, 4]), math.pi, [1, 2, 3])
    assert turned.numpy()[0, 0].tolist() == [[1, 2, 3, 255], [1, 2, 3, 255]]


def test_the_gradient_of_a_rotation_adds_up_the_copies():
    x = f([[[[1], [2]], [[3], [4]]]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = image("rotateWithOffset", x, math.pi / 2)
    assert tape.gradient(value, x).numpy().ravel().tolist() == [0, 1, 0, 1]


def test_a_threshold_is_a_part_of_255_and_its_own_value_is_below():
    pixels = f([[[51], [52]]])
    assert image("threshold", pixels, "binary", False, 0.2).numpy().ravel().tolist() == [0, 255]
    assert image("threshold", pixels, "binary", True, 0.2).numpy().ravel().tolist() == [255, 0]


def test_otsu_splits_two_groups_and_leaves_one_group_whole():
    groups = f([[[10], [20], [200], [210]]])
    assert image("threshold", groups, "otsu").numpy().ravel().tolist() == [0, 0, 255, 255]
    assert image("threshold", f([[[7], [7]]]), "otsu").numpy().ravel().tolist() == [255, 255]


def test_integers_lose_the_fraction_of_their_gray():
    gray = image("rgbToGrayscale", tf.constant([[[10, 20, 30]]]))
    assert gray.dtype == tf.int32
    # 2.989 + 11.74 + 3.42
    assert gray.numpy().ravel().tolist() == [18]


def test_colours_want_rank_2():
    with pytest.raises(ValueError, match="must be at least rank 2"):
        image("rgbToGrayscale", f([1, 2, 3]))


@pytest.mark.parametrize(
    ("pixels", "channels", "text"),
    [
        ({"data": [1], "width": 1, "height": 1}, 5, "more than 4 channels"),
        (None, UNDEFINED, "can not be null"),
        ([1, 2], UNDEFINED, "but was Array"),
    ],
)
def test_pixels_of_what_a_case_can_write_are_refused(pixels, channels, text):
    with pytest.raises(ValueError, match=text):
        OPS["browser.fromPixels"](pixels, channels)


def test_suppression_gives_its_parts():
    boxes, scores = f([[0, 0, 1, 1], [0, 0, 1, 1]]), f([0.5, 0.75])
    padded = image("nonMaxSuppressionPadded", boxes, scores, 2, 0.5, 0, True)
    assert padded.selectedIndices.numpy().tolist() == [1, 0]
    assert padded.validOutputs.numpy() == 1
    scored = image("nonMaxSuppressionWithScore", boxes, scores, 2)
    assert scored.selectedScores.numpy().tolist() == [0.75]
    with pytest.raises(ValueError, match="softNmsSigma"):
        image("nonMaxSuppressionWithScore", boxes, scores, 2, 0.5, 0, 2)
