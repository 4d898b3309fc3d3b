"""Conventions: what libraries chose at exact kinks and ties. ``conventions.yaml`` is the data.

The derivative is open where equal numbers compete for it: the elements of a maximum, or the two
branches of an op, x and -x for abs at 0. A choice says which of them gets the upstream gradient.
With it the oracle knows what a library answers at any kink of any program.
"""

from __future__ import annotations

import functools
import pathlib
import re
from typing import Any, Literal

import msgspec

from conformance.judge.op_costs import loader
from conformance.outcomes import ORACLE
from conformance.protocol import Choice, Share

FILE = pathlib.Path(__file__).with_name("conventions.yaml")
FOLLOWS = {ORACLE: "tensorflow"}
"""Who makes the choices of another library where nothing else is recorded: mathematics has none."""

Form = Literal["point", "bounds", "equals", "reduction", "window"]
"""Where an op has its kinks: at a number, at its literal bounds, where two operands are equal,
where reduced elements are, or those of a window."""

Kind = Literal["kink", "jump", "pole", "position", "smooth"]
"""What a program shows: a kink; a jump, with an ordinary derivative on both sides; a pole, where
there is no derivative; positions of equal elements; or an ordinary derivative, where formulas have
a branch or divide by zero."""


class Kink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kink of an op, and which of the equal numbers gets the gradient there, by library.

    ``at`` is the number that they are, if it is always the same. ``sides`` are the derivatives
    where the first and where the last of two gets it all. A library is named with its backend
    (``tfjs:wasm``) where that chooses on its own, and the oracle (``exact``) where the choice of
    TensorFlow is none that mathematics could make.
    """

    op: str
    form: Form
    choices: dict[str, Share]
    definition: str
    at: float | None = None
    sides: tuple[float, float] | None = None

    def choice(self, library: str) -> Share | None:
        """What a library chose, by its name with or without its backend."""
        return self.choices.get(self.recorded(library))

    def recorded(self, library: str) -> str:
        """The name that the choice of a library is recorded under: with its backend, or without."""
        name = library.partition(":")[0]
        known = (one for one in (library, name) if one in self.choices)
        return next(known, FOLLOWS.get(name, name))


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A function and inputs at a kink, or at what may be taken for one.

    ``gives`` has, by library, the gradient of each input (``call: value``: the value); None where
    there is none, and ``throws`` where the library refuses.
    """

    f: str
    inputs: dict[str, Any]
    kind: Kind
    gives: dict[str, tuple[Any, ...] | Literal["throws"]]
    call: Literal["valueAndGrads", "value"] = "valueAndGrads"
    why: str = ""

    def given(self, library: str) -> tuple[Any, ...] | Literal["throws"] | None:
        """What a library gives, by its name with its backend."""
        return self.gives.get(library) or self.gives.get(library.partition(":")[0])


class Conventions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of ``conventions.yaml``.

    ``inner`` are the ops in which the oracle meets equal numbers that no gradient depends on, each
    with the reason.
    """

    measured: dict[str, str]
    kinks: tuple[Kink, ...]
    positions: tuple[str, ...]
    inner: dict[str, str]
    programs: tuple[Program, ...]


class Row(msgspec.Struct, frozen=True):
    """A line of the compatibility matrix: what each library chose at a kink of an op.

    ``not_a_subgradient`` names those whose choice is outside of the hull of the one-sided
    derivatives.
    """

    op: str
    at: float | None
    choices: dict[str, Share]
    not_a_subgradient: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether the libraries are not of one mind."""
        return len(set(self.choices.values())) > 1


@functools.cache
def conventions() -> Conventions:
    """The shipped conventions."""
    import yaml  # noqa: PLC0415  only a difference needs them

    content = yaml.load(FILE.read_text("utf-8"), Loader=loader())  # noqa: S506  a safe loader
    return msgspec.convert(content, Conventions)


def choices(library: str) -> tuple[Choice, ...]:
    """All choices of a library, ``tensorflow`` or ``tfjs:wasm``, for the oracle."""
    found = [(kink, kink.choice(library)) for kink in conventions().kinks]
    return tuple(Choice(kink.op, takes, kink.at) for kink, takes in found if takes is not None)


def is_subgradient(takes: Share) -> bool:
    """Whether a choice lies in the hull of the one-sided derivatives."""
    return takes != "each"


def matrix(*libraries: str) -> tuple[Row, ...]:
    """The compatibility matrix: a row for each recorded kink, with the choice of each library.

    A library that has no gradient there is absent from the row.
    """
    rows = []
    for kink in conventions().kinks:
        found = {library: kink.choice(library) for library in libraries}
        known = {library: takes for library, takes in found.items() if takes is not None}
        strange = tuple(library for library, takes in known.items() if not is_subgradient(takes))
        rows.append(Row(kink.op, kink.at, known, strange))
    return tuple(rows)


def library(address: str) -> str:
    """The library behind an address: ``tfjs`` for ``tfjs@4.10.0:cpu``."""
    name = re.split(r"[@:]", address, maxsplit=1)[0]
    return FOLLOWS.get(name, name)
