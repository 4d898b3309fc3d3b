"""What a radius is made of: the roundings that it grew from, followed backwards."""

from __future__ import annotations

import bisect
import heapq
import math
from collections import defaultdict
from collections.abc import Sequence

from conformance.protocol import Contribution
from reference_impl.exact.spreads import SPREADS
from reference_impl.exact.tape import Scope
from reference_impl.exact.widening import Program

MOST = 3


class Breakdown:
    """What the radii of a program are made of, under one contract.

    What the operands of a node bring is the same for every result that it is a part of.
    """

    def __init__(self, program: Program, radii: Sequence[float]) -> None:
        self._program = program
        self._radii = radii
        self._brought: dict[int, tuple[float, dict[int, float]]] = {}

    def largest(self, node: int) -> tuple[Contribution, ...]:
        """The largest parts of the radius of a node, those of one function in one call together."""
        radii, scopes = self._radii, self._program.tape.scopes
        if not 0 < radii[node] < math.inf:
            return ()
        shares = {node: 1.0}
        found: dict[tuple[str, int, int, str], float] = defaultdict(float)
        # Only what the node depends on is visited, each after all that depend on it.
        waiting = [-node]
        while waiting:
            at = -heapq.heappop(waiting)
            share = shares.pop(at)
            brought, operands = self._of(at)
            for operand, part in operands.items():
                if operand not in shares:
                    heapq.heappush(waiting, -operand)
                    shares[operand] = 0.0
                shares[operand] += share * part
            place = bisect.bisect_right(scopes, at, key=lambda scope: scope.start) - 1
            found[_owner(self._program, scopes[place], at)] += share * (1 - brought)
        parts = [
            Contribution(op=op, call=call, order=order, function=function, share=share)
            for (op, call, order, function), share in found.items()
        ]
        return tuple(sorted(parts, key=lambda part: -part.share)[:MOST])

    def _of(self, node: int) -> tuple[float, dict[int, float]]:
        """The part of a node's radius that its operands bring, and that of each of them."""
        known = self._brought.get(node)
        if known is None:
            moved = _moved(self._program, self._radii, node)
            # What the operands bring, each by itself; together it is a little more.
            total = sum(moved.values())
            brought = min(total / self._radii[node], 1.0)
            known = brought, {one: brought * part / total for one, part in moved.items()}
            self._brought[node] = known
        return known


def _moved(program: Program, radii: Sequence[float], node: int) -> dict[int, float]:
    """What each operand's radius alone adds to that of a node."""
    tape = program.tape
    operands, spread = tape.parents[node], SPREADS[tape.primitives[node]]
    alone = {
        one: spread(program.values, _Only({one: radii[one]}), operands, program.values[node])  # type: ignore[arg-type]  # it is indexed alone
        for one in set(operands)
        if 0 < radii[one] < math.inf
    }
    return {one: part for one, part in alone.items() if 0 < part < math.inf}


def _owner(program: Program, scope: Scope, node: int) -> tuple[str, int, int, str]:
    tape = program.tape
    op = tape.calls[scope.call] if scope.call >= 0 else ""
    return op, scope.call, scope.order, tape.primitives[node].name


class _Only(dict[int, float]):
    """The radii of some nodes, zero for all others."""

    def __missing__(self, node: int) -> float:
        return 0.0
