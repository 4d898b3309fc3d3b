"""The tf.js runner, as the harness meets it: messages over stdin and stdout, on both backends."""

from __future__ import annotations

import json
import re
import struct
import subprocess
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from nodejs import node

from conformance import bundle
from conformance.protocol import Answer, Started, Threw, what
from conformance.tensors import Tensor, from_strings

BACKENDS = ("cpu", "wasm")
START = {"id": 0, "do": "start", "protocol": 1}
SQUARE = "x => x.square()"
pytestmark = pytest.mark.parametrize("backend", BACKENDS)


def command(backend: str) -> list[str]:
    return [str(node.path), str(bundle.runner()), "--backend", backend]


def exchange(backend: str, *lines: bytes | dict[str, Any]) -> subprocess.CompletedProcess[bytes]:
    text = [line if isinstance(line, bytes) else msgspec.json.encode(line) for line in lines]
    return subprocess.run(
        command(backend), input=b"\n".join(text), capture_output=True, check=False, timeout=60
    )


def case(source: str, *args: object, call: str = "valueAndGrads", **more: Any) -> dict[str, Any]:
    names = [f"x{i}" for i in range(len(args))]
    given = [a if isinstance(a, (dict, Tensor)) else {"literal": a} for a in args]
    body: dict[str, Any] = {"do": "run", "call": call, "f": {"source": source}}
    return body | {"names": names, "args": given, "wrt": names} | more


def answers(backend: str, cases: Sequence[dict[str, Any]]) -> list[Any]:
    requests = [{"id": i, **body} for i, body in enumerate(cases, start=1)]
    done = exchange(backend, START, *requests, {"id": 99, "do": "stop"})
    assert done.returncode == 0, done.stderr.decode()
    found = [msgspec.json.decode(line, type=Answer) for line in done.stdout.splitlines()]
    assert [answer.id for answer in found] == list(range(len(cases) + 1))
    assert isinstance(what(found[0]), Started)
    return [what(answer) for answer in found[1:]]


def answer(backend: str, source: str, *args: object, **more: Any) -> Any:
    return answers(backend, [case(source, *args, **more)])[0]


def floats(tensor: Tensor | None) -> list[float]:
    assert tensor is not None
    assert tensor.dtype == "float32"
    return list(struct.unpack(f"<{tensor.size}f", tensor.data))


def float_bits(*patterns: int) -> Tensor:
    data = struct.pack(f"<{len(patterns)}I", *patterns)
    return Tensor(dtype="float32", shape=(len(patterns),), data=data)


def test_the_start_tells_who_answers(backend: str) -> None:
    done = exchange(backend, START)
    started = msgspec.json.decode(done.stdout, type=Answer).started
    assert started is not None
    names = json.loads(bundle.names_file().read_bytes())
    assert (started.name, started.version, started.backend) == ("tfjs", names["version"], backend)
    assert (started.reads, started.protocol, started.flushes_subnormals) == ("source", 1, False)
    assert started.runtime.startswith("node ")
    assert set(started.settings) == ({"simd", "threads"} if backend == "wasm" else set())


def test_the_quotient_of_the_documents_has_the_printed_numbers(backend: str) -> None:
    # https://js.tensorflow.org/api/latest/#valueAndGrads, with a null that tf.tensor makes 0
    got = answer(backend, "(x, y) => x.div(y)", [4.7, 5.8, 99.7], [9.5, -20.5, None], print=True)
    assert got.printed.value == "Tensor\n    [0.4947368, -0.2829268, Infinity]"
    assert got.printed.grads == (
        "Tensor\n    [0.1052632, -0.0487805, Infinity]",
        "Tensor\n    [-0.0520776, -0.0138013, -Infinity]",
    )
    assert floats(got.value)[2] == float("inf")
    assert got.backends == (backend,)
    assert got.kernels[0] == "RealDiv"
    assert got.leaked == 0
    assert got.seconds > 0


@pytest.mark.parametrize(
    ("call", "has_value"),
    [
        ("valueAndGrads", True),
        ("valueAndGrad", True),
        ("grads", False),
        ("grad", False),
        ("variableGrads", True),
    ],
)
def test_every_gradient_function_gives_the_same_gradient(
    backend: str, call: str, has_value: bool
) -> None:
    got = answer(backend, "x => x.square().sum()", [1, 2, 3], call=call)
    assert floats(got.grads[0]) == [2, 4, 6]
    assert (floats(got.value) if has_value else got.value) == ([14] if has_value else None)
    assert got.leaked == 0


