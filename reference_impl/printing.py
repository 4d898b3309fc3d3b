"""The text that tf.js's ``tensor.print()`` writes, as in tfjs-core's ``tensor_format.ts``."""

from __future__ import annotations

import decimal
import math
from collections.abc import Sequence
from typing import Any

from conformance.tensors import Tensor
from reference_impl.javascript import list_text, number_text

_MOST_SHOWN = 20
_FIRST_AND_LAST = 3
_FIXED_LIMIT = 1e21
"""From here on ``toFixed`` prints all digits of a number instead of rounding it."""

_QUANTUM = decimal.Decimal("1e-7")
_CONTEXT = decimal.Context(prec=60, rounding=decimal.ROUND_HALF_UP)


def text(tensor: Tensor, *, verbose: bool = False) -> str:
    """What ``tensor.toString(verbose)`` returns: lines without a final line feed.

    Numbers are rounded to 7 digits after the point, except in a scalar. An axis of more than 20
    entries shows its first and last three.
    """
    values = tensor.numpy().reshape(-1).tolist()
    lines = ["Tensor"]
    if verbose:
        shape = list_text(tensor.shape)
        lines += [
            f"  dtype: {tensor.dtype}",
            f"  rank: {len(tensor.shape)}",
            f"  shape: [{shape}]",
            "  values:",
        ]
    body = [_scalar(values[0], tensor.dtype)] if not tensor.shape else _body(values, tensor)
    lines.append("\n".join(f"    {line}" for line in body))
    return "\n".join(lines)


def _scalar(value: Any, dtype: str) -> str:
    if dtype in {"float32", "int32"}:
        return number_text(float(value))
    return value if dtype == "string" else _cell(value)


def _cell(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value}'"
        case complex():
            return f"{_rounded(value.real)} + {_rounded(value.imag)}j"
        case _:
            return _rounded(float(value))


def _rounded(value: float) -> str:
    """``parseFloat(value.toFixed(7)).toString()``."""
    if not math.isfinite(value) or abs(value) >= _FIXED_LIMIT:
        return number_text(value)
    return number_text(float(decimal.Decimal(value).quantize(_QUANTUM, context=_CONTEXT)))


def _body(values: list[Any], tensor: Tensor) -> list[str]:
    cells = [_cell(value) for value in values]
    shape = tensor.shape
    if len(shape) > 1 and cells:
        columns = shape[-1]
        widths = [max(map(_length, cells[at::columns])) for at in range(columns)]
        cells = [
            cell + " " * (widths[at % columns] - _length(cell)) for at, cell in enumerate(cells)
        ]
    return _block(cells, shape, is_last=True)


def _length(cell: str) -> int:
    """The length of a string in JavaScript: its UTF-16 code units."""
    return len(cell.encode("utf-16-le", "surrogatepass")) // 2


def _block(cells: Sequence[str], shape: tuple[int, ...], *, is_last: bool) -> list[str]:
    size, *rest = shape
    if not rest:
        shown = list(cells)
        if size > _MOST_SHOWN:
            shown[_FIRST_AND_LAST:-_FIRST_AND_LAST] = ["..."]
        return [f"[{', '.join(shown)}]"]
    rank = len(shape)
    stride = math.prod(rest)
    lines: list[str] = []
    for at in range(size):
        if size > _MOST_SHOWN and _FIRST_AND_LAST <= at < size - _FIRST_AND_LAST:
            if at == _FIRST_AND_LAST:
                lines.append("...")
            continue
        part = cells[at * stride : (at + 1) * stride]
        lines += _block(part, tuple(rest), is_last=at == size - 1)
    separator = "," if rank == 2 else ""  # noqa: PLR2004  the rows of a matrix
    lines = lines or [""]
    lines[0] = "[" + (lines[0] + separator if size > 0 else "")
    lines[1:-1] = [f" {line}{separator}" for line in lines[1:-1]]
    # With one line this is the first line again: tf.js prints a stray comma and a blank.
    lines[-1] = f" {lines[-1]}]" + ("" if is_last else ",\n" + "\n" * (rank - 2))
    return lines
