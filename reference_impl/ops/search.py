"""Operations / Evaluation: largest and unique elements, sorted sequences, confusion."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.coercion import upcast
from reference_impl.ops._table import op


@op("labels", "predictions", name="math.confusionMatrix", method=False)
def confusionMatrix(labels: Tensor, predictions: Tensor, numClasses: int | None = None) -> Tensor:
    if not isinstance(numClasses, int) or numClasses <= 0:
        raise ValueError(f"numClasses is required to be a positive integer, but got {numClasses}")
    if (labels.shape.rank, predictions.shape.rank) != (1, 1):
        raise ValueError("Expected the rank of labels and predictions to be 1")
    return tf.math.confusion_matrix(
        tf.cast(labels, tf.int32), tf.cast(predictions, tf.int32), numClasses
    )


@op("sortedSequence", "values", method=False)
def searchSorted(sortedSequence: Tensor, values: Tensor, side: str = "left") -> Tensor:
    return tf.searchsorted(*upcast(sortedSequence, values), side)


@op("sortedSequence", "values", method=False)
def lowerBound(sortedSequence: Tensor, values: Tensor) -> Tensor:
    return searchSorted(sortedSequence, values, "left")


@op("sortedSequence", "values", method=False)
def upperBound(sortedSequence: Tensor, values: Tensor) -> Tensor:
    return searchSorted(sortedSequence, values, "right")


@op("x")
def topk(x: Tensor, k: int = 1, sorted: bool = True) -> dict[str, Tensor]:
    found = tf.math.top_k(x, k, bool(sorted))
    return {"values": found.values, "indices": found.indices}


@op(x="string_or_numeric")
def unique(x: Tensor, axis: int = 0) -> dict[str, Tensor]:
    found = tf.raw_ops.UniqueV2(x=x, axis=[axis])
    return {"values": found.y, "indices": found.idx}
