"""Convolutions and poolings of the reference, against sums written out in NumPy."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf

from reference_impl.ops import METHODS, OPS


def image(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-2, 2, shape).astype(np.float32)


def windows(  # noqa: PLR0913, PLR0917  what decides a window
    x, size, strides, dilations, pairs, value
):
    """Every window of [batch, height, width, channels]: its place, and its elements by position."""
    x = np.pad(x.astype(np.float64), [(0, 0), *pairs, (0, 0)], constant_values=value)
    spans = [(n - 1) * d + 1 for n, d in zip(size, dilations, strict=True)]
    counts = [(n - span) // s + 1 for n, span, s in zip(x.shape[1:3], spans, strides, strict=True)]
    for row, column in itertools.product(*map(range, counts)):
        top, left = row * strides[0], column * strides[1]
        part = x[:, top : top + spans[0], left : left + spans[1]]
        yield (row, column), part[:, :: dilations[0], :: dilations[1]]


def over_windows(  # noqa: PLR0913, PLR0917  what decides a window
    x, size, strides, dilations, pairs, reduce, value=0.0
):
    places = {
        place: reduce(part) for place, part in windows(x, size, strides, dilations, pairs, value)
    }
    rows, columns = (max(at) + 1 for at in zip(*places, strict=True))
    return np.stack(
        [np.stack([places[row, column] for column in range(columns)], 1) for row in range(rows)], 1
    )


GEOMETRIES = [
    ("valid", 1, 1, [(0, 0), (0, 0)], None),
    ("valid", [1, 2], 1, [(0, 0), (0, 0)], None),
    ("valid", 1, [2, 1], [(0, 0), (0, 0)], None),
    ("same", 1, 1, [(0, 1), (1, 1)], None),
    ("same", 1, [2, 1], [(1, 1), (1, 1)], None),
    (1, 1, 1, [(1, 1), (1, 1)], None),
    (1, 2, 1, [(1, 1), (1, 1)], "floor"),
    (0, 2, 1, [(0, 1), (0, 1)], "ceil"),
    (0, [2, 3], 1, [(0, 1), (0, 0)], "round"),
    ([[0, 0], [1, 0], [0, 2], [0, 0]], 1, 1, [(1, 0), (0, 2)], None),
    ([[0, 0], [1, 0], [0, 2], [0, 0]], 1, 2, [(1, 0), (0, 2)], None),
]


def pair(value):
    return value if isinstance(value, list) else [value, value]


@pytest.mark.parametrize(("pad", "strides", "dilations", "pairs", "rounding"), GEOMETRIES)
def test_conv2d_is_the_sum_of_products_over_windows(pad, strides, dilations, pairs, rounding):
    x, weights = image(2, 5, 6, 2), image(2, 3, 2, 3, seed=1)
    got = OPS["conv2d"](
        tf.constant(x), tf.constant(weights), strides, pad, "NHWC", dilations, rounding
    )
    want = over_windows(
        x, (2, 3), pair(strides), pair(dilations), pairs,
        lambda part: np.einsum("bhwc,hwco->bo", part, weights.astype(np.float64)),
    )  # fmt: skip
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("pad", "strides", "dilations", "pairs", "rounding"), GEOMETRIES)
def test_depthwise_conv2d_convolves_each_channel_alone(pad, strides, dilations, pairs, rounding):
    x, weights = image(2, 5, 6, 2), image(2, 3, 2, 2, seed=1)
    got = OPS["depthwiseConv2d"](
        tf.constant(x), tf.constant(weights), strides, pad, "NHWC", dilations, rounding
    )
    want = over_windows(
        x, (2, 3), pair(strides), pair(dilations), pairs,
        lambda part: np.einsum("bhwc,hwcm->bcm", part, weights.astype(np.float64)).reshape(2, 4),
    )  # fmt: skip
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("pad", "strides", "dilations", "pairs", "rounding"), GEOMETRIES)
@pytest.mark.parametrize("kind", ["avg", "max"])
def test_pool_never_counts_what_lies_outside(  # noqa: PLR0913, PLR0917  a table's columns
    kind, pad, strides, dilations, pairs, rounding
):
    x = image(2, 5, 6, 2)
    got = OPS["pool"](tf.constant(x), [2, 3], kind, pad, dilations, strides, rounding)
    reduce = np.nanmean if kind == "avg" else np.nanmax
    want = over_windows(
        x,
        (2, 3),
        pair(strides),
        pair(dilations),
        pairs,
        lambda part: reduce(part, (1, 2)),
        math.nan,
    )
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("pad", ["same", "valid", 1, [[0, 0], [1, 0], [0, 2], [0, 0]]])
@pytest.mark.parametrize("includes", [False, True])
def test_max_pool_with_argmax_points_at_its_result(pad, includes):
    x = image(2, 5, 6, 2)
    made = OPS["maxPoolWithArgmax"](tf.constant(x), [2, 3], [2, 1], pad, includes)
    flat = x.reshape(-1) if includes else x.reshape(2, -1)
    at = made["indexes"].numpy()
    found = flat[at] if includes else np.stack([flat[image_][at[image_]] for image_ in (0, 1)])
    np.testing.assert_array_equal(found, made["result"])
    np.testing.assert_array_equal(
        made["result"], OPS["maxPool"](tf.constant(x), [2, 3], [2, 1], pad)
    )


@pytest.mark.parametrize("pad", ["same", "valid", 1, [[0, 0], [1, 0], [0, 2], [0, 0]]])
def test_conv2d_transpose_is_the_gradient_of_conv2d(pad):
    x, weights = tf.constant(image(2, 5, 6, 3)), tf.constant(image(2, 3, 3, 2, seed=1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = OPS["conv2d"](x, weights, [2, 1], pad)
    dy = tf.constant(image(*y.shape, seed=2))
    want = tape.gradient(y, x, dy)
    got = OPS["conv2dTranspose"](dy, weights, list(x.shape), [2, 1], pad)
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("pad", ["same", "valid", 1])
def test_conv3d_transpose_is_the_gradient_of_conv3d(pad):
    x, weights = tf.constant(image(1, 3, 4, 5, 2)), tf.constant(image(2, 3, 2, 2, 3, seed=1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = OPS["conv3d"](x, weights, [2, 1, 1], pad)
    dy = tf.constant(image(*y.shape, seed=2))
    want = tape.gradient(y, x, dy)
    got = OPS["conv3dTranspose"](dy, weights, list(x.shape), [2, 1, 1], pad)
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)


def test_a_dilated_conv3d_is_that_of_a_filter_with_zeros_between():
    x, weights = tf.constant(image(1, 4, 5, 6, 2)), image(2, 2, 3, 2, 2, seed=1)
    spread = np.zeros((3, 2, 5, 2, 2), np.float32)
    spread[::2, :, ::2] = weights
    got = OPS["conv3d"](x, tf.constant(weights), 1, "same", "NDHWC", [2, 1, 2])
    want = OPS["conv3d"](x, tf.constant(spread), 1, "same")
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)


def test_conv1d_takes_the_pairs_of_its_one_axis():
    x, weights = image(2, 5, 2), image(3, 2, 3, seed=1)
    pad = [[0, 0], [0, 0], [2, 1], [0, 0]]
    got = OPS["conv1d"](tf.constant(x), tf.constant(weights), 2, pad)
    want = OPS["conv2d"](tf.constant(x[:, None]), tf.constant(weights[None]), [1, 2], pad)
    np.testing.assert_allclose(got, want[:, 0], rtol=1e-6)


@pytest.mark.parametrize("name", ["conv2d", "depthwiseConv2d"])
def test_channels_first_is_the_same_result_transposed(name):
    x, weights = image(2, 5, 6, 2), tf.constant(image(2, 3, 2, 2, seed=1))
    last = OPS[name](tf.constant(x), weights, 2, [[0, 0], [1, 0], [0, 2], [0, 0]])
    first = OPS[name](
        tf.constant(x.transpose(0, 3, 1, 2)), weights, 2, [[0, 0], [0, 0], [1, 0], [0, 2]], "NCHW"
    )
    np.testing.assert_array_equal(tf.transpose(first, [0, 2, 3, 1]), last)


def test_dilation2d_pads_with_what_no_maximum_takes():
    x, weights = tf.constant(image(1, 4, 4, 1) - 9), tf.constant(image(3, 3, 1, seed=1))
    np.testing.assert_array_equal(
        OPS["dilation2d"](x, weights, 1, 1), OPS["dilation2d"](x, weights, 1, "same")
    )


def test_an_image_without_a_batch_has_a_result_without_one():
    x, weights = image(5, 6, 2), tf.constant(image(2, 3, 2, 2, seed=1))
    for name in ("conv2d", "depthwiseConv2d"):
        assert OPS[name](tf.constant(x), weights, 1, "valid").shape == [
            4,
            4,
            *([2, 4][name != "conv2d"],),
        ]
    assert METHODS["maxPool"](tf.constant(x), 2, 2, "same").shape == [3, 3, 2]


@pytest.mark.parametrize(
    ("activation", "want"),
    [
        (None, [-3, 9]),
        ("linear", [-3, 9]),
        ("relu", [0, 9]),
        ("relu6", [0, 6]),
        ("elu", [math.expm1(-3), 9]),
        ("sigmoid", [1 / (1 + math.exp(3)), 1 / (1 + math.exp(-9))]),
        ("leakyrelu", [-1.5, 9]),
        ("prelu", [-6, 9]),
    ],
)
def test_fused_ops_add_the_bias_and_then_activate(activation, want):
    more = {
        "bias": tf.constant([1.0, 2.0]),
        "activation": activation,
        "leakyreluAlpha": 0.5,
        "preluActivationWeights": tf.constant([2.0, 3.0]),
    }
    b = tf.constant([[-4.0, 7.0]])
    product = OPS["fused.matMul"]({"a": [[1]], "b": b, **more})
    np.testing.assert_allclose(product, [want], rtol=1e-6)
    options = {"x": [[[[1]]]], "filter": b[None, None], "strides": 1, "pad": "valid", **more}
    for name in ("conv2d", "depthwiseConv2d"):
        np.testing.assert_allclose(OPS[f"fused.{name}"](options), [[[want]]], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "shapes", "arguments", "text"),
    [
        ("conv2d", [(1, 3, 3, 4), (2, 2, 2, 1)], [1, "valid"], "depth of input"),
        ("conv2d", [(1, 1, 3, 3, 2), (2, 2, 2, 1)], [1, "valid"], "must be rank 4"),
        ("conv2d", [(1, 3, 3, 2), (2, 2, 2, 1)], [2, "valid", "NHWC", 2], "Either strides"),
        ("conv2d", [(1, 3, 3, 2), (2, 2, 2, 1)], [1, "same", "NHWC", 1, "ceil"], "an integer"),
        ("conv2d", [(1, 3, 3, 2), (2, 2, 2, 1)], [1, "full"], "Unknown padding"),
        ("conv2d", [(1, 3, 3, 2), (2, 2, 2, 1)], [1, "same", "NHCW"], "Unknown dataFormat"),
        ("conv2d", [(1, 3, 3, 2), (2, 2, 2, 1)], [1, "same", "NHWC", 0], "larger than 0"),
        ("conv2d", [(1, 3, 3, 2), (2, 2, 2, 1)], [[1, 1, 1], "same"], "1,? ?1|are needed"),
        ("maxPool", [(2, 2)], [1, 1, "valid"], "must be rank 4"),
    ],
)
def test_what_tfjs_refuses_is_refused(name, shapes, arguments, text):
    with pytest.raises(ValueError, match=text):
        OPS[name](*(tf.constant(image(*shape)) for shape in shapes), *arguments)
