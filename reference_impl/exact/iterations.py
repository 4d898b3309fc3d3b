"""The radius of a state of an iteration, by how it depends on the state before it.

The running error analysis adds up what each operand brings, as if they were independent. A step of
an optimizer, w - rate (w - c), takes back a part of the error of w, but would add it: over many
steps the radius would grow, where the iteration converges. So the derivatives by the state before
are followed from the new state backwards, with their signs.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from reference_impl.exact import primitives as p
from reference_impl.exact.primitives import Primitive

if TYPE_CHECKING:
    from reference_impl.exact.widening import Program

Numbers = Sequence[float]
Slope = Callable[[Numbers, tuple[int, ...], float], tuple[float, ...]]
"""The derivatives of a primitive by its operands: of all values, the operands and the result."""

SLOPES: dict[Primitive, Slope] = {
    p.IDENTITY: lambda _v, _o, _y: (1.0,),
    p.BLOCK: lambda _v, _o, _y: (1.0,),
    p.THROUGH: lambda _v, _o, _y: (1.0,),
    p.SUM: lambda _v, o, _y: (1.0,) * len(o),
    p.ADD: lambda _v, _o, _y: (1.0, 1.0),
    p.SUB: lambda _v, _o, _y: (1.0, -1.0),
    p.NEG: lambda _v, _o, _y: (-1.0,),
    p.MUL: lambda v, o, _y: (v[o[1]], v[o[0]]),
    p.DIV: lambda v, o, y: (1 / v[o[1]], -y / v[o[1]]),
    p.EXP: lambda _v, _o, y: (y,),
    p.LOG: lambda v, o, _y: (1 / v[o[0]],),
    p.SQRT: lambda _v, _o, y: (0.5 / y,),
    p.RSQRT: lambda v, o, y: (-0.5 * y / v[o[0]],),
    p.TANH: lambda _v, _o, y: (1 - y * y,),
    p.SIGMOID: lambda _v, _o, y: (y * (1 - y),),
}
"""The primitives that are followed; any other keeps the radius that it has."""


def radius(program: Program, found: Numbers, natural: Mapping[int, float], node: int) -> float:
    """The radius of a state.

    Args:
        program: the tape, which says what the state before it is.
        found: the radii of all nodes before this one.
        natural: the radii of the running error analysis of the states that have another.
        node: the state.
    """
    tape, values = program.tape, program.values
    before = tape.states[node]
    weights, queue, total = {node: 1.0}, [-node], 0.0
    while queue:
        at = -heapq.heappop(queue)
        weight = weights.pop(at)
        own = natural.get(at, found[at])
        slope = None if at in before else SLOPES.get(tape.primitives[at])
        operands = tape.parents[at]
        try:
            slopes = slope(values, operands, values[at]) if slope else ()
        except ZeroDivisionError:
            slopes = ()
        if not slopes or not all(map(math.isfinite, slopes)):
            total += abs(weight) * found[at]
            continue
        # What is beyond the linear part: the node's own rounding, and the curvature.
        linear = sum(abs(slope) * found[one] for slope, one in zip(slopes, operands, strict=True))
        total += abs(weight) * max(own - linear, 0.0)
        for one, part in zip(operands, slopes, strict=True):
            if part == 0 or found[one] == 0:
                continue
            if tape.primitives[one] is p.LEAF:
                # A parameter may be rounded here, and in double precision there.
                total += abs(weight * part) * found[one]
                continue
            if one not in weights:
                heapq.heappush(queue, -one)
            weights[one] = weights.get(one, 0.0) + weight * part
    return total
