"""Operations / Segment."""

from __future__ import annotations

import numpy as np

from reference_impl.exact import tensor as t
from reference_impl.exact.ops._table import op
from reference_impl.exact.tensor import Tensor


@op("x", segmentIds="int32")
def unsortedSegmentSum(x: Tensor, segmentIds: Tensor, numSegments: int) -> Tensor:
    if not isinstance(numSegments, int):
        raise ValueError("numSegments must be of dtype int")  # noqa: TRY004  as all misuse of ops
    if numSegments < 0:
        raise ValueError(f"numSegments must not be negative, but is {numSegments}")
    if x.shape[: segmentIds.rank] != segmentIds.shape:
        raise ValueError(
            f"the shape of x, {x.shape}, must start with that of the ids, {segmentIds.shape}"
        )
    if (segmentIds.data >= numSegments).any():
        raise ValueError(f"a segment id is not below {numSegments}")
    if x.dtype not in {"float32", "int32"}:
        raise ValueError(f"a {x.dtype} tensor cannot be summed")
    parts = x.shape[segmentIds.rank :]
    flat = x.data.reshape(segmentIds.size, *parts)
    ids = segmentIds.data.ravel()
    # What has a negative id is in no segment.
    found = np.empty((numSegments, *parts), x.data.dtype)
    for segment in range(numSegments):
        members = x.of(flat[ids == segment])
        found[segment] = (
            t.total(members, 0).data
            if x.dtype == "float32"
            else members.data.sum(0, dtype=np.int32)
        )
    return x.of(found)