def test_the_call_value_returns_the_value_alone(backend: str) -> None:
    got = answer(backend, "x => x.square().sum()", [1, 2, 3], call="value", wrt=[])
    assert (floats(got.value), got.grads, got.leaked) == ([14], (), 0)
    assert got.kernels == ("Square", "Sum")


def test_an_input_may_be_returned_as_it_is(backend: str) -> None:
    got = answer(backend, "x => x", [1, 2], call="value", wrt=[])
    assert (floats(got.value), got.leaked) == ([1, 2], 0)


def test_wrt_chooses_and_orders_the_gradients(backend: str) -> None:
    f = "(x, y, z) => x.mul(y).mul(z)"
    swapped, one = answers(
        backend, [case(f, [2], [3], [5], wrt=["x2", "x0"]), case(f, [2], [3], [5], wrt=["x1"])]
    )
    assert [floats(grad) for grad in swapped.grads] == [[6], [15]]
    assert [floats(grad) for grad in one.grads] == [[10]]


def test_variable_grads_leaves_out_what_is_not_connected(backend: str) -> None:
    body = case("(x, y) => x.square().sum()", [3], [4], call="variableGrads", print=True)
    for got in answers(backend, [body, body]):  # twice: the names of variables are free again
        assert floats(got.grads[0]) == [6]
        assert got.grads[1] is None
        assert got.printed.grads[1] is None
        assert got.leaked == 0


def test_dy_is_passed_on(backend: str) -> None:
    by_literal, by_bits = answers(
        backend,
        [
            case(SQUARE, [1, 2], dy={"literal": [10, 100]}),
            case(SQUARE, [1, 2], dy=float_bits(0x41200000, 0x42C80000), call="grads"),
        ],
    )
    assert floats(by_literal.grads[0]) == floats(by_bits.grads[0]) == [20, 400]


def test_the_bits_of_floats_survive(backend: str) -> None:
    bits = float_bits(0x7FC00001, 0xFFC12345, 0x80000000, 0x00000001, 0x7F7FFFFF, 0xFF800000)
    got = answer(backend, "x => tf.reshape(x, [2, 3])", bits, call="value", wrt=[])
    assert got.value == Tensor(dtype="float32", shape=(2, 3), data=bits.data)


@pytest.mark.parametrize(
    "tensor",
    [
        Tensor(dtype="int32", shape=(2,), data=struct.pack("<2i", -(2**31), 2**31 - 1)),
        Tensor(dtype="bool", shape=(3,), data=b"\x00\x01\x01"),
        Tensor(dtype="float32", shape=(), data=struct.pack("<f", 0.1)),
        Tensor(dtype="float32", shape=(0, 2), data=b""),
        from_strings(["", "grün", "\ufeff\U0001f600"], (3,)),
    ],
    ids=["int32", "bool", "scalar", "empty", "string"],
)
def test_every_dtype_travels_both_ways(backend: str, tensor: Tensor) -> None:
    got = answer(backend, "x => x.clone()", tensor, call="value", wrt=[])
    assert (got.value, got.leaked) == (tensor, 0)


def test_complex_numbers_travel_where_the_backend_has_them(backend: str) -> None:
    tensor = Tensor(dtype="complex64", shape=(2,), data=struct.pack("<4f", 1, -2, 0.5, -0.0))
    got = answer(backend, "x => x", tensor, call="value", wrt=[])
    if backend == "cpu":
        assert (got.value, got.leaked) == (tensor, 0)
    else:
        assert (got.phase, "'Complex' not registered" in got.message) == ("inputs", True)


@pytest.mark.parametrize(
    ("literal", "dtype", "bits"),
    [
        ([None, 1], None, struct.pack("<2f", 0, 1)),
        ([True, 2], None, b"\x01\x01"),
        ([1, True], None, struct.pack("<2f", 1, 1)),
        ([{"number": "-0"}, {"number": "-Infinity"}], None, b"\0\0\0\x80\0\0\x80\xff"),
        ([2.7, -2.7, {"number": "NaN"}, 2**31], "int32", struct.pack("<4i", 2, -2, 0, -(2**31))),
        ([0.4, 0.5, {"number": "NaN"}], "bool", b"\x00\x01\x01"),
    ],
)
def test_literals_go_through_the_coercion_of_tfjs(
    backend: str, literal: list[Any], dtype: str | None, bits: bytes
) -> None:
    argument = {"literal": literal} | ({"dtype": dtype} if dtype else {})
    got = answer(backend, "x => x", argument, call="value", wrt=[])
    assert got.value.data == bits


