"""The reverse sweep: from the gradient of results to that of inputs, on the same tape."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from reference_impl.exact import primitives as p
from reference_impl.exact.tape import Nodes, Tape


@dataclass(frozen=True, eq=False)
class Block:
    """The result of a function with a gradient of its own: nodes from ``start`` on, in order.

    ``rule`` gets the upstream gradients of the results, and returns a gradient per input.
    """

    start: int
    size: int
    inputs: tuple[Nodes, ...]
    rule: Callable[[list[int]], Sequence[Nodes]]


def block(
    tape: Tape,
    results: Nodes,
    inputs: tuple[Nodes, ...],
    rule: Callable[[list[int]], Sequence[Nodes]],
) -> Nodes:
    """New nodes of the same values, through which the gradient flows as the rule says."""
    if not results.size:
        return results
    made = tape.apply(p.BLOCK, results)
    found = Block(int(made.flat[0]), made.size, inputs, rule)
    tape.constants.update(dict.fromkeys(made.ravel().tolist(), found))
    return made


def sweep(tape: Tape, start: int, seeds: Sequence[tuple[int, int]], xs: Sequence[int]) -> list[int]:
    """The nodes of the gradients of xs.

    Args:
        tape: where the program is, and where the gradients are appended.
        start: the first node that may depend on xs; all xs are from there on.
        seeds: results and their upstream gradients.
        xs: the inputs, which have no inputs among them.

    Returns:
        One node for each of xs; zero where nothing depends on it.
    """
    end = len(tape)
    reached = reach(tape, start, end, xs)
    pending: dict[int, list[int]] = {}
    for result, upstream in seeds:
        pending.setdefault(result, []).append(upstream)
    wanted = dict.fromkeys(xs, tape.zero)
    before = tape.scopes[-1]
    place = len(tape.scopes) - 1
    for node in range(end - 1, start - 1, -1):
        # A block is gone through at its first node, whichever of its results something came to.
        is_block = tape.primitives[node] is p.BLOCK
        if not reached[node - start] or not (is_block or node in pending):
            continue
        while tape.scopes[place].start > node:
            place -= 1
        owner = tape.scopes[place]
        tape.belongs(owner.call, owner.order + 1)
        if is_block:
            _through_block(tape, node, pending)
            continue
        contributions = pending.pop(node)
        gradient = tape.sum(contributions)
        if node in tape.results:
            tape.store(gradient)
        if node in wanted:
            wanted[node] = gradient
            continue
        for parent, part in _parts(tape, node, gradient, start, reached):
            pending.setdefault(parent, []).append(part)
    tape.belongs(before.call, before.order)
    return [wanted[x] for x in xs]


def _parts(
    tape: Tape, node: int, gradient: int, start: int, reached: bytearray
) -> Iterator[tuple[int, int]]:
    """The operands that depend on an input, each with what it gets of a node's gradient."""
    primitive, operands = tape.primitives[node], tape.parents[node]
    for at, parent in enumerate(operands):
        if parent < start or not reached[parent - start]:
            continue
        if primitive is p.TIE:
            shares, whole = tape.constants[node]
            if shares[at] == whole:
                yield parent, gradient
            elif shares[at] and math.frexp(whole)[0] == 0.5:  # noqa: PLR2004  a power of two
                yield parent, tape.mul(gradient, tape.number(shares[at] / whole))
            elif shares[at]:
                part = tape.mul(gradient, tape.number(shares[at]))
                yield parent, tape.div(part, tape.number(whole))
        elif primitive is p.SUM:
            yield parent, gradient
        else:
            yield parent, primitive.rules[at](tape, gradient, node, *operands)


def reach(tape: Tape, start: int, end: int, xs: Sequence[int]) -> bytearray:
    """For each node from start on, whether it depends on one of xs."""
    reached = bytearray(end - start)
    for x in xs:
        reached[x - start] = 1
    parents, primitives = tape.parents, tape.primitives
    for node in range(start, end):
        if primitives[node] is p.BLOCK:
            found: Block = tape.constants[node]
            operands: Iterable[int] = (one for own in found.inputs for one in own.ravel().tolist())
            if node != found.start:
                reached[node - start] = reached[found.start - start]
                continue
        else:
            operands = parents[node]
        for parent in operands:
            if parent >= start and reached[parent - start]:
                reached[node - start] = 1
                break
    return reached


def _through_block(tape: Tape, node: int, pending: dict[int, list[int]]) -> None:
    found: Block = tape.constants[node]
    if node != found.start:
        return
    results = range(found.start, found.start + found.size)
    if not any(result in pending for result in results):
        return
    upstream = [tape.sum(pending.pop(result, [])) for result in results]
    for inputs, gradients in zip(found.inputs, found.rule(upstream), strict=True):
        for x, gradient in zip(inputs.flat, gradients.flat, strict=True):
            pending.setdefault(int(x), []).append(int(gradient))
