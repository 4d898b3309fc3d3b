"""The tables of ops: complete, with tf.js's argument orders, dtype rules and refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from conformance.language import names
from reference_impl.coercion import UNDEFINED
from reference_impl.ops import METHODS, OPS

# The categories of the tf.js API reference. "Slicing and Joining" and "Matrices" stand there twice,
# below Tensors and below Operations.
CATEGORIES = {
    "arithmetic": """add addN div divNoNan floorDiv maximum minimum mod mul pow squaredDifference
        sub""",
    "basic_math": """abs acos acosh asin asinh atan atan2 atanh ceil clipByValue cos cosh elu erf
        exp expm1 floor isFinite isInf isNaN leakyRelu log log1p logSigmoid neg prelu reciprocal
        relu relu6 round rsqrt selu sigmoid sign sin sinh softplus sqrt square step tan tanh""",
    "creation": """buffer clone complex diag eye fill imag linspace oneHot ones onesLike print
        range real scalar tensor tensor1d tensor2d tensor3d tensor4d tensor5d tensor6d
        truncatedNormal variable zeros zerosLike""",
    "logical": """bitwiseAnd equal greater greaterEqual less lessEqual logicalAnd logicalNot
        logicalOr logicalXor notEqual where whereAsync""",
    "matrices": "dot einsum euclideanNorm matMul norm outerProduct transpose",
    "reduction": """all any argMax argMin bincount denseBincount logSumExp max mean min prod
        sum""",
    "slicing_and_joining": """booleanMaskAsync concat concat1d concat2d concat3d concat4d gather
        gatherND meshgrid reverse reverse1d reverse2d reverse3d reverse4d scatterND slice slice1d
        slice2d slice3d slice4d split stack stridedSlice tensorScatterUpdate tile unstack""",
    "transformations": """batchToSpaceND broadcastArgs broadcastTo cast depthToSpace ensureShape
        expandDims mirrorPad pad pad1d pad2d pad3d pad4d reshape setdiff1dAsync spaceToBatchND
        squeeze""",
}
EXCLUDED = {
    "they answer with a promise": {"booleanMaskAsync", "setdiff1dAsync", "whereAsync"},
    "random numbers differ by right": {"truncatedNormal"},
    "they are no functions of tensors": {"buffer", "print"},
    "they make a tensor of given values: reference_impl/namespace.py": {
        *("scalar", "tensor", "variable"),
        *(f"tensor{rank}d" for rank in range(1, 7)),
    },
}


def ours(category):
    return {name for name, op in OPS.items() if op.__module__ == f"reference_impl.ops.{category}"}


@pytest.fixture(scope="module")
def api():
    try:
        return names.shipped()
    except (ImportError, OSError):
        pytest.skip("runner_js is not built")


@pytest.mark.parametrize("category", CATEGORIES)
def test_category_holds_what_the_api_reference_lists(category):
    assert ours(category) == set(CATEGORIES[category].split()) - set().union(*EXCLUDED.values())


@pytest.mark.parametrize("category", CATEGORIES)
def test_ops_exist_in_the_shipped_tfjs(category, api):
    assert ours(category) <= api.functions


def test_an_op_is_a_method_exactly_where_tfjs_has_the_method(api):
    ops = set().union(*map(ours, CATEGORIES))
    assert ops & set(METHODS) == ops & api.methods


def values(tensor):
    return tensor.numpy().tolist()


X = tf.constant([1.0, 2.0])
SQUARE = tf.constant([[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    ("method", "arguments", "expected"),
    [
        ("where", [tf.constant([True, False]), tf.constant([8.0, 9.0])], [1, 9]),
        ("concat", [tf.constant([3.0])], [1, 2, 3]),
        ("concat", [[tf.constant([3.0]), tf.constant([4.0])], 0], [1, 2, 3, 4]),
        ("stack", [tf.constant([3.0, 4.0]), 1], [[1, 3], [2, 4]]),
        ("stack", [[tf.constant([3.0, 4.0])]], [[1, 2], [3, 4]]),
        ("reshapeAs", [tf.constant([[0], [0]])], [[1], [2]]),
        ("as2D", [2, 1], [[1], [2]]),
        ("as3D", [1, 2, 1], [[[1], [2]]]),
        ("as4D", [1, 2, 1, 1], [[[[1]], [[2]]]]),
        ("as5D", [1, 1, 1, 1, 2], [[[[[1, 2]]]]]),
        ("clone", [], [1, 2]),
        ("sub", [[1, 1]], [0, 1]),
        ("asType", ["int32"], [1, 2]),
        ("toInt", [], [1, 2]),
        ("toFloat", [], [1, 2]),
        ("toBool", [], [True, True]),
    ],
)
def test_method_takes_the_receiver_where_tfjs_does(method, arguments, expected):
    assert values(METHODS[method](X, *arguments)) == expected


def test_methods_that_flatten_need_no_arguments():
    assert values(METHODS["flatten"](SQUARE)) == [1, 2, 3, 4]
    assert values(METHODS["as1D"](SQUARE)) == [1, 2, 3, 4]
    assert values(METHODS["asScalar"](tf.constant([[7.0]]))) == 7


def test_the_method_one_hot_has_no_dtype():
    assert METHODS["oneHot"](tf.constant([1]), 2, 2, 0, "float32").dtype == tf.int32
    assert OPS["oneHot"](tf.constant([1]), 2, 2, 0, "float32").dtype == tf.float32


INT, BOOL = tf.constant([7, -7]), tf.constant([True, False])


@pytest.mark.parametrize(
    ("name", "arguments", "dtype", "expected"),
    [
        ("add", [INT, X], "float32", [8, -5]),
        ("add", [BOOL, INT], "int32", [8, -7]),
        ("div", [INT, tf.constant([2, 2])], "int32", [3, -4]),
        ("div", [INT, 2], "float32", [3.5, -3.5]),
        ("divNoNan", [INT, tf.constant([2, 0])], "int32", [3, 0]),
        ("maximum", [BOOL, BOOL], "int32", [1, 0]),
        ("mean", [BOOL], "float32", 0.5),
        ("sum", [BOOL], "int32", 1),
        ("prod", [BOOL], "int32", 0),
        ("max", [BOOL], "bool", True),
        ("min", [BOOL], "bool", False),
        ("sum", [INT], "int32", 0),
        ("argMax", [INT], "int32", 0),
        ("greater", [BOOL, INT], "bool", [False, True]),
        ("less", [BOOL, tf.constant([True, True])], "bool", [False, True]),
        ("where", [BOOL, INT, X], "float32", [7, 2]),
        ("erf", [tf.constant([0])], "float32", [0]),
        ("exp", [tf.constant([0])], "float32", [1]),
        ("isNaN", [INT], "bool", [False, False]),
        ("fill", [[1], True], "bool", [True]),
        ("range", [3, 0, UNDEFINED, "int32"], "int32", [3, 2, 1]),
        ("pad", [BOOL, [[1, 0]], 1], "bool", [True, True, False]),
        ("bincount", [INT[:1], tf.constant([3]), 8], "int32", [0, 0, 0, 0, 0, 0, 0, 3]),
    ],
)
def test_dtype_of_the_result_is_tfjs_s(name, arguments, dtype, expected):
    answer = OPS[name](*arguments)
    assert answer.dtype.name == dtype
    assert values(answer) == expected


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("sqrt", [INT], "must be float32 tensor, but got int32 tensor"),
        ("all", [X], "must be bool tensor, but got float32 tensor"),
        ("gather", [X, X], "must be int32 tensor, but got float32 tensor"),
        ("concat", [X], "must be a `Tensor\\[\\]`"),
        ("addN", [[X, SQUARE]], "must have the same shape"),
        ("clipByValue", [X, 2, 1], "min \\(2\\) must be less than or equal to max \\(1\\)"),
        ("erf", [BOOL], "Input dtype must be"),
        ("dot", [X, tf.zeros([1, 1, 2])], "inputs must all be rank 1 or 2"),
        ("einsum", ["ii->i", SQUARE], "duplicate axes"),
        ("einsum", ["...i->i", SQUARE], "ellipsis"),
        ("einsum", ["i,i,i->i", X, X, X], "more than 2 input tensors"),
        ("norm", [X, 3], "invalid ord value: 3"),
        ("norm", [SQUARE, 2, [0, 1]], "invalid ord value: 2"),
        ("outerProduct", [X, SQUARE], "inputs must be rank 1"),
        ("transpose", [SQUARE, [-1, 0]], "must be between 0 and 1"),
        ("bincount", [X, [], 3], "dtype must be int32"),
        ("eye", [2, 2, [1, 1, 1, 1]], "received 4D"),
        ("oneHot", [tf.constant([0]), 1], "depth must be >=2"),
        ("range", [0, 1, 0], "step of zero"),
        ("linspace", [0, 1, 0], "should be positive"),
        ("cast", [X, "string"], "Only strings"),
        ("cast", [X, "float64"], "unknown dtype float64"),
        ("mirrorPad", [X, [[0, 0]], "constant"], "Invalid mode"),
        ("pad2d", [X, [[0, 0]]], "Invalid number of paddings"),
        ("reverse2d", [X], "x must be rank 2 but got rank 1"),
        ("slice1d", [SQUARE, 0, 1], "expects a rank-1 tensor, but got a rank-2 tensor"),
        ("bitwiseAnd", [X, X], "Only supports 'int32'"),
    ],
)
def test_op_refuses_what_tfjs_refuses(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        OPS[name](*arguments)


def test_a_missing_argument_is_undefined_and_undefined_is_the_default():
    assert values(OPS["leakyRelu"](tf.constant([-1.0]), UNDEFINED)) == [np.float32(-0.2)]
    assert values(OPS["sum"](SQUARE, UNDEFINED, True)) == [[10]]
    assert values(OPS["sum"](SQUARE, None, True)) == [[10]]
    with pytest.raises(ValueError, match="'b' passed to 'add' must be a Tensor or TensorLike"):
        OPS["add"](X)


def test_arguments_beyond_the_last_are_ignored():
    assert values(OPS["neg"](X, 1, 2)) == [-1, -2]


def test_numbers_arrive_as_javascript_has_them():
    assert values(OPS["sum"](SQUARE, [1.0], 1.0)) == [[3], [7]]
    assert values(OPS["reshape"](SQUARE, [4.0])) == [1, 2, 3, 4]
    assert math.copysign(1, values(OPS["fill"]([1.0], -0.0))[0]) == -1


@pytest.mark.parametrize("axis", [None, UNDEFINED])
def test_order_minus_infinity_is_the_smallest_row_sum(axis):
    assert values(OPS["norm"](SQUARE, -math.inf, axis)) == 1
    assert values(OPS["norm"](SQUARE, -math.inf, [0, 1])) == 3
    assert values(OPS["norm"](SQUARE, -math.inf, [0, 1], True)) == [[3]]


def test_meshgrid_of_nothing_and_of_one():
    assert OPS["meshgrid"]() == []
    assert [values(part) for part in OPS["meshgrid"]([1, 2])] == [[1, 2]]
    across, down = OPS["meshgrid"]([1, 2], [3, 4, 5], {"indexing": "ij"})
    assert across.shape == down.shape == (2, 3)


def test_range_without_a_number_between_is_empty():
    assert values(OPS["range"](0, 5, -1)) == []
    assert values(OPS["range"](5, 0, 2)) == []


def test_gradient_is_tensorflow_s_own():
    x = tf.constant([-2.0, 0.0, 1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = OPS["clipByValue"](x, -1, 1)
    assert values(tape.gradient(y, x)) == [0, 1, 1, 0]
