"""Writes programs of tf.js at random, as a user would: every op gets operands of its domain.

A program is built statement by statement, and each is evaluated at once, by the oracle: so its
shape and the range of its numbers are known to those that come after it.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

import numpy as np
from flint import ctx

from conformance.language.names import ApiNames
from conformance.language.parser import parse
from conformance.protocol import Argument, Function, Run
from conformance.tensors import from_numpy
from reference_impl import interpreter
from reference_impl.exact import gradients, tape
from reference_impl.exact.execute import namespace
from reference_impl.exact.tensor import Tensor, floats
from reference_impl.exact.values import Undecided

_PRECISION = 128
_LARGEST = 1e4
_SMALLEST = 1e-4


class Domain(NamedTuple):
    """From where to where an op is used; how numbers from elsewhere are brought there."""

    lower: float
    upper: float
    fixes: tuple[str, ...] = ()
    away: float = 0.0
    """No magnitude is below this one."""


ANY = Domain(-_LARGEST, _LARGEST, ("{}.mul({scale})",))
TENS = Domain(-10, 10, ("{}.mul({scale})", "{}.mul({scale}).tanh()"))
MODERATE = Domain(
    -3, 3, ("{}.mul({scale})", "{}.mul({scale}).sin().mul(2)", "{}.mul({scale}).tanh().mul(2)")
)
SMALL = Domain(-1.3, 1.3, ("{}.mul({scale})", "{}.mul({scale}).sin()", "{}.mul({scale}).tanh()"))
UNIT = Domain(-0.9, 0.9, ("{}.mul({scale})", "{}.mul({scale}).sin()", "{}.mul({scale}).tanh()"))
POSITIVE = Domain(
    0.05, _LARGEST, ("{}.abs().add(0.1)", "{}.softplus().add(0.2)", "{}.square().add(0.5)")
)
PROBABILITY = Domain(0.05, 0.95, ("{}.mul({scale}).sigmoid()",))
ABOVE_ONE = Domain(1.1, _LARGEST, ("{}.square().add(1.2)", "{}.softplus().add(1.1)"))
ABOVE_MINUS_ONE = Domain(-0.9, _LARGEST, ("{}.abs()", "{}.softplus()", "{}.square()"))
DIVISOR = Domain(-_LARGEST, _LARGEST, ("{}.abs().add(0.5)", "{}.square().add(1)"), away=0.1)


@dataclass(frozen=True)
class Known:
    """A value of the program: the tensor, and the range of its numbers."""

    tensor: Tensor
    lower: float
    upper: float
    least: float

    @property
    def shape(self):
        return self.tensor.shape

    def within(self, domain):
        return (
            self.lower >= domain.lower and self.upper <= domain.upper and self.least >= domain.away
        )


@dataclass(frozen=True)
class Program:
    """A program that was made at random, with its inputs and the upstream gradient."""

    seed: int
    kind: str
    source: str
    ops: tuple[str, ...]
    inputs: dict[str, np.ndarray]
    dy: np.ndarray

    def request(self, *, call="valueAndGrads", explain=False):
        """As a message of the protocol; the gradients are those of all inputs."""
        return Run(
            id=self.seed,
            call=call,
            f=Function(self.source, parse(self.source, api_names())),
            names=tuple(self.inputs),
            args=tuple(map(_argument, self.inputs.values())),
            wrt=tuple(self.inputs),
            dy=None if call == "value" else _argument(self.dy),
            explain=explain,
        )


def _argument(array):
    tensor = from_numpy(np.asarray(array))
    return Argument(tensor.dtype, tensor.shape, tensor.data)


@functools.cache
def api_names():
    """The names that the language has, as far as the oracle knows them."""
    known = namespace()
    return ApiNames("oracle", frozenset(known.functions), frozenset(known.methods))


class Unfit(Exception):  # noqa: N818  no error: something else is tried
    """A statement that cannot be made here, or whose numbers are nothing to go on with."""


Row = Callable[["Maker"], str]
ROWS: dict[str, tuple[str, Row]] = {}
"""By the name of an op (a method alone has a dot before it): its kind, and how it is written."""


def row(kind, *names):
    """Register how ops are written; the writer gets the maker and the name."""

    def register(write):
        for name in names:
            assert name not in ROWS, name
            ROWS[name] = kind, functools.partial(_named, write, name)
        return write

    return register


def _named(write, name, maker):
    return write(maker, name)


class Maker:
    """A program in the making."""

    def __init__(self, random: Random, most: int, size: int) -> None:
        ctx.prec = _PRECISION
        gradients.restart()
        self.random = random
        self.most = most
        self.size = size
        self.known: dict[str, Known] = {}
        self.inputs: dict[str, np.ndarray] = {}
        self.statements: dict[str, str] = {}
        self.calls: dict[str, list[str]] = {}

    def number(self, lower=0.1, upper=2.0):
        """A number as one writes it."""
        return f"{self.random.uniform(lower, upper):.2g}"

    def choice(self, *options):
        return self.random.choice(options)

    def chance(self, share):
        return self.random.random() < share

    def shape(self, rank=None):
        """A shape of few elements."""
        rank = self.random.randint(1, 3) if rank is None else rank
        while True:
            shape = tuple(self.choice(1, 2, 2, 3, 3, 4) for _ in range(rank))
            if math.prod(shape) <= self.size:
                return shape

    def input(self, shape, domain=MODERATE):
        """A new input of this shape, in this domain."""
        lower, upper = max(domain.lower, -3.0), min(domain.upper, 3.0)
        numbers = [self._drawn(lower, upper, domain.away) for _ in range(math.prod(shape))]
        array = np.array(numbers, np.float32).reshape(shape)
        name = f"x{len(self.inputs)}"
        self.inputs[name] = array
        self._know(name, floats(array))
        return name

    def _drawn(self, lower, upper, away):
        while True:
            number = self.random.uniform(lower, upper)
            if abs(number) >= max(away, 0.01):
                return number

    def value(self, domain=ANY, *, rank=None, shape=None, fits=lambda _: True):
        """An expression of float32 in the domain: of a value before, or a new input."""
        found = [
            name
            for name, known in self.known.items()
            if (rank is None or len(known.shape) == rank)
            and (shape is None or known.shape == tuple(shape))
            and fits(known.shape)
        ]
        if not found or (len(self.inputs) < 3 and self.chance(0.1)):
            if shape is None:
                if rank is None and found:
                    rank = len(self.known[found[-1]].shape)
                shape = self._fitting(rank, fits)
            return self.input(shape, domain)
        # The last one is used most, so that programs are long rather than broad.
        name = found[-1] if self.chance(0.75) else self.random.choice(found)
        return self.brought(name, domain)

    def _fitting(self, rank, fits):
        for _ in range(50):
            shape = self.shape(rank)
            if fits(shape):
                return shape
        raise Unfit

    def brought(self, name, domain):
        """The value, brought into the domain where it is not there."""
        known = self.known[name]
        if known.within(domain):
            return name
        if not domain.fixes:
            raise Unfit
        largest = max(abs(known.lower), abs(known.upper), 1e-3)
        limit = min(-domain.lower, domain.upper) if domain.lower < 0 else 4.0
        fix = self.random.choice(domain.fixes)
        return fix.format(name, scale=f"{0.9 * min(limit, 5.0) / largest:.1g}")

    def shape_of(self, expression):
        """The shape of what ``value`` returned: fixes keep it."""
        return self.known[re.match(r"x\d+|v\d+", expression)[0]].shape

    def state(self, expression, calls=8):
        """Make a statement of an expression, whose value is known from then on.

        Raises:
            Unfit: it has more calls, or no numbers that one would go on with.
        """
        if calls_of(expression) > calls:
            raise Unfit
        name = f"v{len(self.statements)}"
        source = f"({', '.join(self.known)}) => {expression}"
        function = interpreter.compiled(parse(source, api_names()), namespace())
        found_tape = tape.current()
        before = len(found_tape.calls)
        try:
            tensor = function(*[known.tensor for known in self.known.values()])
        except Undecided as error:
            raise Unfit from error
        self._know(name, tensor)
        self.statements[name] = expression
        self.calls[name] = found_tape.calls[before:]
        return name

    def _know(self, name, tensor):
        if tensor.dtype != "float32" or not 0 < tensor.size <= 1000:
            raise Unfit
        nodes = tensor.data.ravel().tolist()
        numbers = [float(tape.current().values[node]) for node in nodes]
        lower, upper = min(numbers), max(numbers)
        if not all(math.isfinite(one) for one in numbers) or max(-lower, upper) > _LARGEST:
            raise Unfit
        least = min(map(abs, numbers))
        # What is zero by its definition is; all else that is tiny has cancelled.
        if any(0 < abs(one) < _SMALLEST for one in numbers):
            raise Unfit
        self.known[name] = Known(tensor, lower, upper, least)

    def used(self, name):
        """The statements and inputs that a value is made of."""
        found, stack = set(), [name]
        while stack:
            one = stack.pop()
            if one not in found:
                found.add(one)
                stack += re.findall(r"\b[xv]\d+\b", self.statements.get(one, ""))
        return found


def calls_of(expression):
    """How many calls of ops an expression has."""
    return len(re.findall(r"[\w)\]]\.[a-zA-Z.]+\(", expression))
