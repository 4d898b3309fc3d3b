"""What an implementation is graded by, in the order in which somebody who writes one meets it."""

from __future__ import annotations

import math
import struct
from collections.abc import Awaitable, Callable
from typing import get_args

import msgspec

from conformance.grading import questions
from conformance.grading.questions import floats, identity, integers, numbers, question, truths
from conformance.grading.talk import Said, Talk
from conformance.protocol import (
    PROTOCOL,
    Argument,
    Call,
    Optimizer,
    Phase,
    Returned,
    Run,
    Threw,
)
from conformance.tensors import Tensor, from_strings

_PIPELINED = 200
_MEBIBYTE = 1 << 20
_OTHER_PROTOCOL = 999


class Failed(Exception):  # noqa: N818  the check failed
    """What the implementation did instead."""


Body = Callable[[Talk], Awaitable[str | None]]


class Check(msgspec.Struct, frozen=True):
    """One thing to be graded: ``body`` gives a remark or None, or raises Failed or Broken."""

    id: str
    title: str
    hint: str
    body: Body


def _returned(said: Said, about: str) -> Returned:
    match said:
        case Returned():
            return said
        case Threw():
            raise Failed(f"{about}: threw in phase {said.phase}: {said.type}: {said.message}")
        case reason:
            raise Failed(f"{about}: answered unsupported: {reason}")


def _same(got: Tensor | None, wanted: Tensor, about: str) -> None:
    if got is None:
        raise Failed(f"{about}: there is no tensor")
    if got != wanted:
        raise Failed(f"{about}: expected {_shown(wanted)}, got {_shown(got)}")


def _shown(tensor: Tensor) -> str:
    hexadecimal = tensor.data[:32].hex(" ", -4 if tensor.dtype in {"float32", "int32"} else 1)
    more = " …" if len(tensor.data) > 32 else ""  # noqa: PLR2004  as many as a line holds
    return f"{tensor.dtype} {list(tensor.shape)} with the bytes {hexadecimal}{more}"


async def _keeps(talk: Talk, *tensors: Tensor) -> None:
    answers = await talk.ask(*map(identity, tensors))
    for tensor, said in zip(tensors, answers, strict=True):
        about = f"x => x of {tensor.dtype} {list(tensor.shape)}"
        _same(_returned(said, about).value, tensor, about)


async def _start(talk: Talk) -> str | None:
    started = await talk.start()
    return f"{started.name} {started.version}, protocol {started.protocol}, reads {started.reads}"


async def _version(talk: Talk) -> str | None:
    started = await talk.offer(_OTHER_PROTOCOL)
    if started is not None and started.protocol == _OTHER_PROTOCOL:
        raise Failed(f"says that it speaks version {_OTHER_PROTOCOL}")
    return None


async def _float_bits(talk: Talk) -> str | None:
    await _keeps(talk, floats(*questions.FLOATS), *map(floats, questions.FLOATS))
    return None


async def _nan(talk: Talk) -> str | None:
    given = floats(*questions.NANS)
    (said,) = await talk.ask(identity(given))
    value = _returned(said, "x => x of NaN").value
    if value is None or (value.dtype, value.shape) != (given.dtype, given.shape):
        raise Failed("x => x of NaN: another dtype or shape")
    if not all(map(math.isnan, struct.unpack(f"<{given.size}f", value.data))):
        raise Failed(f"x => x of NaN: got {_shown(value)}")
    return None if value == given else "the payload of NaN is not kept"


async def _int32(talk: Talk) -> str | None:
    await _keeps(talk, integers(*questions.INTEGERS))
    return None


async def _bool(talk: Talk) -> str | None:
    await _keeps(talk, truths(True, False, True))
    return None


async def _complex(talk: Talk) -> str | None:
    words = struct.pack("<4I", 0x3F80_0000, 0x8000_0000, 0x0000_0001, 0x7F7F_FFFF)
    given = Tensor("complex64", (2,), words)
    (said,) = await talk.ask(identity(given))
    match said:
        case Returned():
            _same(said.value, given, "x => x of complex64")
            return None
        # tf.js itself has backends without complex numbers.
        case Threw(message=reason) | reason:
            return f"has no complex64: {reason}"


async def _string(talk: Talk) -> str | None:
    await _keeps(talk, from_strings(list(questions.STRINGS), (len(questions.STRINGS),)))
    return None


async def _shapes(talk: Talk) -> str | None:
    ranks = [(2, 1, 3, 1, 2, 1)[:rank] for rank in range(7)]
    await _keeps(
        talk,
        *(numbers(*range(math.prod(shape)), shape=shape) for shape in ranks),
        *(numbers(shape=shape) for shape in [(0,), (2, 0, 3)]),
    )
    return None


