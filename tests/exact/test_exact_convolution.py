"""Convolutions and poolings of the oracle against sums in NumPy, which are exact here."""

from __future__ import annotations

import math

import numpy as np
import pytest
from asking import answer

_RANDOM = np.random.default_rng(7)


def integers(*shape):
    """Small integers, of which float32 holds every product and sum."""
    return _RANDOM.integers(-9, 10, shape).astype(np.float32)


def convolved(x, f, stride, dilation):
    """The convolution of NHWC without padding, from its definition."""
    height, width = f.shape[:2]
    rows = range(0, x.shape[1] - (height - 1) * dilation, stride)
    columns = range(0, x.shape[2] - (width - 1) * dilation, stride)
    y = np.zeros((x.shape[0], len(rows), len(columns), f.shape[3]))
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            part = x[:, row:, column:][:, ::dilation, ::dilation][:, :height, :width]
            y[:, i, j] = np.tensordot(part, f, 3)
    return y


@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2), (3, 1)])
@pytest.mark.parametrize("pad", ["valid", 1])
def test_a_convolution_is_the_sum_of_products(stride, dilation, pad):
    x, f = integers(2, 5, 6, 2), integers(2, 3, 2, 3)
    around = 0 if pad == "valid" else pad
    value, _ = answer(
        f"(x, f) => tf.conv2d(x, f, {stride}, {pad!r}, 'NHWC', {dilation})", "value", x=x, f=f
    )
    wide = np.pad(x, [(0, 0), (around, around), (around, around), (0, 0)])
    assert np.array_equal(value, convolved(wide, f, stride, dilation))


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("pad", ["'valid'", "'same'", "1"])
def test_a_transposed_convolution_is_the_gradient_of_the_convolution(stride, pad):
    x, f = integers(1, 5, 4, 2), integers(2, 3, 2, 3)
    y, _ = answer(f"(x, f) => tf.conv2d(x, f, {stride}, {pad})", "value", x=x, f=f)
    dy = integers(*y.shape)
    _, (wanted,) = answer(f"(x, f) => tf.conv2d(x, f, {stride}, {pad})", x=x, f=f, wrt=["x"], dy=dy)
    transposed, _ = answer(
        f"(x, f) => tf.conv2dTranspose(x, f, [1, 5, 4, 2], {stride}, {pad})",
        "value",
        x=dy,
        f=f,
    )
    assert np.array_equal(transposed, wanted)


def test_a_convolution_in_three_dimensions_is_one_in_two_where_the_third_is_flat():
    x, f = integers(1, 1, 4, 4, 2), integers(1, 2, 2, 2, 3)
    value, _ = answer("(x, f) => tf.conv3d(x, f, 1, 'valid')", "value", x=x, f=f)
    assert np.array_equal(value[:, 0], convolved(x[:, 0], f[0], 1, 1))


def test_a_depthwise_convolution_keeps_channels_apart():
    x, f = integers(1, 3, 3, 2), integers(2, 2, 2, 2)
    value, _ = answer("(x, f) => tf.depthwiseConv2d(x, f, 1, 'valid')", "value", x=x, f=f)
    alone = [convolved(x[..., [at]], f[:, :, [at]], 1, 1) for at in range(2)]
    assert np.array_equal(value, np.concatenate(alone, -1))


def test_the_gradient_of_the_filter_is_the_correlation_with_the_input():
    x, f = integers(1, 4, 4, 1), integers(2, 2, 1, 1)
    dy = integers(1, 3, 3, 1)
    _, (gradient,) = answer("(x, f) => tf.conv2d(x, f, 1, 'valid')", x=x, f=f, wrt=["f"], dy=dy)
    wanted = convolved(x, dy[0][..., None], 1, 1)
    assert np.array_equal(gradient.squeeze(), wanted.squeeze())


def test_nothing_is_lost_in_a_convolution():
    value, _ = answer(
        "x => tf.conv2d(x.reshape([1, 1, 3, 1]), tf.ones([1, 3, 1, 1]), 1, 'valid').flatten()",
        "value",
        x=[1e30, 1, -1e30],
    )
    assert value.tolist() == [1]


@pytest.mark.parametrize("axes", [2, 3])
def test_the_first_of_equal_elements_has_all_of_the_gradient_of_a_maximum(axes):
    op, window = ("maxPool", "[1, 2]") if axes == 2 else ("maxPool3d", "[1, 1, 2]")
    value, (gradient,) = answer(
        f"x => tf.{op}(x.reshape([1, 1, 4, 1]), {window}, 1, 'valid').flatten()",
        x=[2, 7, 7, 2],
        dy=[1, 10, 100],
    )
    assert value.tolist() == [7, 7, 7]
    assert gradient.tolist() == [0, 11, 100, 0]


def test_padding_counts_in_no_pooling():
    for op in ("maxPool", "avgPool"):
        value, _ = answer(f"x => tf.{op}(x, 3, 3, 1)", "value", x=[[[-5]]])
        assert value.tolist() == [[[-5]]]


def test_an_average_does_not_overflow_on_the_way():
    value, _ = answer("x => tf.avgPool(x, [1, 2], 1, 'valid')", "value", x=[[[3e38], [1e38]]])
    assert value.item() == np.float32((float(np.float32(3e38)) + float(np.float32(1e38))) / 2)


def test_a_pooling_with_not_a_number_is_none():
    value, _ = answer(
        "x => tf.maxPool(x, [1, 2], 1, 'valid').flatten()", "value", x=[[[1], [np.nan], [3], [4]]]
    )
    assert [math.isnan(one) for one in value] == [True, True, False]


def test_places_of_maxima_are_those_in_the_image():
    value, _ = answer(
        "x => tf.maxPoolWithArgmax(x, 2, 2, 'same', true).indexes",
        "value",
        x=[[[[1], [2], [9]], [[4], [3], [0]]]] * 2,
    )
    assert value.ravel().tolist() == [3, 2, 9, 8]


def test_a_fused_convolution_adds_its_bias_before_its_activation():
    value, _ = answer(
        "x => tf.fused.conv2d({x, filter: [[[[2, 1]]]], strides: 1, pad: 'same', bias: [-5, 1],"
        " activation: 'relu'})",
        "value",
        x=[[[1], [4]]],
    )
    assert value.tolist() == [[[0, 2], [3, 5]]]
