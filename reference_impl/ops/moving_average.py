"""Operations / Moving average: TensorFlow's assigns to a variable, so this is its formula."""

from __future__ import annotations

from tensorflow import Tensor

from reference_impl.ops import arithmetic
from reference_impl.ops._table import op


@op("v", "x", "decay", "step", method=False)
def movingAverage(
    v: Tensor, x: Tensor, decay: Tensor, step: Tensor | None = None, zeroDebias: bool = True
) -> Tensor:
    if v.dtype != x.dtype:
        raise ValueError(
            f"The dtypes of the first({v.dtype.name}) and second({x.dtype.name}) input must match"
        )
    if v.shape != x.shape:
        raise ValueError("Shape mismatch in v and x")
    update = arithmetic.mul(arithmetic.sub(x, v), arithmetic.sub(1, decay))
    if zeroDebias:
        if step is None:
            raise ValueError("When using zeroDebias: true, step is required.")
        bias = arithmetic.sub(1, arithmetic.pow(decay, step))
        update = arithmetic.div(update, bias)
    return arithmetic.add(v, update)
