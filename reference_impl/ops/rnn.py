"""Operations / RNN: TensorFlow's cells were layers, so these are the formulas of the cells."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.ops._table import op

Cell = Callable[[Tensor, Tensor, Tensor], list[Tensor]]


@op("forgetBias", "lstmKernel", "lstmBias", "data", "c", "h", method=False)
def basicLSTMCell(  # noqa: PLR0913, PLR0917  as in tf.js
    forgetBias: Tensor, lstmKernel: Tensor, lstmBias: Tensor, data: Tensor, c: Tensor, h: Tensor
) -> list[Tensor]:
    # The order of the gates is that of TensorFlow's BasicLSTMCell.
    gates = tf.matmul(tf.concat([data, h], 1), lstmKernel) + lstmBias
    entry, candidate, forget, output = tf.split(gates, 4, 1)
    kept = c * tf.sigmoid(forgetBias + forget)
    new_c = tf.sigmoid(entry) * tf.tanh(candidate) + kept
    return [new_c, tf.tanh(new_c) * tf.sigmoid(output)]


@op("data", method=False, c="numeric[]", h="numeric[]")
def multiRNNCell(
    lstmCells: list[Cell], data: Tensor, c: list[Tensor], h: list[Tensor]
) -> list[list[Tensor]]:
    new_c, new_h = [], []
    for at, cell in enumerate(lstmCells):
        state, data = cell(data, c[at], h[at])
        new_c.append(state)
        new_h.append(data)
    return [new_c, new_h]
