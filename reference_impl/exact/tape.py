"""The tape: a program of scalar primitives, in order, with their values.

A node is a position in parallel lists. What was decided on the way is in the program itself, so the
tape can be evaluated again in another arithmetic: that is how mpmath checks it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from flint import arb
from numpy.typing import NDArray

from reference_impl.api.namespace import UnsupportedOp
from reference_impl.exact import primitives as p
from reference_impl.exact import values
from reference_impl.exact.primitives import Primitive
from reference_impl.exact.values import Undecided, Value

Nodes = NDArray[np.int64]
"""An array of nodes, of the shape of a tensor."""

Side = Literal["convention", "first", "last"]
"""Which of equal numbers is chosen at a kink: as TensorFlow does it, or the first, or the last."""

_MOST_NODES = 2_000_000
_LARGEST = float(np.finfo(np.float32).max)


class Arithmetic(Protocol):
    """How a primitive is evaluated: on balls, or on balls that are widened by a contract."""

    def evaluate(self, primitive: Primitive, operands: Sequence[Any]) -> Any:
        """The value of a primitive, of the values of its operands."""

    def leaf(self, number: float) -> Any:
        """The value of a number that is given exactly."""


class Balls:
    """The plain arithmetic: every value holds the real number."""

    @staticmethod
    def evaluate(primitive: Primitive, operands: Sequence[Value]) -> Value:
        """The primitive on balls."""
        return primitive.evaluate(*operands)

    @staticmethod
    def leaf(number: float) -> Value:
        """The number itself."""
        return values.exact(number)


@dataclass(eq=False)
class Tape:
    """A program; ``constants`` are the numbers of leaves, the shares of ties, blocks of gradients.

    ``overflows`` says after which number of nodes a node's value became infinite, because it was
    stored in a float32. ``results`` are the nodes that were. ``ties`` counts the kinks.
    """

    side: Side = "convention"
    primitives: list[Primitive] = field(default_factory=list)
    parents: list[tuple[int, ...]] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    constants: dict[int, Any] = field(default_factory=dict)
    overflows: list[tuple[int, int, float]] = field(default_factory=list)
    results: set[int] = field(default_factory=set)
    ties: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers: dict[tuple[float, float], int] = {}
        self.zero: int = self.number(0.0)
        self.one: int = self.number(1.0)

    def __len__(self) -> int:
        return len(self.values)

    def push(self, primitive: Primitive, parents: tuple[int, ...], constant: Any = None) -> int:
        """Append a node; the constant is that of a tie or a block."""
        known = self.values
        node = len(known)
        known.append(primitive.evaluate(*[known[parent] for parent in parents]))
        self.primitives.append(primitive)
        self.parents.append(parents)
        if constant is not None:
            self.constants[node] = constant
        return node

    def apply(self, primitive: Primitive, *operands: Nodes) -> Nodes:
        """A primitive on arrays of nodes, which broadcast as in NumPy."""
        arrays = np.broadcast_arrays(*operands)
        rows = list(zip(*(array.ravel().tolist() for array in arrays), strict=True))
        return self._extend(primitive, rows).reshape(arrays[0].shape)

    def sums(self, terms: Nodes) -> Nodes:
        """The sums over the last axis; each is one primitive."""
        *shape, count = terms.shape
        if count == 0:
            return np.full(shape, self.zero, np.int64)
        if count == 1:
            return terms[..., 0]
        rows = [tuple(row) for row in terms.reshape(-1, count).tolist()]
        return self._extend(p.SUM, rows).reshape(shape)

    def number(self, number: float) -> int:
        """The leaf of a number, of which there is only one."""
        key = (number, math.copysign(1.0, number))
        node = self._numbers.get(key)
        if node is None:
            node = self._leaf(number)
            # NaN is not equal to itself, and is a new node each time.
            self._numbers[key] = node
        return node

    def numbers(self, array: NDArray[Any]) -> Nodes:
        """The leaves of an array of numbers."""
        flat = [self.number(number) for number in array.ravel().tolist()]
        return np.array(flat, np.int64).reshape(array.shape)

    def add(self, a: int, b: int) -> int:
        """The node of a sum."""
        return self.push(p.ADD, (a, b))

    def sub(self, a: int, b: int) -> int:
        """The node of a difference."""
        return self.push(p.SUB, (a, b))

    def neg(self, a: int) -> int:
        """The node of the negative."""
        return self.push(p.NEG, (a,))

    def mul(self, a: int, b: int) -> int:
        """The node of a product; to multiply by one changes nothing, not even NaN."""
        if a == self.one:
            return b
        return a if b == self.one else self.push(p.MUL, (a, b))

    def div(self, a: int, b: int) -> int:
        """The node of a quotient."""
        return a if b == self.one else self.push(p.DIV, (a, b))

    def sum(self, terms: Sequence[int]) -> int:
        """The node of a sum of any number of terms."""
        if not terms:
            return self.zero
        return terms[0] if len(terms) == 1 else self.push(p.SUM, tuple(terms))

    def compare(self, a: int, b: int) -> int | None:
        """How the value of a is to that of b; see ``values.compare``.

        Raises:
            Undecided: the balls overlap, and the nodes are not computed alike.
        """
        try:
            return values.compare(self.values[a], self.values[b])
        except Undecided:
            if not self._alike(a, b):
                raise
            return 0

    def floor(self, a: int) -> float:
        """The greatest integer that is not above the value; specials as they are.

        Raises:
            Undecided: the ball holds an integer and numbers below it.
        """
        return floor(self.values[a])

    def tie(self, equals: tuple[int, ...], shares: tuple[float, ...]) -> int:
        """The node of a choice among equal numbers, with the shares of each in the gradient.

        A share of 1 of 3 in all is a third.
        """
        if self.side != "convention":
            chosen = 0 if self.side == "first" else len(equals) - 1
            shares = tuple(float(at == chosen) for at in range(len(equals)))
        node = self.push(p.TIE, equals, shares)
        self.ties.append(node)
        return node

    def store(self, node: int) -> None:
        """This is a result of an op: what is beyond float32 becomes infinite."""
        if node in self.results:
            return
        self.results.add(node)
        value = self.values[node]
        if type(value) is not arb or abs(float(value)) < _LARGEST:
            return
        if abs(value) >= values.FLOAT32_LIMIT:
            infinite = math.inf if value > 0 else -math.inf
            self.overflows.append((len(self.values), node, infinite))
            self.values[node] = infinite
        elif not abs(value) < values.FLOAT32_LIMIT:
            raise Undecided

    def evaluate(self, arithmetic: Arithmetic | None = None) -> list[Any]:
        """The values of all nodes once more, in the present precision or another arithmetic.

        What was decided stays decided.
        """
        arithmetic = arithmetic or Balls()
        found: list[Any] = []
        overflows = iter([*self.overflows, (-1, 0, 0.0)])
        when, node, infinite = next(overflows)
        for at, (primitive, parents) in enumerate(zip(self.primitives, self.parents, strict=True)):
            while when == at:
                found[node] = infinite
                when, node, infinite = next(overflows)
            if primitive is p.LEAF:
                found.append(arithmetic.leaf(self.constants[at]))
            else:
                found.append(arithmetic.evaluate(primitive, [found[parent] for parent in parents]))
        while when == len(self):
            found[node] = infinite
            when, node, infinite = next(overflows)
        return found

    def _leaf(self, number: float) -> int:
        node = len(self.values)
        self.values.append(values.exact(number))
        self.primitives.append(p.LEAF)
        self.parents.append(())
        self.constants[node] = number
        return node

    def _extend(self, primitive: Primitive, rows: list[tuple[int, ...]]) -> Nodes:
        known, evaluate, start = self.values, primitive.evaluate, len(self.values)
        if start + len(rows) > _MOST_NODES:
            raise UnsupportedOp("unsure: more operations than exact arithmetic does in good time")
        for row in rows:
            known.append(evaluate(*[known[parent] for parent in row]))
        self.parents += rows
        self.primitives += [primitive] * len(rows)
        return np.arange(start, len(known))

    def _alike(self, a: int, b: int) -> bool:
        """Whether two nodes are the same primitives of the same numbers, so surely equal."""
        open_pairs, seen = [(a, b)], set()
        while open_pairs:
            pair = open_pairs.pop()
            left, right = map(self._origin, pair)
            if left == right or (left, right) in seen:
                continue
            seen.add((left, right))
            if self.primitives[left] is not self.primitives[right]:
                return False
            if self.primitives[left] is p.LEAF:
                if self.constants[left] != self.constants[right]:
                    return False
                continue
            if len(self.parents[left]) != len(self.parents[right]):
                return False
            open_pairs += zip(self.parents[left], self.parents[right], strict=True)
        return True

    def _origin(self, node: int) -> int:
        while self.primitives[node] in {p.IDENTITY, p.TIE, p.BLOCK}:
            node = self.parents[node][0]
        return node


def floor(value: Value) -> float:
    """The greatest integer that is not above a value; specials as they are.

    Raises:
        Undecided: the ball holds an integer and numbers below it.
    """
    if isinstance(value, float):
        return value
    below = value.floor().unique_fmpz()
    if below is None:
        raise Undecided
    # Zero is special also where it is the integer below a fraction.
    return int(below) or 0.0


_current = Tape()


def current() -> Tape:
    """The tape of the case that is being run."""
    return _current


def begin(side: Side = "convention") -> Tape:
    """A new tape, which is the current one from now on."""
    global _current  # noqa: PLW0603  one case runs at a time
    _current = Tape(side)
    return _current
