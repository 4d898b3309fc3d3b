from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.coercion import UNDEFINED, CoercionError, convert, tensor, upcast
from reference_impl.constructors import of_rank, scalar, tensor1d, variable
from reference_impl.javascript import number, number_text

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("values", "dtype", "expected_dtype", "expected"),
    [
        (1, None, "float32", 1),
        ([1, True], None, "float32", [1, 1]),
        ([True, 2], None, "bool", [True, True]),
        ([None, UNDEFINED], None, "float32", [0, NAN]),
        ([1, "2", "x", "", " 0x10 ", True], None, "float32", [1, 2, NAN, 0, 16, 1]),
        (["1", "a"], "float32", "float32", [1, NAN]),
        ([], None, "float32", []),
        ([[]], None, "float32", [[]]),
        (
            [0.4, 0.5, -0.5, NAN, -0.6, None, UNDEFINED, "2"],
            "bool",
            "bool",
            [False, True, False, True, True, False, True, True],
        ),
        (
            [2.7, -2.7, NAN, INF, 2**31, 3e9, -3e9, 1e20, -(2**31) - 1],
            "int32",
            "int32",
            [2, -2, 0, 0, -2147483648, -1294967296, 1294967296, 1661992960, 2147483647],
        ),
    ],
)
def test_values_become_what_tfjs_makes_of_them(values, dtype, expected_dtype, expected):
    made = tensor(values, UNDEFINED, dtype)
    assert made.dtype.name == expected_dtype
    assert made.shape == np.shape(expected)
    np.testing.assert_array_equal(made.numpy(), expected)


def test_strings_stay_strings():
    assert tensor([["a", "é"]]).numpy().tolist() == [[b"a", "é".encode()]]
    assert tensor(["a", True, 1.5]).numpy().tolist() == [b"a", b"true", b"1.5"]


def test_the_sign_of_zero_is_kept():
    assert math.copysign(1, tensor(-0.0).numpy()) == -1


@given(st.floats(allow_nan=False))
def test_a_double_is_rounded_once_to_float32(value):
    with np.errstate(over="ignore"):
        assert tensor(value).numpy() == np.float32(value)


@given(st.integers(-(2**53), 2**53))
def test_int32_wraps_modulo_two_to_the_32(value):
    assert (int(tensor(value, None, "int32").numpy()) - value) % 2**32 == 0


def test_an_integer_beyond_all_doubles_is_infinity():
    assert tensor([10**400, -(10**400)]).numpy().tolist() == [INF, -INF]


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        ([1, 2, 3, 4], [2, 2]),
        ([[1, 2, 3, 4]], [1, 2, 2]),
        ([[1, 2], [3, 4]], [2, 2, 1]),
        (5, [1, 1]),
        ([5], []),
        ([[5]], [1]),
        ([], [0, 2]),
    ],
)
def test_a_shape_that_fits_is_taken(values, shape):
    assert tensor(values, shape).shape == shape


@pytest.mark.parametrize(
    ("values", "shape", "dtype", "text"),
    [
        (
            [1, 2, 3],
            [2, 2],
            None,
            "Based on the provided shape, [2,2], the tensor should have 4 values but has 3",
        ),
        (
            [1, 2],
            [-1, 2],
            None,
            "Tensor must have a shape comprised of positive integers but got shape [-1,2].",
        ),
        (
            [1, 2],
            [1.5, 2],
            None,
            "Tensor must have a shape comprised of positive integers but got shape [1.5,2].",
        ),
        (
            [[1, 2], [3, 4]],
            [4, 1],
            None,
            (
                "Error creating a new Tensor. Inferred shape (2,2) does not match the provided"
                " shape (4,1). "
            ),
        ),
        (
            [[1, 2], [3, 4]],
            [4],
            None,
            (
                "Error creating a new Tensor. Inferred shape (2,2) does not match the provided"
                " shape (4). "
            ),
        ),
        (
            None,
            None,
            None,
            (
                "values passed to tensor(values) must be a number/boolean/string or an array of"
                " numbers/booleans/strings, or a TypedArray"
            ),
        ),
        (
            1,
            None,
            "complex64",
            "Cannot construct a complex64 tensor directly. Please use tf.complex(real, imag).",
        ),
        (1, None, "float16", "Unknown data type float16"),
    ],
)
def test_errors_of_tensor_have_the_texts_of_tfjs(values, shape, dtype, text):
    with pytest.raises(CoercionError) as caught:
        tensor(values, shape, dtype)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    "values", [[[1, 2], [3]], [[1], 2], [1, [2]], [[[1]], [[2, 3]]], [[], [1]]]
)
def test_a_ragged_array_is_an_error(values):
    with pytest.raises(CoercionError, match="ragged"):
        tensor(values)


@pytest.mark.parametrize("values", [[tf.constant(1.0)], [1, {}], ["a", None]])
def test_an_array_of_other_things_is_an_error(values):
    with pytest.raises(CoercionError):
        tensor(values)


