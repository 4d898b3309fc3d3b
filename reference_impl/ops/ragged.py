"""Operations / Ragged: a ragged tensor is its splits and its flat values."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.ops._table import op


@op(
    "paramsDenseValues",
    method=False,
    paramsNestedSplits="int32[]",
    indices="int32",
)
def raggedGather(
    paramsNestedSplits: list[Tensor],
    paramsDenseValues: Tensor,
    indices: Tensor,
    outputRaggedRank: int,
) -> dict[str, Any]:
    gathered = tf.raw_ops.RaggedGather(
        params_nested_splits=paramsNestedSplits,
        params_dense_values=paramsDenseValues,
        indices=indices,
        OUTPUT_RAGGED_RANK=outputRaggedRank,
    )
    return {
        "outputNestedSplits": gathered.output_nested_splits,
        "outputDenseValues": gathered.output_dense_values,
    }


@op("starts", "limits", "deltas", method=False)
def raggedRange(starts: Tensor, limits: Tensor, deltas: Tensor) -> dict[str, Tensor]:
    found = tf.raw_ops.RaggedRange(
        starts=starts,
        limits=tf.cast(limits, starts.dtype),
        deltas=tf.cast(deltas, starts.dtype),
        Tsplits=tf.int32,
    )
    return {"rtNestedSplits": found.rt_nested_splits, "rtDenseValues": found.rt_dense_values}


@op("values", "defaultValue", method=False, shape="int32", rowPartitionTensors="int32[]")
def raggedTensorToTensor(
    shape: Tensor,
    values: Tensor,
    defaultValue: Tensor,
    rowPartitionTensors: list[Tensor],
    rowPartitionTypes: list[str],
) -> Tensor:
    return tf.raw_ops.RaggedTensorToTensor(
        shape=shape,
        values=values,
        default_value=tf.cast(defaultValue, values.dtype),
        row_partition_tensors=rowPartitionTensors,
        row_partition_types=rowPartitionTypes,
    )
