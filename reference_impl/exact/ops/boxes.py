"""Operations / Images: the suppression of boxes that overlap better ones."""

from __future__ import annotations

import math

import numpy as np

from reference_impl.api.namespace import Record
from reference_impl.exact import tensor as t
from reference_impl.exact.ops._table import op, real
from reference_impl.exact.tensor import Tensor


@op(method=False, gradient=False, name="image.nonMaxSuppression", boxes="float32", scores="float32")
def nonMaxSuppression(
    boxes: Tensor,
    scores: Tensor,
    maxOutputSize: int,
    iouThreshold: float | None = 0.5,
    scoreThreshold: float | None = -math.inf,
) -> Tensor:
    found, _ = _suppressed(boxes, scores, maxOutputSize, iouThreshold, scoreThreshold)
    return Tensor("int32", np.array(found, np.int32))


@op("boxes", "scores", method=False, gradient=False, name="image.nonMaxSuppressionPadded")
def nonMaxSuppressionPadded(  # noqa: PLR0913, PLR0917  as in tf.js
    boxes: Tensor,
    scores: Tensor,
    maxOutputSize: int,
    iouThreshold: float | None = 0.5,
    scoreThreshold: float | None = -math.inf,
    padToMaxOutputSize: bool = False,
) -> Record:
    found, _ = _suppressed(boxes, scores, maxOutputSize, iouThreshold, scoreThreshold)
    padding = [0] * (maxOutputSize - len(found) if padToMaxOutputSize else 0)
    return Record(
        selectedIndices=Tensor("int32", np.array(found + padding, np.int32)),
        validOutputs=Tensor("int32", len(found)),
    )


@op("boxes", "scores", method=False, gradient=False, name="image.nonMaxSuppressionWithScore")
def nonMaxSuppressionWithScore(  # noqa: PLR0913, PLR0917  as in tf.js
    boxes: Tensor,
    scores: Tensor,
    maxOutputSize: int,
    iouThreshold: float | None = 0.5,
    scoreThreshold: float | None = -math.inf,
    softNmsSigma: float | None = 0.0,
) -> Record:
    sigma = softNmsSigma or 0.0
    if not 0 <= sigma <= 1:
        raise ValueError(f"softNmsSigma must be in [0, 1], but was '{sigma}'")
    found, selected = _suppressed(boxes, scores, maxOutputSize, iouThreshold, scoreThreshold, sigma)
    return Record(
        selectedIndices=Tensor("int32", np.array(found, np.int32)),
        selectedScores=Tensor("float32", np.array([int(one.data) for one in selected], np.int64)),
    )


def _suppressed(  # noqa: PLR0913, PLR0917  what decides a suppression
    boxes: Tensor,
    scores: Tensor,
    most: int,
    iouThreshold: float | None,
    scoreThreshold: float | None,
    sigma: float = 0.0,
) -> tuple[list[int], list[Tensor]]:
    """The boxes selected, best first, with their scores.

    Without a sigma a box whose overlap with a selected one is beyond the threshold is left out.
    With one its score is lowered by exp(-overlap² / (2 sigma)) for each box that is selected, and
    it has to be the best once more (Bodla et al., "Soft-NMS", 2017).
    """
    _check(boxes, scores)
    overlap_limit = np.float32(0.5 if iouThreshold is None else iouThreshold)
    if not 0 <= overlap_limit <= 1:
        raise ValueError(f"iouThreshold must be in [0, 1], but was '{iouThreshold}'")
    limit = np.float32(-math.inf if scoreThreshold is None else scoreThreshold)
    corners, scores = real(boxes), real(scores)
    # Of each candidate the score, and how many of the selected have lowered it already.
    candidates = {at: (scores[at], 0) for at in range(scores.size) if _above(scores[at], limit)}
    found: list[int] = []
    selected: list[Tensor] = []
    while candidates and len(found) < most:
        best = _best({at: score for at, (score, _) in candidates.items()})
        first, seen = candidates.pop(best)
        overlaps = [_overlap(corners[best], corners[other]) for other in found[seen:]]
        if sigma:
            score = _lowered(first, overlaps, sigma)
            if score is not first:
                if _above(score, limit):
                    candidates[best] = score, len(found)
                continue
        elif any(_above(shared, joint * overlap_limit) for shared, joint in overlaps):
            continue
        found.append(best)
        selected.append(first)
    return found, selected


def _check(boxes: Tensor, scores: Tensor) -> None:
    if boxes.rank != 2 or boxes.shape[1] != 4:  # noqa: PLR2004  two corners
        raise ValueError(f"boxes must be of shape [number, 4], but are {boxes.shape}")
    if scores.shape != boxes.shape[:1]:
        raise ValueError(f"scores of shape {scores.shape} for boxes of shape {boxes.shape}")


def _lowered(score: Tensor, overlaps: list[tuple[Tensor, Tensor]], sigma: float) -> Tensor:
    """The score after these overlaps; the same tensor where there is none."""
    for shared, joint in overlaps:
        if _above(shared, 0):
            overlap = shared / joint
            score = score * t.exp(-overlap * overlap / (2 * t.floats(sigma)))
    return score


def _above(a: Tensor, b: object) -> bool:
    return bool(t.compare(a, b) == 1)


def _best(scores: dict[int, Tensor]) -> int:
    """The place of the highest score, of equal ones the first."""
    best = min(scores)
    for at in sorted(scores):
        if _above(scores[at], scores[best]):
            best = at
    return best


def _overlap(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """The areas of the intersection and of the union; of boxes without area nothing is shared."""
    (low_a, high_a), (low_b, high_b) = (
        (t.minimum(box[:2], box[2:]), t.maximum(box[:2], box[2:])) for box in (a, b)
    )
    areas = [_area(low_a, high_a), _area(low_b, high_b)]
    if not all(_above(area, 0) for area in areas):
        return t.floats(0.0), t.floats(1.0)
    sides = t.maximum(t.minimum(high_a, high_b) - t.maximum(low_a, low_b), 0)
    shared = sides[0] * sides[1]
    return shared, areas[0] + areas[1] - shared


def _area(lower: Tensor, upper: Tensor) -> Tensor:
    sides = upper - lower
    return sides[0] * sides[1]
