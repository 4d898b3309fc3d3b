"""What the ops cost under the policy ``ulp``: how much rounding each may add, from shapes alone."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Mapping
from typing import Literal

import msgspec

from conformance.judge.policy import PolicyError

FILE = pathlib.Path(__file__).with_name("op_costs.yaml")

Kind = Literal["structure", "exact", "elementwise", "reduction", "composite"]


class Contract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What some ops may add to their results, in ULP; ``op_costs.yaml`` explains the fields."""

    kind: Kind
    source: str
    ops: tuple[str, ...]
    ulp: float = 0.0
    length: Literal["size", "axis"] | None = None
    accumulates: bool = False
    broadcasts: bool = False

    def forward(self, size: int, axis: int) -> float:
        """The cost of the result in ULP, where the largest tensor and axis have these lengths."""
        terms = max(size if self.length == "size" else axis, 1)
        match self.kind:
            case "structure" | "exact":
                return 0.0
            case "elementwise":
                return self.ulp
            case "reduction":
                return self.ulp * terms
            case "composite":
                return self.ulp + terms

    def backward(self, size: int, axis: int) -> float:
        """The cost of the gradient in ULP, beyond that of the result."""
        accumulated = float(max(size, 1)) if self.accumulates else 0.0
        match self.kind:
            case "structure" | "exact":
                return accumulated
            case "elementwise" | "reduction" | "composite":
                return 2 * self.forward(size, axis) + 1 + accumulated


class Contracts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of ``op_costs.yaml``."""

    version: int
    strict_about_signed_zero: dict[str, str]
    methods: dict[str, str]
    optimizers: dict[str, float]
    groups: tuple[Contract, ...]


@functools.cache
def contracts() -> Contracts:
    """The shipped costs."""
    import yaml  # noqa: PLC0415  most verdicts need no budget

    content = yaml.load(FILE.read_text("utf-8"), Loader=loader())  # noqa: S506  a safe loader
    return msgspec.convert(content, Contracts)


def loader() -> type:
    """The safe loader, in C where PyYAML was built with it: twenty times faster."""
    import yaml  # noqa: PLC0415

    loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return loader


@functools.cache
def _table() -> Mapping[str, Contract]:
    return {op: group for group in contracts().groups for op in group.ops}


def contract(op: str) -> Contract:
    """The contract of a public op or a method, named as in tf.js without ``tf.``.

    Raises:
        PolicyError: the op has no contract.
    """
    name = contracts().methods.get(op, op)
    found = _table().get(name)
    if found is None:
        raise PolicyError(
            f"op {op!r} has no cost, so the policy `ulp` has no budget for it",
            "add it to conformance/judge/op_costs.yaml, or judge with default or ulp:N",
        )
    return found


def is_strict_about_signed_zero(ops: tuple[str, ...]) -> bool:
    """Whether these ops together fix the sign of a zero: one does, and the others only move data.

    Any other op in between may lose the sign legally, so nothing can be asked of the result.
    """
    strict = contracts().strict_about_signed_zero
    names = [contracts().methods.get(op, op) for op in ops]
    return any(name in strict for name in names) and all(
        name in strict or name in _MOVES or kind_of(name) == "structure" for name in names
    )


def kind_of(op: str) -> Kind | None:
    """What an op does for its cost; None for an op that has no cost."""
    found = _table().get(op)
    return None if found is None else found.kind


# The ops that hand on elements, signs of zeros included, without computing.
_MOVES = frozenset({
    "clone", "concat", "expandDims", "gather", "reshape", "reverse", "scalar", "slice", "split",
    "squeeze", "stack", "tensor", "tensor1d", "tensor2d", "tensor3d", "tensor4d", "tile",
    "transpose", "unstack",
})  # fmt: skip
