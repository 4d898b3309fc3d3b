from __future__ import annotations

import math
import os
import struct
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
import tensorflow as tf

from conformance.language.names import ApiNames
from conformance.language.parser import parse
from conformance.protocol import Answer, Argument, Function, Returned, Run, Threw
from conformance.tensors import from_numpy, from_strings
from reference_impl import settings
from reference_impl.api import execute as module
from reference_impl.execute import execute
from reference_impl.namespace import namespace

ROOT = Path(__file__).parents[2]


def quit_process():
    raise SystemExit(3)


OPS = {
    "mul": lambda a, b: a * b,
    "sum": tf.reduce_sum,
    "cast": tf.cast,
    "div": lambda a, b: a / b,
    "add": lambda a, b: a + b,
    "relu": lambda x: tf.cast(x, tf.float64),
    "exp": quit_process,
    "log": lambda: 1 / 0,
    "matMul": tf.matmul,
    "range": lambda: float("x" * 3000),
}
NAMESPACE = namespace(OPS, {name: OPS[name] for name in ("mul", "sum", "div", "add")})
NAMES = ApiNames("test", frozenset({*NAMESPACE.functions, "tan"}), frozenset(NAMESPACE.methods))


def bits(values, dtype=np.float32):
    tensor = from_numpy(np.array(values, dtype))
    return Argument(tensor.dtype, tensor.shape, tensor.data)


def request(source, call="valueAndGrads", *, dy=None, wrt=None, print_texts=False, **inputs):
    arguments = tuple(
        value if isinstance(value, Argument) else Argument(literal=value)
        for value in inputs.values()
    )
    return Run(
        id=7,
        call=call,
        f=Function(source, parse(source, NAMES)),
        names=tuple(inputs),
        args=arguments,
        wrt=tuple(inputs) if wrt is None else wrt,
        dy=dy,
        print=print_texts,
    )


def answer(source, call="valueAndGrads", **given):
    return execute(request(source, call, **given), NAMESPACE)


def numbers(returned):
    assert isinstance(returned, Returned), returned
    value = None if returned.value is None else returned.value.numpy().tolist()
    return value, [None if g is None else g.numpy().tolist() for g in returned.grads]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("value", (6, [])),
        ("valueAndGrads", (6, [3, 2])),
        ("grads", (None, [3, 2])),
        ("variableGrads", (6, [3, 2])),
    ],
)
def test_each_call_answers_its_parts(call, expected):
    wrt = () if call == "value" else ("x", "y")
    assert numbers(answer("(x, y) => x.mul(y)", call, x=2, y=3, wrt=wrt)) == expected


@pytest.mark.parametrize(("call", "value"), [("grad", None), ("valueAndGrad", 6)])
def test_calls_of_one_input_take_the_others_as_constants(call, value):
    returned = answer("(x, y) => x.mul(y)", call, x=2, y=3, wrt=("y",))
    assert numbers(returned) == (value, [2])


def test_gradients_come_in_the_order_of_wrt():
    assert numbers(answer("(x, y) => x.mul(y)", x=2, y=3, wrt=("y", "x")))[1] == [2, 3]


def test_an_input_without_a_gradient_is_null():
    assert numbers(answer("(x, y) => x.mul(x)", x=2, y=3))[1] == [4, None]
    assert numbers(answer("x => tf.scalar(1)", x=2))[1] == [None]
    assert numbers(answer("x => tf.scalar(1)", "variableGrads", x=2))[1] == [None]
    integers = bits([1, 2], np.int32)
    assert numbers(answer("x => x.mul(x)", x=integers)) == ([1, 4], [None])


def test_dy_is_used():
    returned = answer("x => x.mul(x)", x=bits([1, 2]), dy=bits([10, 100]))
    assert numbers(returned) == ([1, 4], [[20, 400]])


def test_bits_go_through_unchanged():
    payload = struct.pack("<3I", 0x7FC12345, 0x80000000, 0x00000001)
    returned = answer("x => x", "value", x=Argument("float32", (3,), payload), wrt=())
    assert returned.value.data == payload


