"""A concrete case: one function, its inputs as bits, and what is expected of it."""

from __future__ import annotations

import msgspec

from conformance.protocol import Argument, Call, Function, Optimizer, Phase, Run
from conformance.tensors import Tensor

DAMAGES_MEMORY = "memory"
"""The tag of cases that make some implementation write where it must not."""

INPUTS_UNCHANGED = "inputs unchanged"
"""The law that is about what is left of the inputs."""


class Frozen(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What the parts of a case share."""


class Decimals(Frozen, frozen=True, tag_field="as", tag="decimals"):
    """An expected tensor as numbers in the words of the case file, in row-major order.

    An item is a decimal as it stands in the file (``0.4947368``, ``-0.0``, ``1e-7``), ``NaN``,
    ``Infinity``, ``-Infinity``, ``true`` or ``false``. A float agrees with a decimal to half a unit
    in the decimal's last place.
    """

    shape: tuple[int, ...]
    items: tuple[str, ...]


class Exact(Frozen, frozen=True, tag_field="as", tag="exact"):
    """An expected tensor as dtype, shape and bits: only these bits agree (any NaN is NaN)."""

    tensor: Tensor


class Missing(Frozen, frozen=True, tag_field="as", tag="missing"):
    """An expected absence: this input has no gradient."""


Expected = Decimals | Exact | Missing


class Throws(Frozen, frozen=True):
    """An expected error. ``message`` is a part of its text; any white space is one blank."""

    phase: Phase | None = None
    message: str | None = None


class PrintedTexts(Frozen, frozen=True):
    """Expected texts of ``print()``, without the final newline; ``grads`` by input name."""

    value: str | None = None
    grads: dict[str, str] = {}


class Expectation(Frozen, frozen=True):
    """What a case states. Absent parts state nothing.

    ``variables`` are the new values after training. ``either`` lists the legal alternatives: one of
    them must hold as a whole, beside the rest. ``leaks`` is the number of tensors that may stay
    alive.
    """

    value: Expected | None = None
    grads: dict[str, Expected] = {}
    variables: dict[str, Expected] = {}
    throws: Throws | None = None
    printed: PrintedTexts | None = None
    either: tuple[Expectation, ...] = ()
    leaks: int = 0


class Case(Frozen, frozen=True):
    """One concrete case.

    ``id`` is its path with its axes: ``ops/reduction/sum along axis[axis=0,keepDims=true]``.
    ``names`` and ``args`` are the inputs in the order of ``f``'s parameters. ``optimizer`` is there
    for ``minimize`` alone, which takes so many ``steps``. ``file`` and ``line`` say where it was
    written. ``timeout`` is in seconds, for a case that is known to hang somewhere. A case with a
    ``law`` is held against its own answers to variants of it, nothing else.
    """

    id: str
    file: str
    line: int
    call: Call
    f: Function
    names: tuple[str, ...]
    args: tuple[Argument, ...]
    wrt: tuple[str, ...]
    dy: Argument | None = None
    optimizer: Optimizer | None = None
    steps: int = 1
    expect: Expectation = Expectation()
    law: str | None = None
    timeout: float | None = None
    tags: tuple[str, ...] = ()
    why: str | None = None
    spec: str | None = None

    def request(
        self, number: int, *, trace: bool = False, tap: bool = False, explain: bool = False
    ) -> Run:
        """The message that asks an implementation for this case, without what is expected of it."""
        return Run(
            id=number,
            call=self.call,
            f=self.f,
            names=self.names,
            args=self.args,
            wrt=self.wrt,
            dy=self.dy,
            optimizer=self.optimizer,
            steps=self.steps,
            print=self.expects_print,
            renew=DAMAGES_MEMORY in self.tags,
            inspect=self.law == INPUTS_UNCHANGED,
            trace=trace,
            tap=tap,
            explain=explain,
        )

    @property
    def is_dangerous(self) -> bool:
        """Whether the case is known to break or damage the process of some implementation."""
        return self.timeout is not None or DAMAGES_MEMORY in self.tags

    @property
    def expects_print(self) -> bool:
        """Whether the case states a text of ``print()``."""
        parts = (self.expect, *self.expect.either)
        return any(part.printed is not None for part in parts)
