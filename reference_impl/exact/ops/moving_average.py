"""Operations / Moving average."""

from __future__ import annotations

from reference_impl.exact.ops._table import op, real
from reference_impl.exact.tensor import Tensor


@op("v", "x", "decay", "step", method=False)
def movingAverage(
    v: Tensor, x: Tensor, decay: Tensor, step: Tensor | None = None, zeroDebias: bool = True
) -> Tensor:
    if v.dtype != x.dtype:
        raise ValueError(f"The dtypes of the first({v.dtype}) and second({x.dtype}) must match")
    if v.dtype == "bool" or decay.dtype == "bool":
        raise ValueError("booleans are no numbers")
    if v.shape != x.shape:
        raise ValueError("Shape mismatch in v and x")
    before, decay = real(v), real(decay)
    update = (real(x) - before) * (1 - decay)
    if zeroDebias:
        if step is None:
            raise ValueError("When using zeroDebias: true, step is required.")
        update = update / (1 - decay ** real(step))
    return before + update
