"""Outcomes of one case element by element: what each implementation has at each index.

For every place (the value, each gradient) the implementations whose tensors have one dtype and
shape share a grid. Its first column is what the case states, if it does; the others are the
implementations. A cell is marked where its bits are not those of the reference, any NaN being NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.judge import finding
from conformance.judge.finding import GRADS, VALUE, VARIABLES
from conformance.protocol import Returned
from conformance.suite.case import Case, Decimals, Exact, Expected
from conformance.tensors import Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALL_SHOWN = 24
FIRST_SHOWN = 4
MOST_SHOWN = 40


class Cell(msgspec.Struct, frozen=True):
    """One element of one implementation.

    ``bits`` are there where the row has any difference, ``ulp`` is the distance to the reference's
    element in units in the last place, where both are finite floats that differ.
    """

    text: str
    differs: bool = False
    bits: str | None = None
    ulp: float | None = None


class Row(msgspec.Struct, frozen=True):
    """One index: what is expected there, if anything is stated, and a cell per implementation."""

    index: tuple[int, ...]
    expected: str | None
    cells: tuple[Cell, ...]


class Grid(msgspec.Struct, frozen=True):
    """The elements of a place on the implementations that agree in dtype and shape.

    ``omitted`` elements, none of them differing unless there are very many, are not in ``rows``.
    """

    place: str
    dtype: str
    shape: tuple[int, ...]
    implementations: tuple[str, ...]
    rows: tuple[Row, ...]
    differing: int
    omitted: int


class Place(msgspec.Struct, frozen=True):
    """A value or gradient: its grids, and who has nothing there."""

    place: str
    grids: tuple[Grid, ...]
    absent: tuple[str, ...]


def places(case: Case, returned: Mapping[str, Returned], reference: str | None) -> list[Place]:
    """Every place of a case, in order, with what each implementation that returned has there.

    Args:
        case: the case.
        returned: the answers, by address.
        reference: the address that differences are measured from; by default the first.
    """
    held = reference if reference in returned else next(iter(returned), None)
    found = []
    if case.call not in {"grad", "grads"}:
        tensors = {address: answer.value for address, answer in returned.items()}
        found.append(_place(VALUE, tensors, case.expect.value, held))
    trains = case.call == "minimize"
    stated = case.expect.variables if trains else case.expect.grads
    for number, name in enumerate(case.wrt):
        tensors = {}
        for address, answer in returned.items():
            every = answer.variables if trains else answer.grads
            tensors[address] = every[number] if number < len(every) else None
        at = (VARIABLES if trains else GRADS) + name
        found.append(_place(at, tensors, stated.get(name), held))
    return found


def _place(
    place: str,
    tensors: Mapping[str, Tensor | None],
    stated: Expected | None,
    reference: str | None,
) -> Place:
    groups: dict[tuple[str, tuple[int, ...]], dict[str, Tensor]] = {}
    for address, tensor in tensors.items():
        if tensor is not None:
            groups.setdefault((tensor.dtype, tensor.shape), {})[address] = tensor
    absent = tuple(address for address, tensor in tensors.items() if tensor is None)
    grids = tuple(_grid(place, group, stated, reference) for group in groups.values())
    return Place(place, grids, absent)


def _grid(
    place: str, tensors: Mapping[str, Tensor], stated: Expected | None, reference: str | None
) -> Grid:
    first = next(iter(tensors.values()))
    arrays = {address: tensor.numpy().reshape(-1) for address, tensor in tensors.items()}
    held = arrays.get(reference or "")
    differs = {address: _differs(array, held) for address, array in arrays.items()}
    anywhere = [flat for flat in range(first.size) if any(d[flat] for d in differs.values())]
    shown: Sequence[int] = range(first.size)
    if first.size > ALL_SHOWN:
        shown = sorted({*range(FIRST_SHOWN), *anywhere[:MOST_SHOWN]})
    expected = _expected(stated, first)
    rows = []
    for flat in shown:
        in_bits = any(d[flat] for d in differs.values())
        cells = tuple(
            _cell(array, held, flat, differs=bool(differs[address][flat]), in_bits=in_bits)
            for address, array in arrays.items()
        )
        text = expected[flat] if expected else None
        rows.append(Row(finding.index_of(flat, first.shape), text, cells))
    return Grid(
        place, first.dtype, first.shape, tuple(arrays), tuple(rows),
        differing=len(anywhere), omitted=first.size - len(rows),
    )  # fmt: skip


def _expected(stated: Expected | None, tensor: Tensor) -> Sequence[str] | None:
    """What the case states for each element, if it states this many."""
    match stated:
        case Decimals(shape=shape, items=items) if shape == tensor.shape:
            return items
        case Exact(tensor=exact) if exact.shape == tensor.shape:
            return [f"{finding.text(e)} {finding.bits(e)}" for e in exact.numpy().reshape(-1)]
        case _:
            return None


def _differs(array: NDArray[Any], reference: NDArray[Any] | None) -> NDArray[np.bool_]:
    """Where two arrays of one dtype and shape have other bits, but for two NaN."""
    import numpy as np  # noqa: PLC0415  the command line must start without NumPy

    if reference is None or array is reference:
        return np.zeros(array.shape, np.bool_)
    if array.dtype.kind == "c":
        halves = [_differs(a, b) for a, b in ((array.real, reference.real),
                                              (array.imag, reference.imag))]  # fmt: skip
        return halves[0] | halves[1]
    found: NDArray[np.bool_] = array != reference
    if array.dtype.kind == "f":
        found |= np.signbit(array) != np.signbit(reference)
        found &= ~(np.isnan(array) & np.isnan(reference))
    return found


def _cell(
    array: NDArray[Any], reference: NDArray[Any] | None, flat: int, *, differs: bool, in_bits: bool
) -> Cell:
    element = array[flat]
    distance = None
    if differs and reference is not None and array.dtype.kind == "f":
        distance = _ulp(array[flat : flat + 1], reference[flat : flat + 1])
    bits = finding.bits(element) if in_bits else None
    return Cell(finding.text(element), differs, bits, distance)


def _ulp(got: NDArray[Any], reference: NDArray[Any]) -> float | None:
    import numpy as np  # noqa: PLC0415

    from conformance.judge import ulp  # noqa: PLC0415

    if not (np.isfinite(got).all() and np.isfinite(reference).all()):
        return None
    apart, unit = ulp.distance(got, reference)
    return float(apart[0] / unit[0])