async def _large(talk: Talk) -> str | None:
    count = _MEBIBYTE // 4
    words = (0x3F80_0000 + (i * 2654435761 & 0x007F_FFFF) for i in range(count))
    await _keeps(talk, floats(*words))
    return None


async def _literals(talk: Talk) -> str | None:
    arguments = [Argument(literal=v, shape=s, dtype=d) for v, s, d, _ in questions.LITERALS]
    answers = await talk.ask(*map(identity, arguments))
    for given, (*_, wanted), said in zip(arguments, questions.LITERALS, answers, strict=True):
        about = f"literal {msgspec.json.encode(given).decode()}"
        _same(_returned(said, about).value, wanted, about)
    return None


async def _gradient(talk: Talk) -> str | None:
    run = question("a => a.mul(a)", numbers(3, -4), call="valueAndGrads")
    (said,) = await talk.ask(run)
    returned = _returned(said, "a => a.mul(a)")
    _same(returned.value, numbers(9, 16), "value")
    _grads(returned, numbers(6, -8))
    return None


def _grads(returned: Returned, *wanted: Tensor) -> None:
    if len(returned.grads) != len(wanted):
        raise Failed(f"{len(returned.grads)} gradients, {len(wanted)} were asked for")
    for number, (got, tensor) in enumerate(zip(returned.grads, wanted, strict=True)):
        _same(got, tensor, f"grads[{number}]")


async def _upstream(talk: Talk) -> str | None:
    run = question("a => a.mul(a)", numbers(3, -4), call="valueAndGrads", dy=numbers(10, 100))
    (said,) = await talk.ask(run)
    _grads(_returned(said, "a => a.mul(a) with dy"), numbers(60, -800))
    return None


async def _wrt(talk: Talk) -> str | None:
    given = (numbers(2), numbers(3), numbers(5))
    run = question("(a, b, c) => a.mul(b).mul(c)", *given, call="valueAndGrads", wrt="ca")
    (said,) = await talk.ask(run)
    _grads(_returned(said, "wrt [c, a]"), numbers(6), numbers(15))
    return None


async def _calls(talk: Talk) -> str | None:
    x, gradient = numbers(3, -4), numbers(6, -8)
    source = "a => a.mul(a).sum()"
    calls: tuple[Call, ...] = tuple(call for call in get_args(Call) if call != "minimize")
    answers = await talk.ask(*(question(source, x, call=call) for call in calls))
    for call, said in zip(calls, answers, strict=True):
        returned = _returned(said, call)
        if call in {"grad", "grads"}:
            if returned.value is not None:
                raise Failed(f"{call}: there is a value, which this call does not give")
        else:
            _same(returned.value, numbers(25, shape=()), call)
        _grads(returned, *([] if call == "value" else [gradient]))
    return None


async def _minimize(talk: Talk) -> str | None:
    run = question(
        "(a, b) => a.mul(b)", numbers(3, shape=()), numbers(4, shape=()), call="minimize", wrt="a",
        optimizer=Optimizer("sgd", (0.5,)), steps=2,
    )  # fmt: skip
    (said,) = await talk.ask(run)
    if isinstance(said, str):
        return f"does not train: {said}"
    returned = _returned(said, "two steps of sgd")
    _same(returned.value, numbers(4, shape=()), "the loss of the second step")
    if len(returned.variables) != 1:
        raise Failed(f"{len(returned.variables)} variables, 1 was trained")
    _same(returned.variables[0], numbers(-1, shape=()), "variables[0]")
    _grads(returned)
    return None


async def _unconnected(talk: Talk) -> str | None:
    run = question("(a, b) => a.mul(a)", numbers(3), numbers(4), call="valueAndGrads")
    (said,) = await talk.ask(run)
    if isinstance(said, Threw):
        return f"throws {said.type}"
    returned = _returned(said, "(a, b) => a.mul(a)")
    if len(returned.grads) != 2 or returned.grads[1] is not None:  # noqa: PLR2004  one per input
        raise Failed("an input that the value does not depend on has a gradient")
    return "answers null"


async def _forward_error(talk: Talk) -> str | None:
    run = question("(a, b) => tf.add(a, b)", numbers(1, 2), numbers(1, 2, 3))
    return await _expect_error(talk, run, "forward")


async def _inputs_error(talk: Talk) -> str | None:
    run = identity(Argument(literal=[1, 2, 3], shape=(2, 2)))
    return await _expect_error(talk, run, "inputs")


