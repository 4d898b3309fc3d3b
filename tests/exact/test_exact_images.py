"""Images of the oracle: where pixels come from, and with which weights."""

from __future__ import annotations

import math

import numpy as np
import pytest
from asking import answer, ask

from conformance.protocol import Threw


def of(source, **inputs):
    return answer(source, "value", **inputs)[0]


def test_a_third_of_the_way_is_a_third():
    value = of("x => tf.image.resizeBilinear(x, [1, 4], true).flatten()", x=[[[0], [1]]])
    assert value.tolist() == [0, np.float32(1 / 3), np.float32(2 / 3), 1]


@pytest.mark.parametrize("flags", ["false", "true", "false, true"])
def test_the_weights_of_a_resizing_add_up_to_one(flags):
    _, (gradient,) = answer(
        f"x => tf.image.resizeBilinear(x, [5, 7], {flags})", x=np.ones((3, 4, 1), np.float32)
    )
    assert gradient.sum(dtype=np.float64) == pytest.approx(35, rel=1e-6)


def test_a_pixel_that_is_hit_is_not_mixed_with_its_neighbour():
    value = of("x => tf.image.resizeBilinear(x, [1, 4]).flatten()", x=[[[math.inf], [1]]])
    assert value.tolist() == [math.inf, math.inf, 1, 1]


@pytest.mark.parametrize("count", [41, 47, 49])
def test_the_middle_of_two_pixels_is_the_second(count):
    value = of(f"x => x.resizeNearestNeighbor([1, {count}], false, true).sum()", x=[[[0], [1]]])
    assert value == (count + 1) / 2


def test_a_crop_is_a_function_of_its_box():
    source = "(x, boxes) => tf.image.cropAndResize(x, boxes, [0], [1, 1])"
    x = [[[[1], [3], [7]]]]
    value, (gradient,) = answer(source, x=x, boxes=[[0, 0.5, 0, 0.75]], wrt=["boxes"])
    assert value.item() == 3 + 4 * 0.25
    # A side that moves by 1 moves the middle by half of the 2 pixels, on a slope of 4 a pixel.
    assert gradient.tolist() == [[0, 4, 0, 4]]


def test_a_transform_reads_between_pixels():
    value = of(
        "x => tf.image.transform(x, [[1, 0, 0.25, 0, 1, 0, 0, 0]], 'bilinear', 'constant', 9)"
        ".flatten()",
        x=[[[[1], [2], [4]]]],
    )
    assert value.tolist() == [1.25, 2.5, 5.25]


@pytest.mark.parametrize(
    ("mode", "by", "wanted"),
    [
        ("constant", 2, [9, 9, 1, 2, 3]),
        ("nearest", 2, [1, 1, 1, 2, 3]),
        ("reflect", 2, [2, 1, 1, 2, 3]),
        ("wrap", 1, [3, 1, 2, 3, 1]),
    ],
)
def test_what_is_outside_of_an_image_is_filled(mode, by, wanted):
    value = of(
        f"x => tf.image.transform(x, [[1, 0, -{by}, 0, 1, 0, 0, 0]],"
        f" 'nearest', '{mode}', 9, [1, 5]).flatten()",
        x=[[[[1], [2], [3]]]],
    )
    assert value.tolist() == wanted


def test_a_quarter_turn_takes_each_pixel_from_where_it_was():
    value = of(
        f"x => tf.image.rotateWithOffset(x, {math.pi / 2}, 0, 0.4).flatten()",
        x=[[[[1], [2], [3]], [[4], [5], [6]], [[7], [8], [9]]]],
    )
    assert value.reshape(3, 3).tolist() == [[3, 6, 9], [2, 5, 8], [1, 4, 7]]


def test_an_overlap_that_is_the_limit_is_none_too_many():
    boxes = [[0, 0, 1, 1], [0, 0, 1, 0.5], [0, 0, 1, 0.5625]]
    value = of(
        "(boxes, scores) => tf.image.nonMaxSuppression(boxes, scores, 3, 0.5)",
        boxes=boxes,
        scores=[0.9, 0.8, 0.7],
    )
    assert value.tolist() == [0, 1]


def test_soft_suppression_lowers_scores_and_takes_no_box():
    source = "tf.image.nonMaxSuppressionWithScore(boxes, scores, 3, 0.5, 0, 0.5)"
    given = {"boxes": [[0, 0, 1, 1], [0, 0, 1, 0.75], [5, 5, 6, 6]], "scores": [1, 0.5, 0.25]}
    scores = of(f"(boxes, scores) => {source}.selectedScores", **given)
    lowered = np.float32(0.5 * math.exp(-(0.75**2)))
    assert sorted(scores.tolist()) == [0.25, lowered, 1]


def test_otsus_threshold_splits_two_groups():
    value = of("x => tf.image.threshold(x, 'otsu').flatten()", x=[[[10], [20], [200], [210]]])
    assert value.tolist() == [0, 0, 255, 255]


@pytest.mark.parametrize(
    "source",
    [
        "tf.image.resizeBilinear(x, [0, 1])",
        "tf.image.cropAndResize(x, [[0, 0, 1, 1]], [1], [1, 1])",
        "tf.image.cropAndResize(x, [[0, 0, 1, 1]], [-1], [1, 1])",
        "tf.image.rgbToGrayscale(x)",
    ],
)
def test_what_has_no_meaning_is_refused(source):
    assert isinstance(ask(f"x => {source}", x=[[[[1]]]]), Threw)
