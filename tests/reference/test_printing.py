from __future__ import annotations

import math

import pytest
import tensorflow as tf

from reference_impl.bits import to_message
from reference_impl.coercion import tensor
from reference_impl.printing import text

NAN, INF = math.nan, math.inf


def count(size, shape=None, dtype="float32"):
    return tensor([float(item) for item in range(size)], shape or [size], dtype)


# What tf.js 4.22.0 printed for each of these in Node.
PRINTED = [
    (tensor(0.1), "Tensor\n    0.10000000149011612"),
    (tensor(7, None, "int32"), "Tensor\n    7"),
    (tensor(True), "Tensor\n    true"),
    (tensor("a"), "Tensor\n    a"),
    (tf.complex(1.5, 2.25), "Tensor\n    1.5 + 2.25j"),
    (tensor(1e-8), "Tensor\n    9.99999993922529e-9"),
    (tensor(NAN), "Tensor\n    NaN"),
    (tensor(-0.0), "Tensor\n    0"),
    (tensor(1e30), "Tensor\n    1.0000000150474662e+30"),
    (
        tensor([1 / 3, 1e-8, -0.0, 123456789, 1e21, NAN, INF, -INF, -1e-9, 2.5e-7, -2.5]),
        (
            "Tensor\n    [0.3333333, 0, 0, 123456792, 1.0000000200408773e+21, NaN, Infinity,"
            " -Infinity, 0, 2e-7, -2.5]"
        ),
    ),
    (tensor([True, False]), "Tensor\n    [true, false]"),
    (tensor(["a", "bé"]), "Tensor\n    ['a', 'bé']"),
    (tensor([]), "Tensor\n    []"),
    (tensor([], [0, 2]), "Tensor\n     []"),
    (tensor([], [2, 0]), "Tensor\n    [[],\n     []]"),
    (tensor([], [0, 0, 3]), "Tensor\n     []"),
    (tensor([[1, 22.5], [333, 4]]), "Tensor\n    [[1  , 22.5],\n     [333, 4   ]]"),
    (tensor([[1, 2]]), "Tensor\n     [[1, 2],]"),
    (tensor([[1], [2]]), "Tensor\n    [[1],\n     [2]]"),
    (
        tensor([1, 2, 3, 4, 5, 6, 7, 80], [2, 2, 2]),
        "Tensor\n    [[[1, 2 ],\n      [3, 4 ]],\n\n     [[5, 6 ],\n      [7, 80]]]",
    ),
    (
        tensor([1, 2, 3, 4], [2, 1, 2, 1]),
        "Tensor\n    [[[[1],\n       [2]]],\n\n\n     [[[3],\n       [4]]]]",
    ),
    (count(21), "Tensor\n    [0, 1, 2, ..., 18, 19, 20]"),
    (
        count(20),
        "Tensor\n    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]",
    ),
    (
        count(42, [21, 2]),
        (
            "Tensor\n    [[0 , 1 ],\n     [2 , 3 ],\n     [4 , 5 ],\n     ...,"
            "\n     [36, 37],\n     [38, 39],\n     [40, 41]]"
        ),
    ),
    (
        count(44, [2, 22], "int32"),
        "Tensor\n    [[0 , 1 , 2 , ..., 19, 20, 21],\n     [22, 23, 24, ..., 41, 42, 43]]",
    ),
    (tf.complex([1, 2.5], [3.0, -4.0]), "Tensor\n    [1 + 3j, 2.5 + -4j]"),
    (
        tf.complex([[1, 2.5], [30, 4]], [[3, -4], [0, 1 / 3]]),
        "Tensor\n    [[1 + 3j , 2.5 + -4j     ],\n     [30 + 0j, 4 + 0.3333333j]]",
    ),
    (
        tf.complex(count(21), count(21)),
        "Tensor\n    [0 + 0j, 1 + 1j, 2 + 2j, ..., 18 + 18j, 19 + 19j, 20 + 20j]",
    ),
    (
        tensor([["a", "bbb"], ["\N{BOAR}", "c"]]),
        "Tensor\n    [['a' , 'bbb'],\n     ['\N{BOAR}', 'c'  ]]",
    ),
    (tensor([[True, False], [False, True]]), "Tensor\n    [[true , false],\n     [false, true ]]"),
    (tensor([1, -2], [2], "int32"), "Tensor\n    [1, -2]"),
]


@pytest.mark.parametrize(("value", "expected"), PRINTED)
def test_prints_as_tfjs_prints(value, expected):
    assert text(to_message(value)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            tensor([[1, 2]]),
            "Tensor\n  dtype: float32\n  rank: 2\n  shape: [1,2]\n  values:\n     [[1, 2],]",
        ),
        (tensor(2), "Tensor\n  dtype: float32\n  rank: 0\n  shape: []\n  values:\n    2"),
    ],
)
def test_prints_verbosely_as_tfjs_does(value, expected):
    assert text(to_message(value), verbose=True) == expected