async def _expect_error(talk: Talk, run: Run, phase: Phase) -> str | None:
    said, after = await talk.ask(run, identity(numbers(1)))
    if not isinstance(said, Threw):
        raise Failed(f"{run.f.source}: expected threw, got {type(said).__name__}")
    if said.phase != phase:
        raise Failed(f"{run.f.source}: threw in phase {said.phase}, not {phase}")
    _same(_returned(after, "the next case").value, numbers(1), "the next case")
    return None


async def _unsupported(talk: Talk) -> str | None:
    said, after = await talk.ask(question(questions.unknown_op(), numbers(1)), identity(numbers(1)))
    if not isinstance(said, str):
        raise Failed(f"tf.{questions.UNKNOWN_OP}(x): expected unsupported, got {said}")
    _same(_returned(after, "the next case").value, numbers(1), "the next case")
    return None


async def _many(talk: Talk) -> str | None:
    await _keeps(talk, *(numbers(number) for number in range(_PIPELINED)))
    return None


async def _bytewise(talk: Talk) -> str | None:
    runs = [identity(numbers(number)) for number in range(2)]
    answers = await talk.ask(*runs, in_bytes=True)
    for number, said in enumerate(answers):
        _same(_returned(said, "x => x").value, numbers(number), "x => x")
    return None


async def _stop(talk: Talk) -> str | None:
    _expect_zero(await talk.end(by_stop=True))
    return None


async def _end_of_input(talk: Talk) -> str | None:
    _expect_zero(await talk.end(by_stop=False))
    return None


def _expect_zero(ending: str) -> None:
    if ending != "ended with exit code 0":
        raise Failed(ending or "did not end")


async def _once(talk: Talk) -> str | None:
    if talk.unasked is not None:
        raise Failed(talk.unasked)
    return None


async def _clean(talk: Talk) -> str | None:
    if talk.noise is not None:
        raise Failed(talk.noise)
    return None


CHECKS = (
    Check("start", "says who it is", f"answer start with started, protocol {PROTOCOL}", _start),
    Check("float32", "keeps every bit of float32: zeros, subnormals, infinities, extremes",
          "let no number pass through text or float64 arithmetic", _float_bits),
    Check("nan", "keeps NaN", "build tensors from the bytes of data", _nan),
    Check("int32", "keeps int32 to its extremes", "4 bytes each, little-endian, signed", _int32),
    Check("bool", "keeps bool", "one byte each, 0 or 1", _bool),
    Check("complex64", "keeps complex64, if it has it", "8 bytes each: real, imaginary", _complex),
    Check("string", "keeps strings", "each is its UTF-8 length in 4 bytes, and the bytes", _string),
    Check("shapes", "keeps shapes of rank 0 to 6, and empty tensors",
          "an empty tensor has no bytes, a scalar has the shape []", _shapes),
    Check("large", "keeps a tensor of 1 MiB", "lines may be long: read to the line feed", _large),
    Check("literals", "coerces literals as tf.tensor does",
          "call your tf.tensor(literal, shape, dtype)", _literals),
    Check("gradient", "gives value and gradient of a * a",
          "grads has one per name in wrt", _gradient),
    Check("dy", "multiplies by the upstream gradient",
          "dy is the gradient of the value", _upstream),
    Check("wrt", "gives gradients in the order of wrt, for those inputs alone",
          "all inputs go to f, in the order of names", _wrt),
    Check("calls", "knows every call", "grad and grads answer no value, value no grads", _calls),
    Check("minimize", "takes training steps, if it has optimizers",
          "value is the loss of the last step, variables has one per name in wrt", _minimize),
    Check("unconnected", "says that there is no gradient", "answer null in grads, or threw",
          _unconnected),
    Check("threw", "answers an error of an op, and lives on", "answer threw, phase forward",
          _forward_error),
    Check("inputs", "answers an error of tf.tensor, and lives on", "answer threw, phase inputs",
          _inputs_error),
    Check("unsupported", "says what it does not have, and lives on", "answer unsupported",
          _unsupported),
    Check("pipelined", f"answers {_PIPELINED} requests sent at once",
          "go on reading while you answer; any order will do", _many),
    Check("bytes", "reads requests that come byte by byte", "a read may end anywhere", _bytewise),
    Check("stop", "ends with exit code 0 at stop", "exit at once; stop has no answer", _stop),
    Check("eof", "ends with exit code 0 at the end of its input",
          "treat it as stop", _end_of_input),
    Check("version", "does not claim a version of the protocol that it does not know",
          "answer with your own version, or end", _version),
    Check("once", "answers each request once, and nothing else", "an id is answered once", _once),
    Check("stdout", "writes nothing but answers to stdout", "logs belong on stderr", _clean),
)  # fmt: skip
