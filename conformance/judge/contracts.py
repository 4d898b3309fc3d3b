"""The contracts: how far each scalar function may be off. ``contracts.yaml`` is the data."""

from __future__ import annotations

import ast
import functools
import pathlib
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from conformance.judge import conventions
from conformance.judge.op_costs import loader
from conformance.protocol import Bound, Choice, Contract, Started

FILE = pathlib.Path(__file__).with_name("contracts.yaml")
DEFAULT = "default"
BUNDLED = ("tensorflow", "tfjs:cpu", "tfjs:wasm")
OPERANDS = ("x", "y", "z", "w")
OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
}


class Piece(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parts of a bound as the file has them; see ``Bound`` for what they mean.

    ``inherit`` is the formula, as WGSL calls it.
    """

    ulp: float = 0.0
    relative: float = 0.0
    absolute: float = 0.0
    per_operand: float = 0.0
    inherit: str = ""
    within: tuple[float, float] | None = None
    outside: Piece | None = None

    def bound(self) -> Bound:
        """The bound as the protocol has it."""
        return Bound(
            ulp=self.ulp,
            relative=self.relative,
            absolute=self.absolute,
            per_operand=self.per_operand,
            formula=self.inherit,
            within=self.within,
            outside=None if self.outside is None else self.outside.bound(),
        )


class Stated(Piece, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A bound as the file has it: with the source of its numbers."""

    source: str


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A contract as the file has it: what it adds to another one."""

    inherit: str | None = None
    flushes: bool = False
    bounds: dict[str, Stated] = {}


class Contracts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of ``contracts.yaml``."""

    version: int
    implementations: dict[str, str]
    contracts: dict[str, Section]


@functools.cache
def contracts() -> Contracts:
    """The file as it is."""
    import yaml  # noqa: PLC0415  not every run needs it

    content = yaml.load(FILE.read_text("utf-8"), Loader=loader())  # noqa: S506  a safe loader
    return msgspec.convert(content, Contracts)


@functools.cache
def profiles() -> dict[str, Contract]:
    """The contracts with all that they inherit, by name."""
    return {name: _whole(name) for name in contracts().contracts}


def _whole(name: str) -> Contract:
    section = contracts().contracts[name]
    bounds = dict(_whole(section.inherit).bounds) if section.inherit else {}
    bounds |= {function: stated.bound() for function, stated in section.bounds.items()}
    for function in section.bounds:
        _check(function, bounds, ())
    return Contract(bounds=bounds, flushes=section.flushes, choices=_choices(name))


def _choices(contract: str) -> tuple[Choice, ...]:
    """The choices at kinks of who is held to a contract; none where several choose otherwise."""
    found = {
        conventions.choices(library)
        for library, name in contracts().implementations.items()
        if name == contract
    }
    return found.pop() if len(found) == 1 else ()


def _check(function: str, bounds: Mapping[str, Bound], before: tuple[str, ...]) -> None:
    """Whether the formulas of a function are made of functions that have a bound, never of itself.

    Raises:
        ValueError: a formula is not.
    """
    if function in before:
        raise ValueError(f"the bound of {function} inherits from itself: {' <- '.join(before)}")
    if function not in bounds:
        raise ValueError(f"{before[-1]} inherits from {function}, which has no bound")
    bound: Bound | None = bounds[function]
    while bound is not None:
        for used in formula_functions(bound.formula) if bound.formula else ():
            _check(used, bounds, (*before, function))
        bound = bound.outside


def formula_functions(formula: str) -> set[str]:
    """The functions that a formula is made of: of ``sin(x) / cos(x)`` div, sin and cos.

    Raises:
        ValueError: it is no expression of the operands x, y, z and w, of numbers, + - * / and
            calls.
    """
    try:
        return set(_functions(ast.parse(formula, mode="eval").body))
    except SyntaxError as error:
        raise ValueError(f"{formula!r} is no expression") from error


def _functions(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Name(name) if name in OPERANDS:
            return
        case ast.Constant(int() | float() as number) if not isinstance(number, bool):
            return
        case ast.UnaryOp(ast.USub(), operand):
            yield from _functions(operand)
        case ast.BinOp(left, operator, right) if type(operator) in OPERATORS:
            yield OPERATORS[type(operator)]
            yield from (*_functions(left), *_functions(right))
        case ast.Call(ast.Name(name), arguments, []):
            yield name
            for argument in arguments:
                yield from _functions(argument)
        case _:
            raise ValueError(f"{ast.unparse(node)!r} has no place in a formula")


def profiles_of(addresses: Iterable[str]) -> dict[str, Contract]:
    """The contracts that implementations at these addresses may be held to: an oracle's task.

    Nobody knows before it has started who a program is; for one there are all contracts. Else there
    are those of the bundled implementations, always the same, so that stored answers fit.
    """
    known = contracts().implementations
    everything = profiles()
    if not all(address in known for address in addresses):
        return everything
    return {known[name]: everything[known[name]] for name in BUNDLED}


def contract_of(started: Started | None) -> str:
    """The name of the contract that an implementation is held to."""
    known = contracts().implementations
    if started is None:
        return known[DEFAULT]
    backend = f"{started.name}:{started.backend}" if started.backend else started.name
    return known.get(backend) or known.get(started.name) or known[DEFAULT]
