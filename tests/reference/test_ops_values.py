"""One value of each op, as the tf.js API reference promises it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from reference_impl.ops import OPS

INF, NAN = math.inf, math.nan
MODULES = {
    "arithmetic",
    "basic_math",
    "creation",
    "logical",
    "matrices",
    "reduction",
    "slicing_and_joining",
    "transformations",
}


def f(values):
    return tf.constant(values, tf.float32)


def i(values):
    return tf.constant(values, tf.int32)


def b(values):
    return tf.constant(values, tf.bool)


def z(real, imag):
    return tf.complex(f(real), f(imag))


SQUARE = f([[1, 2], [3, 4]])
ROW = f([1, 2, 3])

VALUES = {
    # arithmetic
    "add": ([f([1, 2]), f([10, 20])], "float32", [11, 22]),
    "addN": ([[f([1, 2]), f([3, 4]), f([5, 6])]], "float32", [9, 12]),
    "sub": ([f([10, 20]), f([1, 2])], "float32", [9, 18]),
    "mul": ([f([1, 2]), f(5)], "float32", [5, 10]),
    "div": ([f([1, 4, 9]), f([1, 2, 0])], "float32", [1, 2, INF]),
    "divNoNan": ([f([2, 0]), f([0, 0])], "float32", [0, 0]),
    "floorDiv": ([i([7, -7]), i([2, 2])], "int32", [3, -4]),
    "maximum": ([f([1, 4]), f([2, 3])], "float32", [2, 4]),
    "minimum": ([f([1, 4]), f([2, 3])], "float32", [1, 3]),
    "mod": ([f([1, -4]), f([2, 3])], "float32", [1, 2]),
    "pow": ([f([2, 3]), i([2, 3])], "float32", [4, 27]),
    "squaredDifference": ([f([1, 4]), f([5, 2])], "float32", [16, 4]),
    # basic_math
    "abs": ([f([-1, 2])], "float32", [1, 2]),
    "acos": ([f([0, 1])], "float32", [math.pi / 2, 0]),
    "acosh": ([f([10, 1])], "float32", [2.993222846, 0]),
    "asin": ([f([0, 1])], "float32", [0, math.pi / 2]),
    "asinh": ([f([0, 1])], "float32", [0, 0.881373587]),
    "atan": ([f([0, 1])], "float32", [0, math.pi / 4]),
    "atan2": ([f([1.0, 1.0]), f([0, 1])], "float32", [math.pi / 2, math.pi / 4]),
    "atanh": ([f([0, 0.5])], "float32", [0, 0.549306144]),
    "ceil": ([f([0.6, -1.5])], "float32", [1, -1]),
    "clipByValue": ([f([-1, 2, -3, 4]), -2, 3], "float32", [-1, 2, -2, 3]),
    "cos": ([f([0, math.pi])], "float32", [1, -1]),
    "cosh": ([f([0, 1])], "float32", [1, 1.543080635]),
    "elu": ([f([-1, 2])], "float32", [math.expm1(-1), 2]),
    "erf": ([f([0, 1])], "float32", [0, 0.842700793]),
    "exp": ([f([0, 1])], "float32", [1, math.e]),
    "expm1": ([f([0, 1])], "float32", [0, math.e - 1]),
    "floor": ([f([0.6, -1.5])], "float32", [0, -2]),
    "isFinite": ([f([NAN, INF, 1])], "bool", [False, False, True]),
    "isInf": ([f([NAN, -INF, 1])], "bool", [False, True, False]),
    "isNaN": ([f([NAN, INF, 1])], "bool", [True, False, False]),
    "leakyRelu": ([f([-1, 2])], "float32", [-0.2, 2]),
    "log": ([f([1, math.e])], "float32", [0, 1]),
    "log1p": ([f([0, math.e - 1])], "float32", [0, 1]),
    "logSigmoid": ([f([0])], "float32", [-math.log(2)]),
    "neg": ([f([1, -2])], "float32", [-1, 2]),
    "prelu": ([f([-1, 2, -3]), f(0.1)], "float32", [-0.1, 2, -0.3]),
    "reciprocal": ([f([2, -4])], "float32", [0.5, -0.25]),
    "relu": ([f([-1, 2])], "float32", [0, 2]),
    "relu6": ([f([-1, 2, 8])], "float32", [0, 2, 6]),
    "round": ([f([0.6, 0.5, 1.5, -2.5])], "float32", [1, 0, 2, -2]),
    "rsqrt": ([f([4, 0.25])], "float32", [0.5, 2]),
    "selu": ([f([-1, 2])], "float32", [-1.11133074, 2.10140197]),
    "sigmoid": ([f([0])], "float32", [0.5]),
    "sign": ([f([0.6, -3, 0])], "float32", [1, -1, 0]),
    "sin": ([f([0, math.pi / 2])], "float32", [0, 1]),
    "sinh": ([f([0, 1])], "float32", [0, 1.175201194]),
    "softplus": ([f([0])], "float32", [math.log(2)]),
    "sqrt": ([f([1, 4])], "float32", [1, 2]),
    "square": ([f([1, -4])], "float32", [1, 16]),
    "step": ([f([0, 2, -1]), 0.5], "float32", [0.5, 1, 0.5]),
    "tan": ([f([0, math.pi / 4])], "float32", [0, 1]),
    "tanh": ([f([0, 1])], "float32", [0, 0.761594156]),
    # matrices
    "dot": ([f([1, 2]), SQUARE], "float32", [7, 10]),
    "einsum": (["ij,jk->ik", SQUARE, SQUARE], "float32", [[7, 10], [15, 22]]),
    "euclideanNorm": ([f([3, 4])], "float32", 5),
    "matMul": ([SQUARE, SQUARE, False, True], "float32", [[5, 11], [11, 25]]),
    "norm": ([f([[3, -4], [1, 2]]), 1, [0, 1]], "float32", 6),
    "outerProduct": ([f([1, 2]), f([3, 4])], "float32", [[3, 4], [6, 8]]),
    "transpose": ([SQUARE], "float32", [[1, 3], [2, 4]]),
    # reduction
    "all": ([b([[True, False], [True, True]]), 1], "bool", [False, True]),
    "any": ([b([[True, False], [False, False]]), 1], "bool", [True, False]),
    "argMax": ([SQUARE, 1], "int32", [1, 1]),
    "argMin": ([SQUARE, 1], "int32", [0, 0]),
    "bincount": ([i([1, 1, 2]), f([]), 4], "float32", [0, 2, 1, 0]),
    "denseBincount": ([i([[1, 1, 2]]), f([]), 3, True], "float32", [[0, 1, 1]]),
    "logSumExp": ([f([0, 0])], "float32", math.log(2)),
    "max": ([SQUARE, 0], "float32", [3, 4]),
    "mean": ([i([1, 2])], "float32", 1.5),
    "min": ([SQUARE, -1, True], "float32", [[1], [3]]),
    "prod": ([SQUARE, [0, 1]], "float32", 24),
    "sum": ([SQUARE, [1], True], "float32", [[3], [7]]),
    # creation
    "clone": ([ROW], "float32", [1, 2, 3]),
    "complex": ([f([1]), f([2])], "complex64", [1 + 2j]),
    "diag": ([f([1, 2])], "float32", [[1, 0], [0, 2]]),
    "eye": ([1, 2, [2], "int32"], "int32", [[[1, 0]], [[1, 0]]]),
    "fill": ([[2], 4], "float32", [4, 4]),
    "imag": ([z([1], [2])], "float32", [2]),
    "linspace": ([0, 9, 4], "float32", [0, 3, 6, 9]),
    "oneHot": ([i([0, 2]), 3], "int32", [[1, 0, 0], [0, 0, 1]]),
    "ones": ([[2, 1]], "float32", [[1], [1]]),
    "onesLike": ([i([5, 6])], "int32", [1, 1]),
    "range": ([0, 9, 2], "float32", [0, 2, 4, 6, 8]),
    "real": ([z([1], [2])], "float32", [1]),
    "zeros": ([[2], "bool"], "bool", [False, False]),
    "zerosLike": ([b([True])], "bool", [False]),
    # transformations
    "batchToSpaceND": (
        [f([[[[1]]], [[[2]]], [[[3]]], [[[4]]]]), [2, 2], [[0, 0], [0, 0]]],
        "float32",
        [[[[1], [2]], [[3], [4]]]],
    ),
    "broadcastArgs": ([i([2, 1]), i([1, 3])], "int32", [2, 3]),
    "broadcastTo": ([f([1, 2]), [2, 2]], "float32", [[1, 2], [1, 2]]),
    "cast": ([f([1.5, 2.5]), "int32"], "int32", [1, 2]),
    "depthToSpace": ([f([[[[1, 2, 3, 4]]]]), 2], "float32", [[[[1], [2]], [[3], [4]]]]),
    "ensureShape": ([SQUARE, [None, 2]], "float32", [[1, 2], [3, 4]]),
    "expandDims": ([ROW, 1], "float32", [[1], [2], [3]]),
    "mirrorPad": ([ROW, [[2, 1]], "reflect"], "float32", [3, 2, 1, 2, 3, 2]),
    "pad": ([f([1, 2]), [[1, 2]], 9], "float32", [9, 1, 2, 9, 9]),
    "pad1d": ([f([1]), [1, 1]], "float32", [0, 1, 0]),
    "pad2d": ([f([[1]]), [[0, 0], [1, 0]]], "float32", [[0, 1]]),
    "pad3d": ([f([[[1]]]), [[0, 0], [0, 0], [1, 0]]], "float32", [[[0, 1]]]),
    "pad4d": ([f([[[[1]]]]), [[0, 0], [0, 0], [0, 0], [1, 0]]], "float32", [[[[0, 1]]]]),
    "reshape": ([ROW, [3, -1]], "float32", [[1], [2], [3]]),
    "spaceToBatchND": (
        [f([[[[1], [2]], [[3], [4]]]]), [2, 2], [[0, 0], [0, 0]]],
        "float32",
        [[[[1]]], [[[2]]], [[[3]]], [[[4]]]],
    ),
    "squeeze": ([f([[[1], [2]]]), [0]], "float32", [[1], [2]]),
    # slicing_and_joining
    "concat": ([[SQUARE, SQUARE], 1], "float32", [[1, 2, 1, 2], [3, 4, 3, 4]]),
    "concat1d": ([[ROW, f([4])]], "float32", [1, 2, 3, 4]),
    "concat2d": ([[f([[1]]), f([[2]])], 1], "float32", [[1, 2]]),
    "concat3d": ([[f([[[1]]]), f([[[2]]])], 2], "float32", [[[1, 2]]]),
    "concat4d": ([[f([[[[1]]]]), f([[[[2]]]])], 3], "float32", [[[[1, 2]]]]),
    "gather": ([SQUARE, i([1, 1, 0]), 1], "float32", [[2, 2, 1], [4, 4, 3]]),
    "gatherND": ([SQUARE, i([[0, 1], [1, 0]])], "float32", [2, 3]),
    "meshgrid": ([[1, 2], [3]], "float32", [[[1, 2]], [[3, 3]]]),
    "reverse": ([SQUARE, 0], "float32", [[3, 4], [1, 2]]),
    "reverse1d": ([ROW], "float32", [3, 2, 1]),
    "reverse2d": ([SQUARE, 1], "float32", [[2, 1], [4, 3]]),
    "reverse3d": ([f([[[1, 2]]]), 2], "float32", [[[2, 1]]]),
    "reverse4d": ([f([[[[1, 2]]]]), 3], "float32", [[[[2, 1]]]]),
    "scatterND": ([i([[1], [1]]), f([9, 10]), [3]], "float32", [0, 19, 0]),
    "slice": ([SQUARE, [0, 1], [2]], "float32", [[2], [4]]),
    "slice1d": ([ROW, 1, 2], "float32", [2, 3]),
    "slice2d": ([SQUARE, [1, 0], [1, 2]], "float32", [[3, 4]]),
    "slice3d": ([f([[[1, 2]]]), [0, 0, 1], [1, 1, 1]], "float32", [[[2]]]),
    "slice4d": ([f([[[[1, 2]]]]), [0, 0, 0, 1], [1, 1, 1, 1]], "float32", [[[[2]]]]),
    "split": ([f([1, 2, 3, 4]), 2], "float32", [[1, 2], [3, 4]]),
    "stack": ([[f([1, 2]), f([3, 4])], 1], "float32", [[1, 3], [2, 4]]),
    "stridedSlice": ([f([1, 2, 3, 4]), [3], [0], [-2]], "float32", [4, 2]),
    "tensorScatterUpdate": ([ROW, i([[1]]), f([9])], "float32", [1, 9, 3]),
    "tile": ([SQUARE, [1, 2]], "float32", [[1, 2, 1, 2], [3, 4, 3, 4]]),
    "unstack": ([SQUARE, 1], "float32", [[1, 3], [2, 4]]),
    # logical
    "bitwiseAnd": ([i([6, 5]), i([3, 4])], "int32", [2, 4]),
    "equal": ([f([1, NAN]), f([1, NAN])], "bool", [True, False]),
    "greater": ([f([1, 3]), f([2, 2])], "bool", [False, True]),
    "greaterEqual": ([f([2, 1]), f([2, 2])], "bool", [True, False]),
    "less": ([f([1, 3]), f([2, 2])], "bool", [True, False]),
    "lessEqual": ([f([2, 3]), f([2, 2])], "bool", [True, False]),
    "logicalAnd": ([b([True, True]), b([True, False])], "bool", [True, False]),
    "logicalNot": ([b([True, False])], "bool", [False, True]),
    "logicalOr": ([b([True, False]), b([False, False])], "bool", [True, False]),
    "logicalXor": ([b([True, True]), b([True, False])], "bool", [False, True]),
    "notEqual": ([f([1, NAN]), f([1, NAN])], "bool", [False, True]),
    "where": ([b([True, False]), f([1, 2]), f([3, 4])], "float32", [1, 4]),
}


@pytest.mark.parametrize("name", sorted(VALUES))
def test_op_gives_the_documented_value(name):
    arguments, dtype, expected = VALUES[name]
    answer = OPS[name](*arguments)
    parts = answer if isinstance(answer, list) else [answer]
    assert {part.dtype.name for part in parts} == {dtype}
    found = np.stack([part.numpy() for part in parts]) if answer is parts else answer.numpy()
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


def test_every_op_of_these_categories_has_a_value():
    ours = {name for name, op in OPS.items() if op.__module__.rpartition(".")[2] in MODULES}
    assert ours == set(VALUES)