def test_a_literal_may_have_a_shape(backend: str) -> None:
    got = answer(backend, "x => x", {"literal": [1, 2], "shape": [2, 1]}, call="value", wrt=[])
    assert got.value.shape == (2, 1)


THROWS = {
    "syntax": (case("x => {", [1]), "parse", "SyntaxError", ""),
    "no function": (case("1", [1]), "parse", "TypeError", "not a function"),
    "null": (case(SQUARE, None), "inputs", "Error", "values passed to tensor"),
    "shape": (case(SQUARE, {"literal": [1, 2], "shape": [3]}), "inputs", "Error", "3 values"),
    "wrt": (case(SQUARE, [1], wrt=["y"]), "inputs", "RangeError", "y, which is no input"),
    "grad of none": (case(SQUARE, [1], wrt=[], call="grad"), "inputs", "RangeError", "one input"),
    "forward": (case("x => tf.matMul(x, x)", [1]), "forward", "Error", "inner shapes"),
    "nested": (case("x => tf.grad(a => tf.dot(a, 1))(x)", [[1]]), "forward", "Error", "dot"),
    "number": (case("x => 1", [1], call="value"), "forward", "TypeError", "number, not a tensor"),
    "no tensor": (case("x => 1", [1]), "backward", "Error", "must be a tensor"),
    "unconnected": (case("x => tf.scalar(1)", [1]), "backward", "Error", "Cannot compute gradient"),
    "dy": (case(SQUARE, [1, 2], dy={"literal": [1, 2, 3]}), "backward", "Error", "rank|shape"),
    "backward": (
        case(
            "x => tf.customGrad(y => ({value: y, gradFunc: dy => tf.matMul(dy, dy)}))(x.neg())",
            [1],
        ),
        "backward", "Error", "inner shapes",
    ),
    "read": (
        case("x => { const y = x.exp(); const z = y.dispose(); return y; }", [1], call="value"),
        "read", "Error", "disposed",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "phase", "type_", "part"), THROWS.values(), ids=THROWS)
def test_a_throw_has_its_phase_and_leaves_nothing_behind(
    backend: str, body: dict[str, Any], phase: str, type_: str, part: str
) -> None:
    kept = "x => { const y = tf.keep(x.exp()); return y.add(y); }"
    following = (
        case("x => x.pow(3)", [2]),
        case(kept, [2]),
        case("x => tf.grad(tf.square)(x)", [0]),
    )
    thrown, good, leaking, nested = answers(backend, [body, *following])
    assert isinstance(thrown, Threw), thrown
    assert (thrown.phase, thrown.type) == (phase, type_)
    assert re.search(part, thrown.message, re.IGNORECASE)
    assert (floats(good.value), floats(good.grads[0]), good.leaked) == ([8], [12], 0)
    assert leaking.leaked == 1
    assert (floats(nested.grads[0]), nested.leaked) == ([2], 0)


@pytest.mark.parametrize(
    ("source", "leaked"),
    [
        (SQUARE, 0),
        ("x => tf.keep(x.square())", 0),  # it is the result, and results are no leak
        ("x => { const y = tf.keep(x.square()); return y.sum(); }", 1),
        ("x => { const y = tf.variable(x); return x.sum(); }", 1),
        ("x => tf.tidy(() => x.exp().log())", 0),
        ("x => tf.grads(a => a.mul(a))([x])[0].mul(x)", 0),
    ],
)
def test_leaks_are_counted_case_by_case(backend: str, source: str, leaked: int) -> None:
    found = answers(backend, [case(source, [1, 2]), case(source, [1, 2]), case(SQUARE, [1])])
    assert [got.leaked for got in found] == [leaked, leaked, 0]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("x => tf.foo(x)", "no op tf.foo"),
        ("x => tf.linalg.svd(x)", "no op tf.linalg.svd"),
        ("x => x.square().cholesky()", "no method cholesky of Tensor"),
    ],
)
def test_what_tfjs_does_not_have_is_unsupported(backend: str, source: str, reason: str) -> None:
    missing, good = answers(backend, [case(source, [1]), case(SQUARE, [3])])
    assert missing == reason
    assert (floats(good.value), good.leaked) == ([9], 0)


def test_a_trap_of_webassembly_does_not_damage_later_cases(backend: str) -> None:
    source = "x => tf.sparseToDense(tf.tensor2d([[50000000]], [1, 1], 'int32'), x, [3])"
    first, good = answers(backend, [case(source, [1], call="value"), case(SQUARE, [3])])
    assert first.type == ("RuntimeError" if backend == "wasm" else "Error")
    assert (floats(good.value), good.backends, good.leaked) == ([9], (backend,), 0)


