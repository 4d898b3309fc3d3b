"""The tape: a program of scalar primitives, in order, with their values.

A node is a position in parallel lists. What was decided on the way is in the program itself, so the
tape can be evaluated again in another arithmetic: that is how mpmath checks it. It is also noted
as a decision, so that the program can be run again with that one decided otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from flint import arb
from numpy.typing import NDArray

from conformance.protocol import Choice, Share
from reference_impl.api.namespace import UnsupportedOp
from reference_impl.exact import primitives as p
from reference_impl.exact import values
from reference_impl.exact.primitives import Primitive
from reference_impl.exact.values import Undecided, Value

Nodes = NDArray[np.int64]
"""An array of nodes, of the shape of a tensor."""

Side = Literal["convention", "first", "last"] | tuple[Choice, ...]
"""Which of equal numbers is chosen at a kink: by convention, the first, the last; or by op."""

Shares = tuple[tuple[float, ...], float]
"""What each of equal numbers gets of the gradient at a tie, and of how much: 1 of 3 is a third."""

_MOST_NODES = 2_000_000
_LARGEST = float(np.finfo(np.float32).max)
_NEARLY = 1 + 2.0**-7
"""So far beyond the range of float32 a rounded computation may still end inside of it."""


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


Decision = tuple[int, int | None, float | None]
"""How two nodes compare (a, b, outcome); or, without b, which integer is the floor of a."""


@dataclass(frozen=True)
class Scope:
    """Whose nodes begin at ``start``: those of a call of an op.

    ``call`` counts the calls, -1 for what belongs to none. ``order`` is 0 for the op itself, 1 for
    its gradient, 2 for the gradient of that.
    """

    start: int
    call: int
    order: int


@dataclass(eq=False)
class Tape:
    """A program.

    ``constants`` are the numbers of leaves, the shares of ties, blocks of gradients, and the sizes
    through which a value is computed. ``overflows`` says after which number of nodes a node's value
    became infinite, because it was stored in a float32; those that were just beyond its range are
    ``near_overflow``. ``results`` are the nodes that were stored. ``ties`` are the kinks, each with
    the op that it belongs to. ``forced`` has, by the number of a decision, what it is to be
    whatever the values say. ``states`` are the nodes of what a step of an iteration makes, each
    with the nodes of what the step began with.
    """

    side: Side = "convention"
    forced: Mapping[int, float] = field(default_factory=dict)
    primitives: list[Primitive] = field(default_factory=list)
    parents: list[tuple[int, ...]] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    constants: dict[int, Any] = field(default_factory=dict)
    overflows: list[tuple[int, int, float]] = field(default_factory=list)
    results: set[int] = field(default_factory=set)
    near_overflow: set[int] = field(default_factory=set)
    ties: list[tuple[int, str]] = field(default_factory=list)
    states: dict[int, frozenset[int]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=lambda: [Scope(0, -1, 0)])

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

    def through(self, nodes: Nodes, sizes: Nodes) -> Nodes:
        """The same values, that are computed through numbers of these sizes."""
        nodes, sizes = np.broadcast_arrays(nodes, sizes)
        rows: list[tuple[int, ...]] = [(node,) for node in nodes.ravel().tolist()]
        made = self._extend(p.THROUGH, rows)
        self.constants.update(zip(made.tolist(), sizes.ravel().tolist(), strict=True))
        return made.reshape(nodes.shape)

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

    def doubles(self, nodes: Nodes) -> NDArray[np.float64]:
        """The values of nodes, as near as doubles are."""
        known = [float(self.values[node]) for node in nodes.ravel().tolist()]
        return np.array(known, np.float64).reshape(nodes.shape)

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
            outcome = values.compare(self.values[a], self.values[b])
        except Undecided:
            if not self._alike(a, b):
                raise
            outcome = 0
        if a == b:
            return outcome
        decided = self._decided((a, b, outcome))
        return None if decided is None else int(decided)

    def floor(self, a: int) -> float:
        """The greatest integer that is not above the value; specials as they are.

        Raises:
            Undecided: the ball holds an integer and numbers below it.
        """
        outcome = floor(self.values[a])
        decided = self._decided((a, None, outcome))
        return outcome if decided is None else decided

    def _decided(self, decision: Decision) -> float | None:
        number = len(self.decisions)
        self.decisions.append(decision)
        return self.forced.get(number, decision[2])

    def enter(self, op: str) -> Scope:
        """A call of an op begins, whose all is that is pushed; whose it was before is returned."""
        before = self.scopes[-1]
        self.calls.append(op)
        self.scopes.append(Scope(len(self.values), len(self.calls) - 1, before.order))
        return before

    def belongs(self, call: int, order: int) -> None:
        """What is pushed from now on belongs to this call in this order."""
        now = self.scopes[-1]
        if (now.call, now.order) != (call, order):
            self.scopes.append(Scope(len(self.values), call, order))

    def segments(self) -> Iterator[tuple[int, int, str]]:
        """All nodes, in order: from, to (without it), and to which op they belong.

        What belongs to the gradient of an op has a prime: ``mod'``.
        """
        ends = [scope.start for scope in self.scopes[1:]]
        for scope, end in zip(self.scopes, [*ends, len(self)], strict=True):
            if end > scope.start:
                op = "" if scope.call < 0 else self.calls[scope.call]
                yield scope.start, end, f"{op}'" if scope.order else op

    def tie(self, equals: tuple[int, ...], shares: tuple[float, ...]) -> int:
        """The node of a choice among equal numbers, with the shares of each in the gradient.

        A share of 1 of 3 in all is a third.
        """
        op = self._op()
        node = self.push(p.TIE, equals)
        given = shares, sum(shares)
        if isinstance(self.side, tuple):
            given = shared(self.side, op, self.values[node], len(equals)) or given
        elif self.side != "convention":
            given = _ALL[self.side](len(equals))
        self.constants[node] = given
        self.ties.append((node, op))
        return node

    def prefers_last(self, equal: Value, count: int) -> bool:
        """Whether the op that runs takes the last of so many equal numbers, not the first."""
        if not isinstance(self.side, tuple):
            return False
        given = shared(self.side, self._op(), equal, count)
        return given == _ALL["last"](count)

    def _op(self) -> str:
        call = self.scopes[-1].call
        return "" if call < 0 else self.calls[call]

    def iterated(self, before: frozenset[int], after: frozenset[int]) -> None:
        """A step of an iteration went from these nodes to those."""
        self.states.update(dict.fromkeys(after - before, before))

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
            if abs(value) < values.FLOAT32_LIMIT * _NEARLY:
                self.near_overflow.add(node)
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
        while self.primitives[node] in {p.IDENTITY, p.TIE, p.BLOCK, p.THROUGH}:
            node = self.parents[node][0]
        return node


def _one(count: int, chosen: int) -> Shares:
    return tuple(float(at == chosen) for at in range(count)), 1.0


_ALL: Mapping[Share, Callable[[int], Shares]] = {
    "first": lambda count: _one(count, 0),
    "last": lambda count: _one(count, count - 1),
    "share": lambda count: ((1.0,) * count, float(count)),
    "each": lambda count: ((1.0,) * count, 1.0),
}


def shared(choices: Sequence[Choice], op: str, equal: Value, count: int) -> Shares | None:
    """What so many equal numbers get of the gradient by these choices; None if they do not say."""
    for choice in choices:
        if choice.op == op and (choice.at is None or choice.at == float(equal)):
            return _ALL[choice.takes](count)
    return None


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


def begin(side: Side = "convention", forced: Mapping[int, float] | None = None) -> Tape:
    """A new tape, which is the current one from now on."""
    global _current  # noqa: PLW0603  one case runs at a time
    _current = Tape(side, forced or {})
    return _current
