"""How far the scalar functions of an implementation are off: what its contract is made of.

Each function is asked for through the protocol, as every case is, in tensors that are long and in
tensors of one to nine elements: a library with vector instructions computes what is left over from
a vector on another way. The exact results are doubles, which are off by some 2^-29 of a unit.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import msgspec
import numpy as np

from conformance.implementations import address, answers
from conformance.implementations.greeting import START, STOP
from conformance.language.names import shipped
from conformance.language.parser import parse
from conformance.protocol import Argument, Function, Returned, Run

TINY, HUGE = 2.0**-126, float(np.finfo(np.float32).max)
LONG = 2**14 + 3
ROWS = 9
POINTS = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0)
HALVES_OF_PI = tuple(k * math.pi / 2 for k in (*range(-8, 9), 100, 1000, 12345, 1_000_000))
SELU = 1.7580993408473766
"""alpha scale of selu, Klambauer et al., Self-Normalizing Neural Networks, 2017."""


@dataclass(frozen=True)
class Measured:
    """A function of the tape, and the op that computes it and nothing else."""

    source: str
    exact: Callable[..., np.ndarray]
    lower: float = -HUGE
    upper: float = HUGE
    points: tuple[float, ...] = ()
    second: tuple[float, float] | None = None
    """The domain of the second operand, where there is one."""


def _each(function):
    """A function of doubles, element by element."""
    return lambda array: np.array([function(one) for one in array.tolist()])


def _sigmoid(x):
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, 1.0) / (1 + small)


def _softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


FUNCTIONS = {
    "exp": Measured("x => tf.exp(x)", np.exp, -87.4, 88.8),
    "expm1": Measured("x => tf.expm1(x)", np.expm1, -104, 88.8),
    "log": Measured("x => tf.log(x)", np.log, 0),
    "log1p": Measured("x => tf.log1p(x)", np.log1p, -1),
    "sqrt": Measured("x => tf.sqrt(x)", np.sqrt, 0),
    "rsqrt": Measured("x => tf.rsqrt(x)", lambda x: 1 / np.sqrt(x), 0),
    "sin": Measured("x => tf.sin(x)", np.sin, points=HALVES_OF_PI),
    "cos": Measured("x => tf.cos(x)", np.cos, points=HALVES_OF_PI),
    "tan": Measured("x => tf.tan(x)", np.tan, points=HALVES_OF_PI),
    "asin": Measured("x => tf.asin(x)", np.arcsin, -1, 1),
    "acos": Measured("x => tf.acos(x)", np.arccos, -1, 1),
    "atan": Measured("x => tf.atan(x)", np.arctan),
    "sinh": Measured("x => tf.sinh(x)", np.sinh, -89.4, 89.4),
    "cosh": Measured("x => tf.cosh(x)", np.cosh, -89.4, 89.4),
    "tanh": Measured("x => tf.tanh(x)", np.tanh),
    "asinh": Measured("x => tf.asinh(x)", np.arcsinh),
    "acosh": Measured("x => tf.acosh(x)", np.arccosh, 1),
    "atanh": Measured("x => tf.atanh(x)", np.arctanh, -1, 1),
    "erf": Measured("x => tf.erf(x)", _each(math.erf)),
    "sigmoid": Measured("x => tf.sigmoid(x)", _sigmoid, -87.3),
    "softplus": Measured("x => tf.softplus(x)", _softplus, -87.3),
    "elu.expm1": Measured("x => tf.elu(x)", np.expm1, upper=0),
    "selu.expm1": Measured("x => tf.selu(x)", lambda x: SELU * np.expm1(x), upper=0),
    # TensorFlow's estimate of the reciprocal of huge numbers is thousands of units off.
    "reciprocal.div": Measured("x => tf.reciprocal(x)", np.reciprocal, -(2.0**100), 2.0**100),
    "atan2": Measured("(x, y) => tf.atan2(x, y)", np.arctan2, second=(-HUGE, HUGE)),
    "pow": Measured("(x, y) => tf.pow(x, y)", np.power, 0, second=(-HUGE, HUGE)),
    "div.div": Measured("(x, y) => tf.div(x, y)", np.divide, second=(-HUGE, HUGE)),
    "mul": Measured("(x, y) => tf.mul(x, y)", np.multiply, second=(-HUGE, HUGE)),
    "normalized": Measured(
        "x => tf.localResponseNormalization(x.reshape([-1, 1, 1, 1]), 0, 1, 1, 0.75)",
        lambda x: x * (1 + x * x) ** -0.75,
        -1e18,
        1e18,
    ),
}
"""By the names of the contracts."""


@dataclass
class Errors:
    """Of a function: operands, results, exact results, and how many units these are apart."""

    operands: np.ndarray
    got: np.ndarray
    exact: np.ndarray
    ulp: np.ndarray = field(init=False)

    def __post_init__(self):
        with np.errstate(invalid="ignore"):
            _, exponents = np.frexp(self.exact)
            self.ulp = np.abs(self.got - self.exact) / np.ldexp(1.0, exponents - 24)
        self.ulp[~np.isfinite(self.got)] = math.inf


def inputs(measured, random, count):
    """Float32 operands: of all exponents, dense where functions change, near ends and poles."""
    first = drawn(random, count, measured.lower, measured.upper, measured.points)
    if measured.second is None:
        return first[None, :]
    second = drawn(random, count, *measured.second, ())
    # Of all exponents two are seldom near enough to each other for a result that is neither tiny,
    # huge nor trivial.
    moderate = random.uniform(-10, 10, count)
    near = np.clip(first * random.uniform(0.1, 10, count), -HUGE, HUGE)
    if measured.lower >= 0:
        first = np.where(random.random(count) < 0.6, np.exp(random.uniform(-8, 8, count)), first)
    ways = random.integers(0, 3, count)
    pairs = np.stack([first, np.choose(ways, [second, moderate, near])]).astype(np.float32)
    return np.where(np.abs(pairs) < TINY, np.float32(1), pairs)


def drawn(random, count, lower, upper, points):
    """Float32s of one operand."""
    found = [random.integers(0, 2**32, count, dtype=np.uint32).view(np.float32)]
    found += [random.uniform(-size, size, count).astype(np.float32) for size in (1, 10, 100)]
    ends = [end for end in (lower, upper) if abs(end) < HUGE]
    near = random.choice([*POINTS, *ends, *points], count)
    near = near + np.where(near == 0, 1, near) * _small(random, count)
    found += [near.astype(np.float32), np.exp(random.uniform(-30, 5, count)).astype(np.float32)]
    found.append(-found[-1])
    everything = np.concatenate(found)
    with np.errstate(invalid="ignore"):
        size = np.abs(everything)
        fits = (everything > lower) & (everything < upper) & ((size >= TINY) & (size <= HUGE))
    return random.choice(everything[fits], count)


def _small(random, count):
    return random.uniform(-1, 1, count) * 2.0 ** -random.integers(0, 25, count)


@cache
def _function(source):
    return Function(source, parse(source, shipped()))


def requests(measured, operands, rows):
    """The cases: so many rows of one to nine elements, and long ones of the rest."""
    lengths = [1 + at % ROWS for at in range(rows)]
    while sum(lengths) < operands.shape[1]:
        lengths.append(LONG)
    ends = np.cumsum(lengths)
    for number, (start, end) in enumerate(zip([0, *ends], ends, strict=False), 1):
        arrays = [np.ascontiguousarray(one[start:end]) for one in operands]
        yield Run(
            id=number,
            call="value",
            f=_function(measured.source),
            names=("x", "y")[: len(arrays)],
            args=tuple(Argument("float32", one.shape, one.tobytes()) for one in arrays),
            wrt=(),
        )


def measure(implementation, names, *, seed=0, count=100_000, rows=900):
    """The errors of an implementation, by function."""
    random = np.random.default_rng(seed)
    asked = {name: inputs(FUNCTIONS[name], random, count) for name in names}
    cases = {name: list(requests(FUNCTIONS[name], asked[name], rows)) for name in names}
    lines = [msgspec.json.encode(one) + b"\n" for part in cases.values() for one in part]
    known = address.parse(implementation)
    done = subprocess.run(
        known.argv, input=b"".join([START, *lines, STOP]), capture_output=True, check=False
    )
    said = iter(done.stdout.splitlines()[1:])
    errors = {}
    for name, part in cases.items():
        got = np.concatenate([_elements(next(said)) for _ in part])
        operands = asked[name].astype(np.float64)
        with np.errstate(all="ignore"):
            exact = FUNCTIONS[name].exact(*operands)
        # A result that is subnormal or nearly so may be flushed, one at the limit may overflow.
        kept = (np.abs(exact) >= 2 * TINY) & (np.abs(exact) < HUGE)
        errors[name] = Errors(operands[:, kept], got[kept], exact[kept])
    return errors


def main():
    """Print the largest error of each function."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("implementation", help="its address")
    parser.add_argument("--functions", nargs="+", choices=FUNCTIONS, default=list(FUNCTIONS))
    parser.add_argument("--count", type=int, default=500_000, help="how many operands each")
    parser.add_argument("--rows", type=int, default=9_000, help="how many of few elements")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--from", dest="lower", type=float, default=-HUGE, help="least operand")
    parser.add_argument("--to", dest="upper", type=float, default=HUGE, help="greatest operand")
    given = parser.parse_args()
    for name in given.functions:
        (errors,) = measure(
            given.implementation, [name], seed=given.seed, count=given.count, rows=given.rows
        ).values()
        first = errors.operands[0]
        at = np.where((first >= given.lower) & (first <= given.upper), errors.ulp, -1).argmax()
        operands = ", ".join(f"{one:.9g}" for one in errors.operands[:, at])
        sys.stdout.write(f"{name:<12} {errors.ulp[at]:10.4g} ulp at {operands}\n")
        sys.stdout.flush()


def _elements(line):
    _, returned, _ = answers.read(line)
    assert isinstance(returned, Returned), returned
    assert returned.value is not None
    return returned.value.numpy().ravel().astype(np.float64)


if __name__ == "__main__":
    main()