def test_a_renewed_backend_answers_as_before(backend: str) -> None:
    writer = case("x => x.square()", [1, 2], renew=True)
    first, good, again = answers(backend, [writer, case(SQUARE, [3]), writer])
    assert (floats(good.value), good.backends, good.leaked) == ([9], (backend,), 0)
    assert (first.value, first.grads, first.kernels) == (again.value, again.grads, again.kernels)


def test_memory_that_cannot_be_freed_does_not_end_the_process(backend: str) -> None:
    # Along a negative axis the WebAssembly kernel writes where the allocator keeps its own books.
    damaging = case("x => tf.cumsum(x, -1)", [[1, 2, 3], [4, 5, 6]], call="value", renew=True)
    good = case(SQUARE, [3])
    found = answers(backend, [damaging, good] * 3)
    for after in found[1::2]:
        assert (floats(after.value), after.backends, after.leaked) == ([9], (backend,), 0)


def test_lines_may_come_in_pieces(backend: str) -> None:
    numbers = [i / 8 for i in range(200_000)]
    requests = [START, {"id": 1, **case("x => x.neg().sum()", numbers)}]
    data = b"\r\n\n".join(msgspec.json.encode(request) for request in requests)
    with subprocess.Popen(
        command(backend), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for piece in (data[:7], data[7:90], data[90:]):  # and no newline at the end
            process.stdin.write(piece)
            process.stdin.flush()
        process.stdin.close()
        lines = process.stdout.read().splitlines()
        assert process.wait() == 0
    assert [json.loads(line)["id"] for line in lines] == [0, 1]
    assert "returned" in json.loads(lines[1])


def test_an_answer_does_not_wait_for_the_next_message(backend: str) -> None:
    with subprocess.Popen(
        command(backend), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(3):
            request = START if number == 0 else {"id": number, **case(SQUARE, [1])}
            process.stdin.write(msgspec.json.encode(request) + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait() == 0


def test_the_banner_of_tfjs_is_kept_off_stdout(backend: str) -> None:
    done = exchange(backend, START, {"id": 1, **case("x => { tf.tidy('a', 1); }", [1])})
    assert all(json.loads(line) for line in done.stdout.splitlines())
    assert (b"TensorFlow.js" in done.stderr) == (backend == "cpu")  # wasm has none to print


def test_the_end_of_stdin_is_the_end(backend: str) -> None:
    done = exchange(backend)
    assert (done.returncode, done.stdout) == (0, b"")


def test_another_protocol_is_refused(backend: str) -> None:
    done = exchange(backend, START | {"protocol": 2}, {"id": 1, **case(SQUARE, [1])})
    (line,) = done.stdout.splitlines()
    threw = msgspec.json.decode(line, type=Answer).threw
    assert threw is not None
    assert (threw.phase, threw.type) == ("parse", "ProtocolError")
    assert done.returncode == 3
    assert b"speaks protocol 1" in done.stderr


@pytest.mark.parametrize("line", [b"no json", b'{"id": 1, "do": "dance"}', b"null"])
def test_a_line_that_is_no_message_ends_the_program(backend: str, line: bytes) -> None:
    done = exchange(backend, START, line)
    assert done.returncode == 65
    assert len(done.stdout.splitlines()) == 1
    assert b"tfjs-conformance runner: a " in done.stderr


def test_an_unknown_backend_is_refused(backend: str) -> None:
    done = subprocess.run(
        [*command(backend)[:-1], "abacus"], capture_output=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"abacus" in done.stderr


def test_inputs_that_are_left_alone_are_not_altered(backend: str) -> None:
    plain, asked = answers(backend, [
        case("x => x.square()", [1, 2]),
        case("(x, y) => x.mul(y)", [1, 2], 3, dy={"literal": [1, 2]}, inspect=True),
    ])  # fmt: skip
    assert (plain.altered, asked.altered, asked.leaked) == (None, (), 0)


def test_inputs_that_are_gone_are_altered(backend: str) -> None:
    f = "(x, y) => { const z = x.mul(y); y.dispose(); return z; }"
    assert answer(backend, f, [1, 2], 3, call="value", wrt=[], inspect=True).altered == ("x1",)


def test_inputs_with_other_bits_are_altered(backend: str) -> None:
    f = "x => { x.dataSync()[0] = 7; return x.square(); }"
    got = answer(backend, f, [1, 2], call="value", wrt=[], inspect=True)
    # On wasm a tensor hands out a copy.
    assert got.altered == (("x0",) if backend == "cpu" else ())
