"""Operations / Segment."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.ops._table import op


@op("x", segmentIds="int32")
def unsortedSegmentSum(x: Tensor, segmentIds: Tensor, numSegments: int) -> Tensor:
    if not isinstance(numSegments, int):
        raise ValueError("numSegments must be of dtype int")  # noqa: TRY004  as all misuse of ops
    return tf.math.unsorted_segment_sum(x, segmentIds, numSegments)
