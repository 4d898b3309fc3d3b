"""What a trace says that a case reached, as cells of a table."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from typing import Literal

import msgspec

from conformance.protocol import KernelCall, Operand, Trace

Order = Literal["value", "first", "second", "higher"]
ORDERS: tuple[Order, ...] = ("value", "first", "second", "higher")
RANKS = ("0", "1", "2", "3", "4", "5+")
DRAWN = "drawn at random"
"""The value of an attribute that is another one each time, such as a seed that nobody gave."""


class Cell(msgspec.Struct, frozen=True, order=True):
    """One thing that can be tested: an input slot of a kernel, with an input of such a kind.

    ``order`` says what of it was computed: the kernel's value, the gradient with respect to this
    input, or that gradient while an outer one was being taken. ``attributes`` are those of the
    kernel, as texts of JSON. A kernel without inputs has one cell, whose slot, dtype and rank are
    empty.
    """

    kernel: str
    slot: str
    order: Order
    dtype: str
    rank: str
    empty: bool
    attributes: tuple[tuple[str, str], ...]


def cells(trace: Trace, drawn: Collection[tuple[str, str]] = ()) -> frozenset[Cell]:
    """What a trace tells as cells, each once; ``drawn`` are kernels and attributes of no value."""
    return frozenset(_steady(cell, drawn) for cell in _cells(trace))


def rank_class(rank: int) -> str:
    """The class of a rank: 0 to 4, or ``5+``."""
    return RANKS[min(rank, len(RANKS) - 1)]


def drawn(traces: Sequence[Trace]) -> set[tuple[str, str]]:
    """Kernels and attributes that had other values in each trace: those of the same tf.js.

    Where one implementation threw it has fewer values, which says nothing.
    """
    found: list[dict[tuple[str, str], set[str]]] = []
    for trace in traces:
        values: dict[tuple[str, str], set[str]] = {}
        for call in trace.kernels:
            for name, value in call.attributes.items():
                values.setdefault((call.kernel, name), set()).add(value)
        found.append(values)
    return {
        key
        for one, other in itertools.combinations(found, 2)
        for key in one.keys() & other
        if one[key] != other[key] and len(one[key]) == len(other[key])
    }


def _steady(cell: Cell, drawn: Collection[tuple[str, str]]) -> Cell:
    if not any((cell.kernel, name) in drawn for name, _ in cell.attributes):
        return cell
    attributes = tuple(
        (name, DRAWN if (cell.kernel, name) in drawn else value) for name, value in cell.attributes
    )
    return msgspec.structs.replace(cell, attributes=attributes)


def _cells(trace: Trace) -> Iterator[Cell]:
    for call in trace.kernels:
        yield from _value_cells(call)
    for one in trace.gradients:
        order = ORDERS[min(one.order, len(ORDERS) - 1)]
        yield _cell(one.kernel, one.input, order, one.attributes)


def _value_cells(call: KernelCall) -> Iterator[Cell]:
    for operand in call.inputs:
        yield _cell(call.kernel, operand, "value", call.attributes)
    if not call.inputs:
        yield Cell(call.kernel, "", "value", "", "", False, tuple(sorted(call.attributes.items())))


def _cell(kernel: str, operand: Operand, order: Order, attributes: dict[str, str]) -> Cell:
    return Cell(
        kernel, operand.slot, order, operand.dtype, rank_class(operand.rank), operand.empty,
        tuple(sorted(attributes.items())),
    )  # fmt: skip
