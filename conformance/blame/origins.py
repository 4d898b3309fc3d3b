"""Where the inputs of recorded calls come from: inputs of the case, or results of other calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from conformance.language import tree
from conformance.protocol import Argument, Run, Tapped
from conformance.suite import arguments
from conformance.tensors import Tensor, from_numpy

REALS = frozenset({"float32", "complex64"})
"""The dtypes through which gradients flow."""

_CONSTANT = frozenset(
    {"ceil", "floor", "floorDiv", "onesLike", "round", "sign", "step", "zerosLike"}
)
"""Ops that are constant in pieces: nothing is lost where no gradient is computed up to them."""


def has_functions(request: Run) -> bool:
    """Whether the case hands functions to tf.js, as it does to take a gradient of a gradient.

    What flows through these is not recorded call by call.
    """
    return any(_arrows(request.f.tree.body))


def _arrows(node: Any) -> Iterator[tree.Arrow]:
    if isinstance(node, tree.Arrow):
        yield node
    if isinstance(node, msgspec.Struct):
        for field in node.__struct_fields__:
            yield from _arrows(getattr(node, field))
    elif isinstance(node, tuple):
        for part in node:
            yield from _arrows(part)


def tensor(argument: Argument) -> Tensor | None:
    """The bits of an input, a literal as tf.js coerces it; None for a literal with strings."""
    held = argument.tensor()
    if held is not None:
        return held
    try:
        return from_numpy(arguments.array(argument))
    except ValueError:
        return None


def input_of(request: Run, bits: Tensor) -> str | None:
    """The name of the only input of the case that has these bits."""
    found = [
        name
        for name, argument in zip(request.names, request.args, strict=True)
        if tensor(argument) == bits
    ]
    return found[0] if len(found) == 1 else None


def differentiated(request: Run, taps: Sequence[Tapped]) -> list[tuple[bool, ...]]:
    """For each input of each call, whether the gradient of the case surely goes through it.

    All is false where functions of the case, or steps of an optimizer, hide the way.
    """
    simple = request.call not in {"value", "minimize"} and not has_functions(request)
    found: list[tuple[bool, ...]] = []
    for tap in taps:
        depends = [
            simple
            and x.dtype in REALS
            and (
                input_of(request, x) in request.wrt
                if source is None
                else _flows(taps, found, source)
            )
            for x, source in zip(tap.inputs, tap.sources, strict=True)
        ]
        found.append(tuple(depends))
    return found


def _flows(
    taps: Sequence[Tapped], found: Sequence[tuple[bool, ...]], source: tuple[int, str]
) -> bool:
    call, key = source
    known = call < len(found) and key in taps[call].results
    if not known or taps[call].op in _CONSTANT:
        return False
    return taps[call].results[key].dtype in REALS and any(found[call])
