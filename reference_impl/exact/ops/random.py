"""Operations / Random and Dropout, as far as no random number is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from reference_impl.api.namespace import UnsupportedOp
from reference_impl.exact import tensor as t
from reference_impl.exact.ops._table import op, tensor
from reference_impl.exact.tensor import Tensor
from reference_impl.javascript import number


@op("x", method=False)
def dropout(
    x: Tensor,
    rate: float,
    noiseShape: list[int | None] | None = None,  # noqa: ARG001
    seed: float | None = None,  # noqa: ARG001
) -> Tensor:
    if x.dtype != "float32":
        raise ValueError(
            "x has to be a floating point tensor since it's going to be scaled,"
            f" but got a {x.dtype} tensor instead."
        )
    if not 0 <= rate < 1:
        raise ValueError(f"rate must be a float in the range [0, 1), but got {rate}.")
    if rate:
        _random("dropout")
    return t.copy(x)


@op(method=False)
def rand(shape: list[int], randFunction: Callable[[], Any], dtype: str | None = None) -> Tensor:
    if dtype not in {None, "float32", "int32", "bool"}:
        raise ValueError(f"Unknown data type {dtype}")
    drawn = [number(randFunction()) for _ in range(np.empty(shape, bool).size)]
    return tensor(drawn, [len(drawn)], dtype).reshape(shape)


def _random(name: str) -> NoReturn:
    raise UnsupportedOp(f"tf.{name} draws random numbers, which have no exact value")


def _register(name: str) -> None:
    @op(method=False, name=name)
    def draw(*_: Any) -> Tensor:
        _random(name)


for _name in (
    "multinomial",
    "randomGamma",
    "randomNormal",
    "randomStandardNormal",
    "randomUniform",
    "randomUniformInt",
    "truncatedNormal",
):
    _register(_name)
