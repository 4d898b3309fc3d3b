"""The recorded conventions of TensorFlow, measured again."""

import os

import numpy as np
import pytest

from conformance.judge.conventions import conventions


@pytest.fixture(scope="module")
def tf():
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    return pytest.importorskip("tensorflow")


def gradients(tf, function, *inputs):
    tensors = [tf.constant(array, tf.float32) for array in inputs]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        result = function(*tensors)
    return [gradient.numpy().tolist() for gradient in tape.gradient(result, tensors)]


@pytest.mark.slow
def test_tensorflow_still_chooses_as_recorded_at_single_points(tf):
    functions = {
        "abs": tf.abs,
        "relu": tf.nn.relu,
        "relu6": tf.nn.relu6,
        "elu": tf.nn.elu,
        "selu": tf.nn.selu,
        "sign": tf.sign,
    }
    recorded = [point for point in conventions().points if "tensorflow" in point.choices]
    assert {point.op for point in recorded} == set(functions)
    for point in recorded:
        measured = gradients(tf, functions[point.op], [point.at])
        assert measured == [[float(np.float32(point.choices["tensorflow"]))]]


@pytest.mark.slow
def test_tensorflow_still_chooses_as_recorded_at_ties_equals_and_bounds(tf):
    reduce = {"max": tf.reduce_max, "min": tf.reduce_min}
    factor = {"share": 0.5, "each": 1.0}
    for ties in conventions().ties:
        expected = [factor[ties.choices["tensorflow"]]] * 2
        assert gradients(tf, reduce[ties.op], [3, 3]) == [expected]
    binary = {"maximum": tf.maximum, "minimum": tf.minimum}
    for equals in conventions().equals:
        expected = [[factor] for factor in equals.choices["tensorflow"]]
        assert gradients(tf, binary[equals.op], [3], [3]) == expected
    (clip,) = conventions().bounds
    measured = gradients(tf, lambda x: tf.clip_by_value(x, -1, 2), [-1, 2])
    assert measured == [[clip.choices["tensorflow"]] * 2]
