"""Inputs and expectations: what their words become."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from suites import read, suite

from conformance.suite import nodes, numbers
from conformance.suite.arguments import dtype as dtype_of
from conformance.suite.case import Decimals, Exact, Missing, Throws
from conformance.suite.expect import expectation
from conformance.suite.inputs import argument, integer


def node(text):
    root, wrong = nodes.parse(text, "x")
    assert not wrong
    return root


LITERALS = {
    "3": 3, "-0.0": {"number": "-0"}, "-0": {"number": "-0"}, "2.50": 2.5, "1e3": 1000, ".5": 0.5,
    "5.": 5, "+1": 1, "0x10": 16, "NaN": {"number": "NaN"}, ".nan": {"number": "NaN"},
    "Infinity": {"number": "Infinity"}, "-.inf": {"number": "-Infinity"}, "null": None, "~": None,
    "true": True, "false": False, "'true'": "true", '"1"': "1", "[]": [], "[[], []]": [[], []],
    "[1, [2]]": None, "[null, true, 1]": [None, True, 1], "1e300": 1e300, "9007199254740992": 2**53,
    "1e-400": 0,
}  # fmt: skip


@pytest.mark.parametrize("text", [text for text in LITERALS if text != "[1, [2]]"])
def test_a_literal_is_the_value_that_javascript_would_read(text):
    found = argument(node(text)).literal
    assert found == LITERALS[text]
    assert type(found) is type(LITERALS[text])


@pytest.mark.parametrize(
    ("text", "dtype"),
    [("1", "float32"), ("[true, 1]", "bool"), ("['a']", "string"), ("[[]]", "float32"),
     ("null", "float32"), ("{values: [1], dtype: int32}", "int32"), ("{bits: [1]}", "float32"),
     ("{real: [1], imag: [2]}", "complex64")],
)  # fmt: skip
def test_a_dtype_is_the_stated_one_or_what_tfjs_infers(text, dtype):
    assert dtype_of(argument(node(text))) == dtype


def test_bits_travel_as_they_are():
    found = argument(node("{bits: [[0x7f800001, 1], [0x80000000, 4294967295]]}"))
    assert struct.unpack("<4I", found.data) == (0x7F800001, 1, 0x80000000, 0xFFFFFFFF)
    assert found.shape == (2, 2)
    assert argument(node("{bits: [1, 2], shape: [2, 1], dtype: int32}")).shape == (2, 1)
    assert argument(node("{bits: 1}")).shape == ()


def test_a_complex_number_is_real_then_imaginary():
    found = argument(node("{real: [1, -0.0], imag: [NaN, Infinity]}"))
    real, imag, zero, infinity = struct.unpack("<4f", found.data)
    assert (real, infinity) == (1, math.inf)
    assert math.isnan(imag)
    assert math.copysign(1, zero) == -1


def test_an_empty_shape_and_an_empty_tensor_are_inputs():
    assert argument(node("{shape: [], uniform: [0, 1], seed: 1}")).shape == ()
    assert argument(node("{shape: [0, 3], uniform: [0, 1], seed: 1}")).data == b""
    assert argument(node("{shape: [2, 0], values: []}")).shape == (2, 0)
    assert argument(node("{shape: [0], permutation: [0, 1], seed: 1}")).data == b""


@given(st.floats(allow_nan=False, width=64))
def test_every_double_is_read_as_python_writes_it(value):
    text = {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, repr(value))
    found = numbers.parse(text)
    assert struct.pack("<d", found) == struct.pack("<d", value)
    if math.isfinite(value):
        spelled = numbers.spelling(value)
        assert spelled is None or spelled == "-0"


@given(st.text())
def test_no_text_does_anything_but_be_a_number_or_not(text):
    try:
        assert isinstance(numbers.parse(text), float | None)
    except OverflowError as error:
        assert "beyond every double" in str(error)  # noqa: PT017  most texts raise nothing


@given(st.integers(-(2**60), 2**60))
def test_a_whole_number_beyond_a_double_is_rounded_as_javascript_rounds_it(value):
    assert integer(node(str(value)), -(2**62), 2**62, "n") == int(float(value))


def test_decimals_keep_the_words_of_the_file():
    found = expectation(node("{value: [[0.4947368, .inf], [-0.0, true]]}"), ()).value
    assert found == Decimals((2, 2), ("0.4947368", "Infinity", "-0.0", "true"))
    assert expectation(node("{value: 1.50}"), ()).value == Decimals((), ("1.50",))
    assert expectation(node("{value: ['a', 'b']}"), ()).value.items == ("a", "b")


def test_shape_values_and_fill_say_the_same_as_nested_lists():
    nested = expectation(node("{value: [[1, 1], [1, 1]]}"), ()).value
    assert expectation(node("{value: {shape: [2, 2], fill: 1}}"), ()).value == nested
    assert expectation(node("{value: {shape: [2, 2], values: [1, 1, 1, 1]}}"), ()).value == nested
    assert expectation(node("{value: {shape: [0, 2], fill: 1}}"), ()).value.items == ()


def test_bits_none_throws_and_either_are_what_they_say():
    found = expectation(node("{value: {bits: [0x80000000]}, grads: {x: none}}"), ("x",))
    assert isinstance(found.value, Exact)
    assert found.grads == {"x": Missing()}
    assert expectation(node("{throws: true}"), ()).throws == Throws()
    stated = expectation(node("{throws: {phase: forward, message: 'a: b'}}"), ()).throws
    assert stated == Throws(phase="forward", message="a: b")
    either = expectation(node("{either: [{value: [1]}, {throws: true}]}"), ()).either
    assert [part.throws for part in either] == [None, Throws()]


def test_a_printed_text_has_no_final_newline_of_a_block(tmp_path):
    text = """
        name: n
        f: x => x
        inputs: {x: [1]}
        expect:
          printed:
            value: |
              Tensor
                  [1]
    """
    (case,) = read(tmp_path, suite(text))
    assert case.expect.printed.value == "Tensor\n    [1]"
