"""Operations / RNN."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reference_impl.exact import tensor as t
from reference_impl.exact.ops._table import TABLE, op
from reference_impl.exact.tensor import Tensor

Cell = Callable[[Tensor, Tensor, Tensor], list[Tensor]]


@op("forgetBias", "lstmKernel", "lstmBias", "data", "c", "h", method=False)
def basicLSTMCell(  # noqa: PLR0913, PLR0917  as in tf.js
    forgetBias: Tensor, lstmKernel: Tensor, lstmBias: Tensor, data: Tensor, c: Tensor, h: Tensor
) -> list[Tensor]:
    inputs = data.of(np.concatenate([data.data, h.data], 1))
    if lstmKernel.rank != 2 or inputs.shape[1] != lstmKernel.shape[0]:  # noqa: PLR2004  a matrix
        raise ValueError(
            f"a kernel of shape {lstmKernel.shape} does not fit inputs of shape {inputs.shape}"
        )
    gates = t.products(inputs, lstmKernel) + lstmBias
    if gates.shape[1] % 4:
        raise ValueError(f"{gates.shape[1]} columns cannot be split into 4 gates")
    # The order of the gates is that of TensorFlow's BasicLSTMCell.
    entry, candidate, forget, output = map(gates.of, np.split(gates.data, 4, 1))
    new_c = t.sigmoid(entry) * t.tanh(candidate) + c * t.sigmoid(forgetBias + forget)
    return [new_c, t.tanh(new_c) * t.sigmoid(output)]


# The cells may use other tensors than those given here, so the results keep the sources that they
# have from the cells.
@TABLE.op("data", method=False, c="numeric[]", h="numeric[]")
def multiRNNCell(
    lstmCells: list[Cell], data: Tensor, c: list[Tensor], h: list[Tensor]
) -> list[list[Tensor]]:
    new_c, new_h = [], []
    for at, cell in enumerate(lstmCells):
        state, data = cell(data, c[at], h[at])
        new_c.append(state)
        new_h.append(data)
    return [new_c, new_h]