def test_all_dtypes_of_tfjs_go_through():
    for array in (
        np.array([1, -2], np.int32),
        np.array([[True, False]]),
        np.array(1 + 2j, np.complex64),
        np.zeros((0, 2), np.float32),
    ):
        assert answer("x => x", "value", x=bits(array, array.dtype), wrt=()).value == from_numpy(
            array
        )
    for shape in ((2,), (1, 2)):
        strings = from_strings(["", "é"], shape)
        argument = Argument("string", shape, strings.data)
        assert answer("x => x", "value", x=argument, wrt=()).value == strings
    assert answer("x => x", "value", x="a", wrt=()).value == from_strings(["a"], ())


def test_literals_are_coerced_as_tfjs_coerces():
    literal = [None, {"number": "Infinity"}, {"number": "-0"}, {"number": "NaN"}]
    value = answer("x => x", "value", x=[literal], wrt=()).value.numpy()
    assert value[0, :2].tolist() == [0, math.inf]
    assert math.copysign(1, value[0, 2]) == -1
    assert math.isnan(value[0, 3])
    shaped = Argument(literal=[1.5, 2], shape=(2, 1), dtype="int32")
    assert answer("x => x", "value", x=shaped, wrt=()).value == from_numpy(
        np.array([[1], [2]], np.int32)
    )


def test_texts_of_print_are_given_on_request():
    returned = answer("(x, y) => x.mul(x)", x=bits([1, 2]), y=3, print_texts=True)
    assert returned.printed.value == "Tensor\n    [1, 4]"
    assert returned.printed.grads == ("Tensor\n    [2, 4]", None)
    assert answer("x => x.mul(x)", x=1).printed is None


def test_what_became_of_the_inputs_is_said_on_request():
    asked = request("(x, y) => x.mul(y)", x=bits([1, 2]), y=bits([3, 4]), dy=bits([1, 1]))
    assert execute(asked, NAMESPACE).altered is None
    inspected = msgspec.structs.replace(asked, inspect=True)
    assert execute(inspected, NAMESPACE).altered == ()


@pytest.mark.parametrize(
    ("given", "phase", "kind", "text"),
    [
        ({"x": [[1], 2]}, "inputs", "CoercionError", "ragged"),
        ({"x": {"number": "1"}}, "inputs", "ValueError", "stands for no value"),
        ({"x": Argument("float32", (2,), b"1234")}, "inputs", "ValueError", "4 bytes"),
        ({"x": 1, "wrt": ("z",)}, "inputs", "ValueError", "wrt names z"),
        ({"x": 1, "wrt": (), "call": "grad"}, "inputs", "ValueError", "wrt names 0"),
        ({"x": 1, "wrt": ()}, "forward", "GradientError", "an empty list of xs"),
        ({"x": 1, "dy": bits(1, np.int32)}, "forward", "GradientError", "dy must have 'float32'"),
        (
            {"x": 1, "call": "grad", "dy": Argument(literal="a")},
            "forward",
            "CoercionError",
            "must be numeric tensor",
        ),
        (
            {"x": [1, 2], "dy": bits([[1, 2]])},
            "backward",
            "GradientError",
            (
                "The shape of dy passed in valueAndGrads(f)([x1,...], dy) must match the shape"
                " returned by f([x1,...]) Shapes 2 and 1,2 must match"
            ),
        ),
        ({"x": 1, "source": "x => 1"}, "backward", "GradientError", "must be a tensor"),
        (
            {"x": 1, "source": "x => null", "call": "value", "wrt": ()},
            "backward",
            "TypeError",
            "not a tensor",
        ),
        (
            {"x": [1, 2], "call": "variableGrads"},
            "backward",
            "GradientError",
            "must return a scalar, but it returned a rank-1 tensor",
        ),
        (
            {"x": [1, 2], "source": "x => tf.matMul(x, x)"},
            "forward",
            "InvalidArgumentError",
            "",
        ),
        ({"x": 1, "source": "x => tf.log()"}, "forward", "ZeroDivisionError", "division"),
        ({"x": 1, "source": "x => tf.exp()"}, "forward", "SystemExit", "3"),
        ({"x": 1, "source": "x => tf.relu(x)"}, "read", "HarnessError", "dtype float64"),
    ],
)
def test_an_error_says_its_phase(given, phase, kind, text):
    given = {"source": "x => x.mul(x)", **given}
    threw = answer(**given)
    assert isinstance(threw, Threw), threw
    assert (threw.phase, threw.type) == (phase, kind)
    assert text in threw.message