def test_numbers_cannot_be_called_strings():
    with pytest.raises(CoercionError, match="made of strings"):
        tensor([1, 2], None, "string")


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (
            tf.constant([1]),
            "float32",
            "Argument 'x' passed to 'sqrt' must be float32 tensor, but got int32 tensor",
        ),
        (
            None,
            "float32",
            "Argument 'x' passed to 'sqrt' must be a Tensor or TensorLike, but got 'null'",
        ),
        (
            UNDEFINED,
            "numeric",
            "Argument 'x' passed to 'sqrt' must be a Tensor or TensorLike, but got 'null'",
        ),
        (
            {},
            "numeric",
            "Argument 'x' passed to 'sqrt' must be a Tensor or TensorLike, but got 'Object'",
        ),
        (
            abs,
            "numeric",
            "Argument 'x' passed to 'sqrt' must be a Tensor or TensorLike, but got 'Function'",
        ),
        (
            "a",
            "numeric",
            "Argument 'x' passed to 'sqrt' must be numeric tensor, but got string tensor",
        ),
        (
            tf.constant("a"),
            "numeric",
            "Argument 'x' passed to 'sqrt' must be numeric tensor, but got string tensor",
        ),
        (
            1,
            "string",
            "Argument 'x' passed to 'sqrt' must be string tensor, but got float32 tensor",
        ),
    ],
)
def test_errors_of_convert_have_the_texts_of_tfjs(value, dtype, text):
    with pytest.raises(CoercionError) as caught:
        convert(value, "x", "sqrt", dtype)
    assert str(caught.value) == text


def test_tensors_and_variables_pass_as_they_are():
    x, v = tf.constant([1]), tf.Variable(1.0)
    assert convert(x, "x", "add") is x
    assert convert(v, "x", "add", "float32") is v
    strings = tf.constant("a")
    assert convert(strings, "x", "clone", "string_or_numeric") is strings


def test_a_value_takes_the_dtype_that_the_op_requires():
    assert convert([1.7], "indices", "gather", "int32").numpy().tolist() == [1]
    assert convert([0, 2], "a", "logicalNot", "bool").numpy().tolist() == [False, True]
    assert convert(True, "x", "sqrt", "float32").dtype == tf.float32


def test_the_common_dtype_is_the_smallest_that_holds_both():
    tensors = {
        name: tf.cast(tf.constant([1]), name) for name in ("bool", "int32", "float32", "complex64")
    }
    names = list(tensors)
    for i, small in enumerate(names):
        for large in names[i:]:
            for a, b in ((small, large), (large, small)):
                assert [t.dtype.name for t in upcast(tensors[a], tensors[b])] == [large, large]
    with pytest.raises(CoercionError, match="Can not upcast string with float32"):
        upcast(tf.constant("a"), tensors["float32"])


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (
            lambda: scalar([1], None),
            "Error creating a new Scalar: value must be a primitive (number|boolean|string)",
        ),
        (lambda: tensor1d([[1]], None), "tensor1d() requires values to be a flat/TypedArray"),
        (
            lambda: tensor1d(None, None),
            "The input to the tensor constructor must be a non-null value.",
        ),
        (
            lambda: of_rank(2)([1], None, None),
            "tensor2d() requires shape to be provided when `values` are a flat/TypedArray",
        ),
        (
            lambda: of_rank(2)([1], [1], None),
            "tensor2d() requires shape to have two numbers",
        ),
        (
            lambda: of_rank(3)([[1]], None, None),
            "tensor3d() requires values to be number[][][] or flat/TypedArray",
        ),
        (
            lambda: of_rank(4)([1], None, None),
            "tensor4d() requires shape to be provided when `values` are a flat array",
        ),
    ],
)
def test_constructors_of_a_rank_check_as_in_tfjs(build, text):
    with pytest.raises(CoercionError) as caught:
        build()
    assert str(caught.value) == text


def test_a_variable_is_trainable_and_named():
    v = variable(tf.constant([1.5]), UNDEFINED, "w", "int32")
    assert (v.trainable, v.name, v.numpy().tolist()) == (True, "w:0", [1])
    assert not variable(tf.constant(1.0), False, UNDEFINED, UNDEFINED).trainable
    with pytest.raises(CoercionError, match="must be a tensor"):
        variable([1], UNDEFINED, UNDEFINED, UNDEFINED)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0, "0"),
        (1e21, "1e+21"),
        (1e-7, "1e-7"),
        (-1.5, "-1.5"),
        (NAN, "NaN"),
        (-INF, "-Infinity"),
        (123456789.0, "123456789"),
    ],
)
def test_numbers_print_as_in_javascript(value, text):
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [("-Infinity", -INF), ("+1e3", 1000), (" .5 ", 0.5), (False, 0), (None, 0)],
)
def test_number_parses_as_in_javascript(value, expected):
    assert number(value) == expected


@pytest.mark.parametrize("value", ["nan", "inf", "1_0", "1,5", "--1", UNDEFINED, {}, [1]])
def test_number_gives_nan_where_javascript_does(value):
    # JavaScript reads an array of one number; no tensor is made of such a value.
    assert math.isnan(number(value))
