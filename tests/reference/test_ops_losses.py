"""Losses, scans, segments, searches, sparse, ragged and string ops: what is composed, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from conformance.language import names
from reference_impl.coercion import CoercionError
from reference_impl.ops import METHODS, OPS

CATEGORIES = {
    "losses": """losses.absoluteDifference losses.computeWeightedLoss losses.cosineDistance
        losses.hingeLoss losses.huberLoss losses.logLoss losses.meanSquaredError
        losses.sigmoidCrossEntropy losses.softmaxCrossEntropy""",
    "ragged": "raggedGather raggedRange raggedTensorToTensor",
    "scan": "cumprod cumsum",
    "search": "lowerBound math.confusionMatrix searchSorted topk unique upperBound",
    "segment": "unsortedSegmentSum",
    "sparse": """sparse.sparseFillEmptyRows sparse.sparseReshape sparse.sparseSegmentMean
        sparse.sparseSegmentSum sparseToDense""",
    "strings": """string.staticRegexReplace string.stringNGrams string.stringSplit
        string.stringToHashBucketFast""",
}
NONE, MEAN, SUM, BY_NONZERO_WEIGHTS = range(4)
LABELS = tf.constant([[0.0, 1.0], [0.25, 0.75]])
LOGITS = tf.constant([[2.0, -1.0], [0.5, 0.5]])


def ours(category):
    return {name for name, op in OPS.items() if op.__module__ == f"reference_impl.ops.{category}"}


def values(tensor):
    return tensor.numpy().tolist()


def ints(*items):
    return tf.constant(items, tf.int32)


def gradient(f, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return values(tf.convert_to_tensor(tape.gradient(y, x)))


@pytest.mark.parametrize("category", CATEGORIES)
def test_category_holds_what_the_api_reference_lists(category):
    assert ours(category) == set(CATEGORIES[category].split())


def test_an_op_is_a_method_exactly_where_tfjs_has_the_method():
    try:
        api = names.shipped()
    except (ImportError, OSError):
        pytest.skip("runner_js is not built")
    ops = set().union(*map(ours, CATEGORIES))
    assert ops & set(METHODS) == ops & api.methods


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [(NONE, [2.0, 0.0, 12.0]), (MEAN, 14 / 5), (SUM, 14.0), (BY_NONZERO_WEIGHTS, 7.0)],
)
def test_reductions_are_the_numbers_of_the_enum_of_tfjs(reduction, expected):
    loss = OPS["losses.computeWeightedLoss"]([1.0, 2.0, 4.0], [2.0, 0.0, 3.0], reduction)
    assert values(loss) == pytest.approx(expected)


@pytest.mark.parametrize("reduction", [4, -1, "mean", None])
def test_another_reduction_is_unknown(reduction):
    with pytest.raises(ValueError, match="Unknown reduction"):
        OPS["losses.computeWeightedLoss"]([1.0], None, reduction)


def test_softmax_cross_entropy_smooths_the_labels_over_the_last_axis():
    loss = OPS["losses.softmaxCrossEntropy"](LABELS, LOGITS, None, 0.5, NONE)
    labels, logits = LABELS.numpy() * 0.5 + 0.25, LOGITS.numpy()
    softmax = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert values(loss) == pytest.approx(list(-(labels * np.log(softmax)).sum(1)))


def test_softmax_cross_entropy_has_a_gradient_for_its_labels():
    found = gradient(
        lambda labels: OPS["losses.softmaxCrossEntropy"](labels, LOGITS, None, 0, SUM), LABELS
    )
    assert found[1] == pytest.approx([math.log(2), math.log(2)])


def test_softmax_cross_entropy_refuses_shapes_that_differ():
    with pytest.raises(ValueError, match="incompatible"):
        OPS["losses.softmaxCrossEntropy"](LABELS, LOGITS[:1])


@pytest.mark.parametrize("op", ["cumsum", "cumprod"])
def test_scans_of_booleans_are_int32(op):
    assert OPS[op]([True, True, False]).dtype == tf.int32


def test_sparse_to_dense_takes_indices_in_any_order():
    assert values(OPS["sparseToDense"](ints(2, 0), [5.0, 7.0], [4], 1)) == [7, 1, 5, 1]


def test_sparse_to_dense_has_a_gradient_for_flat_indices():
    indices = ints(0, 3)
    found = gradient(lambda v: 2 * OPS["sparseToDense"](indices, v, [4]), tf.constant([5.0, 7.0]))
    assert found == [2, 2]


def test_sparse_results_count_in_int32():
    filled = OPS["sparse.sparseFillEmptyRows"](tf.constant([[1, 0]]), [7.0], ints(2, 2), 9)
    assert values(filled["outputIndices"]) == [[0, 0], [1, 0]]
    assert (filled["outputIndices"].dtype, filled["reverseIndexMap"].dtype) == (tf.int32, tf.int32)


def test_search_sorted_compares_in_the_common_dtype():
    assert values(OPS["upperBound"](ints(1, 2, 3), [2.0, 2.5])) == [2, 2]


@pytest.mark.parametrize("classes", [None, 0, 1.5])
def test_confusion_matrix_wants_a_number_of_classes(classes):
    with pytest.raises(ValueError, match="numClasses"):
        OPS["math.confusionMatrix"](ints(0), ints(0), classes)


def test_unsorted_segment_sum_wants_a_whole_number_of_segments():
    with pytest.raises(ValueError, match="numSegments"):
        OPS["unsortedSegmentSum"]([1.0], ints(0), 1.5)


def test_hashes_are_those_of_tensorflow_as_int32():
    found = OPS["string.stringToHashBucketFast"](["a", "b"], 10)
    assert (found.dtype, values(found)) == (tf.int32, [9, 2])


def test_numbers_are_no_strings():
    with pytest.raises(CoercionError, match="must be string tensor"):
        OPS["string.stringToHashBucketFast"]([1.0], 10)


def test_ragged_rows_are_gathered_with_their_splits():
    found = OPS["raggedGather"]([ints(0, 1, 4)], [3.0, 5.0, 7.0, 11.0], ints(1, 0), 1)
    assert values(found["outputNestedSplits"][0]) == [0, 3, 4]
    assert values(found["outputDenseValues"]) == [5, 7, 11, 3]