def test_a_long_message_is_cut():
    assert len(answer("x => tf.range()", x=1).message) == module._LONGEST_MESSAGE


def test_an_op_that_is_not_there_is_unsupported():
    assert answer("x => tf.tan(x)", x=1) == "no op tf.tan"


def line(message):
    return msgspec.json.encode(message) + b"\n"


def talk(sent):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "reference_impl.worker"],
        input=sent,
        capture_output=True,
        cwd=ROOT,
        env=environment,
        timeout=300,
        check=False,
    )
    answers = [msgspec.json.decode(text, type=Answer) for text in done.stdout.splitlines()]
    return done.returncode, answers


def test_the_worker_speaks_the_protocol():
    standard = ApiNames("test", frozenset({"div"}), frozenset({"div"}))
    source = "(x, y) => x.div(y)"
    case = Run(
        id=1,
        call="valueAndGrads",
        f=Function(source, parse(source, standard)),
        names=("x", "y"),
        args=(Argument(literal=[1, 2]), bits([2, 4])),
        wrt=("x", "y"),
    )
    sent = b"".join(
        [
            b'{"id":0,"do":"start","protocol":1}\n\n',
            line(case),
            b"no message\n",
            b'{"id":5,"do":"dance"}\n',
            line(msgspec.structs.replace(case, id=2)),
            b'{"id":9,"do":"stop"}\n',
            line(msgspec.structs.replace(case, id=3)),
        ]
    )
    code, answers = talk(sent)
    assert code == 0
    assert [answer.id for answer in answers] == [0, 1, 5, 2]
    started = answers[0].started
    assert (started.name, started.reads, started.backend) == ("tensorflow", "tree", "cpu")
    assert started.version == tf.__version__
    assert settings.ENVIRONMENT.items() <= started.settings.items()
    assert numbers(answers[1].returned) == ([0.5, 0.5], [[0.5, 0.25], [-0.25, -0.125]])
    assert answers[2].threw.phase == "parse"
    assert answers[3].returned.value == answers[1].returned.value


PRINTING = """
import os, sys
import tensorflow as tf
from reference_impl import worker
from reference_impl.ops import METHODS
def shout(x, y):
    print("from Python")
    os.write(1, b"from C")
    tf.print("from TensorFlow", output_stream=sys.stdout)
    return x / y
METHODS["div"] = shout
worker.main()
"""


def test_nothing_that_prints_reaches_the_protocol_and_the_end_of_input_ends_it():
    standard = ApiNames("test", frozenset({"div"}), frozenset({"div"}))
    source = "x => x.div(x)"
    case = Run(
        id=1,
        call="value",
        f=Function(source, parse(source, standard)),
        names=("x",),
        args=(Argument(literal=2),),
        wrt=(),
    )
    done = subprocess.run(
        [sys.executable, "-c", PRINTING],
        input=b'{"id":0,"do":"start","protocol":1}\n' + line(case).rstrip(),
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0
    answers = [msgspec.json.decode(text, type=Answer) for text in done.stdout.splitlines()]
    assert [answer.id for answer in answers] == [0, 1]
    assert numbers(answers[1].returned) == (1, [])
    for loud in (b"from Python", b"from C", b"from TensorFlow"):
        assert loud in done.stderr
