"""Operations / Sparse, and ``sparseToDense``. TensorFlow counts in int64 here, tf.js in int32."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.ops._table import op


@op(
    "values",
    name="sparse.sparseFillEmptyRows",
    method=False,
    indices="int32",
    denseShape="int32",
    defaultValue="numeric",
)
def sparseFillEmptyRows(
    indices: Tensor, values: Tensor, denseShape: Tensor, defaultValue: Tensor
) -> dict[str, Tensor]:
    filled = tf.raw_ops.SparseFillEmptyRows(
        indices=_long(indices),
        values=values,
        dense_shape=_long(denseShape),
        default_value=tf.cast(defaultValue, values.dtype),
    )
    return {
        "outputIndices": _short(filled.output_indices),
        "outputValues": filled.output_values,
        "emptyRowIndicator": filled.empty_row_indicator,
        "reverseIndexMap": _short(filled.reverse_index_map),
    }


@op(
    name="sparse.sparseReshape",
    method=False,
    inputIndices="int32",
    inputShape="int32",
    newShape="int32",
)
def sparseReshape(inputIndices: Tensor, inputShape: Tensor, newShape: Tensor) -> dict[str, Any]:
    reshaped = tf.raw_ops.SparseReshape(
        input_indices=_long(inputIndices),
        input_shape=_long(inputShape),
        new_shape=_long(newShape),
    )
    return {
        "outputIndices": _short(reshaped.output_indices),
        "outputShape": _short(reshaped.output_shape),
    }


@op(
    "data",
    name="sparse.sparseSegmentMean",
    method=False,
    indices="int32",
    segmentIds="int32",
)
def sparseSegmentMean(data: Tensor, indices: Tensor, segmentIds: Tensor) -> Tensor:
    return tf.sparse.segment_mean(data, indices, segmentIds)


@op(
    "data",
    name="sparse.sparseSegmentSum",
    method=False,
    indices="int32",
    segmentIds="int32",
)
def sparseSegmentSum(data: Tensor, indices: Tensor, segmentIds: Tensor) -> Tensor:
    return tf.sparse.segment_sum(data, indices, segmentIds)


@op(
    method=False,
    sparseIndices="int32",
    sparseValues="string_or_numeric",
    defaultValue="string_or_numeric",
)
def sparseToDense(
    sparseIndices: Tensor, sparseValues: Tensor, outputShape: list[int], defaultValue: Any = 0
) -> Tensor:
    # As in tf.js the indices may come in any order. The gradient wants a matrix of them.
    indices = sparseIndices if sparseIndices.shape.rank > 1 else tf.reshape(sparseIndices, [-1, 1])
    return tf.raw_ops.SparseToDense(
        sparse_indices=indices,
        output_shape=outputShape,
        sparse_values=sparseValues,
        default_value=tf.cast(defaultValue, sparseValues.dtype),
        validate_indices=False,
    )


def _long(positions: Tensor) -> Tensor:
    return tf.cast(positions, tf.int64)


def _short(positions: Tensor) -> Tensor:
    return tf.cast(positions, tf.int32)
