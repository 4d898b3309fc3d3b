"""Search, sparse and ragged ops of the oracle, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from asking import answer, ask

from conformance.protocol import Threw


def test_topk_gives_the_first_of_equal_elements_and_passes_its_gradient():
    value, (gradient,) = answer("x => tf.topk(x, 2).values", x=[[3, 9, 9, 1]], dy=[[5, 7]])
    assert value.tolist() == [[9, 9]]
    assert gradient.tolist() == [[0, 5, 7, 0]]
    value, _ = answer("x => tf.topk(x, 3).indices", "value", x=[[3, 9, 9, 1]])
    assert value.tolist() == [[1, 2, 0]]


def test_topk_puts_nan_first():
    value, _ = answer("x => tf.topk(x, 2).values", "value", x=[1, math.nan, 3, 2])
    assert math.isnan(value[0])
    assert value[1] == 3


@pytest.mark.parametrize("side", ["left", "right"])
def test_search_sorted_is_that_of_numpy(side):
    row, values = [1, 2, 2, 5], [0, 1, 2, 3, 5, 9]
    source = f"(a, b) => tf.searchSorted(a, b, '{side}')"
    found, _ = answer(source, "value", a=row, b=values)
    assert found.tolist() == np.searchsorted(row, values, side).tolist()


def test_unique_counts_zeros_of_both_signs_as_one_and_every_nan():
    value, _ = answer("x => tf.unique(x).indices", "value", x=[0, math.nan, -0.0, 2, math.nan])
    assert value.tolist() == [0, 1, 0, 2, 3]


def test_a_confusion_matrix_counts_and_refuses_what_is_no_class():
    source = "(a, b) => tf.math.confusionMatrix(a, b, 2)"
    value, _ = answer(source, "value", a=[0, 1, 1], b=[0, 0, 1])
    assert value.tolist() == [[1, 0], [1, 1]]
    assert isinstance(ask(source, "value", a=[0, 2], b=[0, 0]), Threw)


def test_sparse_to_dense_fills_the_rest_with_the_default():
    source = "(i, v, d) => tf.sparseToDense(i.toInt(), v, [4], d)"
    value, grads = answer(source, i=[2, 0], v=[5, 7], d=3, wrt=["v", "d"], dy=[1, 10, 100, 1000])
    assert value.tolist() == [7, 3, 5, 3]
    assert [one.tolist() for one in grads] == [[100, 1], 1010]


def test_a_segment_without_rows_has_the_mean_zero():
    source = "x => tf.sparse.sparseSegmentMean(x, tf.tensor1d([0, 2], 'int32'), [0, 2])"
    source = source.replace("[0, 2])", "tf.tensor1d([0, 2], 'int32'))")
    value, (gradient,) = answer(source, x=[1, 2, 3])
    assert value.tolist() == [1, 0, 3]
    assert gradient.tolist() == [1, 0, 1]


def test_a_ragged_range_stops_before_its_limit():
    source = "(a, b, c) => tf.raggedRange(a, b, c).rtDenseValues"
    value, _ = answer(source, "value", a=[0, 5], b=[1, 2], c=[0.25, -2])
    assert value.tolist() == [0, 0.25, 0.5, 0.75, 5, 3]
