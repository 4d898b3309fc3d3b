"""What a case asks and what it expects, in words and decimals."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape

from conformance import optimizers
from conformance.judge import finding
from conformance.protocol import Argument
from conformance.suite.case import Case, Decimals, Exact, Expectation, Expected
from conformance.tensors import Tensor

_MOST_ELEMENTS = 64


def show(case: Case, console: Console) -> None:
    """Print the function and its inputs."""
    wrt = f" for {', '.join(case.wrt)}" if case.wrt else ""
    console.print(f"{case.call}{escape(wrt)} of")
    source = textwrap.indent(textwrap.dedent(case.f.source).strip(), "    ")
    console.print(f"[cyan]{escape(source)}[/]\n", soft_wrap=True)
    given = list(zip(case.names, case.args, strict=True))
    if case.dy is not None:
        given.append(("dy", case.dy))
    if case.optimizer is not None:
        about = optimizers.described(case.optimizer, case.steps)
        console.print(f"[bold]optimizer[/] = {escape(about)}", soft_wrap=True)
    for name, argument in given:
        console.print(f"[bold]{escape(name)}[/] = {escape(described(argument))}", soft_wrap=True)


def described(argument: Argument) -> str:
    """An input in decimals: a literal as it is written, a tensor with its dtype and shape."""
    held = argument.tensor()
    if held is not None:
        return _tensor(held)
    notes = [
        str(note) for note in (argument.dtype, argument.shape and list(argument.shape)) if note
    ]
    return " ".join([_literal(argument.literal), *notes])


def _literal(value: object) -> str:
    match value:
        case list():
            return f"[{', '.join(_literal(item) for item in value)}]"
        case {"number": str() as name}:
            return name
        case str():
            return f'"{value}"'
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case _:
            return str(value)


def _tensor(tensor: Tensor) -> str:
    """Decimals; with bits after those that a decimal does not tell apart."""
    texts = [_element(element) for element in tensor.numpy().reshape(-1)[:_MOST_ELEMENTS]]
    more = f", … {tensor.size - len(texts)} more" if tensor.size > len(texts) else ""
    return f"{tensor.dtype} {list(tensor.shape)}: {', '.join(texts)}{more}"


def _element(element: object) -> str:
    text = finding.text(element)
    subnormal = "e-" in text and 0 < abs(complex(element)) < 2.0**-126  # type: ignore[call-overload]  # a number
    return f"{text} ({finding.bits(element)})" if text == "NaN" or subnormal else text


def expectation(expect: Expectation, indent: str = "") -> Iterator[str]:
    """What a case states, in lines."""
    if expect.value is not None:
        yield f"{indent}expected value: {_expected(expect.value)}"
    for name, part in expect.grads.items():
        yield f"{indent}expected gradient of {name}: {_expected(part)}"
    for name, part in expect.variables.items():
        yield f"{indent}expected variable {name}: {_expected(part)}"
    if expect.throws is not None:
        phase = f" in phase {expect.throws.phase}" if expect.throws.phase else ""
        said = f" that says: {expect.throws.message}" if expect.throws.message else ""
        yield f"{indent}expected: an error{phase}{said}"
    if expect.printed is not None:
        for name, text in (("value", expect.printed.value), *expect.printed.grads.items()):
            if text is not None:
                yield f"{indent}expected text of {name}:\n{textwrap.indent(text, indent + '    ')}"
    if expect.leaks:
        yield f"{indent}expected to stay alive: {expect.leaks} tensors"
    for number, alternative in enumerate(expect.either, 1):
        yield f"{indent}alternative {number}"
        yield from expectation(alternative, f"{indent}    ")


def _expected(part: Expected) -> str:
    match part:
        case Decimals(shape=shape, items=items):
            shown = ", ".join(items[:_MOST_ELEMENTS])
            more = f", … {len(items) - _MOST_ELEMENTS} more" if len(items) > _MOST_ELEMENTS else ""
            return f"{list(shape)}: {shown}{more}"
        case Exact(tensor=tensor):
            return f"exactly {_tensor(tensor)}"
        case _:
            return "none"
