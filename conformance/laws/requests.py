"""The variants of a case that its law asks for, by name; they are made when the case is run.

Data are permuted, cut, tiled and added as bits; functions are changed as trees.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from conformance.language import tree
from conformance.language.javascript import to_javascript
from conformance.language.tree import Arrow, Block, Call, Expression, Member
from conformance.laws.law import Law, Name, broadcast, parse, sliced
from conformance.protocol import Argument, Function
from conformance.suite import arguments, generators
from conformance.suite.case import Case
from conformance.tensors import from_numpy
from conformance.variants import AT_THE_END

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AGAIN = "again"
SUM_OF_DY, OTHER_DY, TWICE_DY = "dy is d1 + d2", "dy is d2", "dy is 2 d1"
WITH_H, H_ALONE = "sum(f) + h", "h"
PERMUTED = "permuted"
FIRST, SECOND = "first part", "second part"
TILED = "tiled"
_SEED = 1


def variants(case: Case) -> dict[str, Case]:
    """The further requests of a case with a law, by what is different in each."""
    law = parse(case.law or "")
    return _VARIANTS[law.name](case, law)


def moved_on(array: NDArray[np.generic], axis: int) -> NDArray[np.generic]:
    """Every slice one place on along an axis; the last one comes first."""
    import numpy as np  # noqa: PLC0415  the command line must start without NumPy

    return np.roll(array, 1, axis)


def _repeated(case: Case, _: Law) -> dict[str, Case]:
    return {AGAIN: case, AT_THE_END: case}


def _other_calls(case: Case, _: Law) -> dict[str, Case]:
    value = msgspec.structs.replace(case, call="value", wrt=(), dy=None)
    found = {"value": value, "grads": msgspec.structs.replace(case, call="grads")}
    if len(case.wrt) == 1:
        found["grad"] = msgspec.structs.replace(case, call="grad")
        found["valueAndGrad"] = msgspec.structs.replace(case, call="valueAndGrad")
    return found


def _other_dys(case: Case, _: Law) -> dict[str, Case]:
    """Cases with d1 + d2, d2 and 2 d1, where d1 + d2 is no rounded sum, but the sum itself."""
    import numpy as np  # noqa: PLC0415

    assert case.dy is not None
    first = arguments.array(case.dy).astype(np.float32)
    drawn = generators.uniform(first.size, (0.25, 0.75), _SEED)
    factors = np.asarray(drawn, np.float32).reshape(first.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        # |d2| is below |d1|, so d1 + d2 less d1 has no rounding (T. J. Dekker, 1971).
        total = first + np.where(first == 0, factors, first * factors)
        dys = {SUM_OF_DY: total, OTHER_DY: total - first, TWICE_DY: first * np.float32(2)}
    return {name: msgspec.structs.replace(case, dy=_argument(dy)) for name, dy in dys.items()}


def _with_h(case: Case, _: Law) -> dict[str, Case]:
    return {WITH_H: _with(case, _plus_h(case)), H_ALONE: _with(case, _h(case))}


def _with(case: Case, function: Arrow) -> Case:
    f = Function(source=to_javascript(function), tree=function)
    return msgspec.structs.replace(case, f=f)


def _op(name: str, *given: Expression) -> Call:
    return Call(Member(tree.Name("tf"), name), given)


def _squares(case: Case) -> Expression:
    """The sum of the squares of all inputs that gradients are taken for."""
    names = [tree.Name(case.f.tree.parameters[case.names.index(name)].name) for name in case.wrt]  # type: ignore[union-attr]  # inputs are tensors, which cannot be destructured
    terms: list[Expression] = [_op("sum", _op("square", name)) for name in names]
    return functools.reduce(lambda left, right: _op("add", left, right), terms)


def _h(case: Case) -> Arrow:
    return Arrow(case.f.tree.parameters, _squares(case))


def _plus_h(case: Case) -> Arrow:
    parameters, body = case.f.tree.parameters, case.f.tree.body
    if isinstance(body, Block):
        total = _op("add", _op("sum", body.result), _squares(case))
        return Arrow(parameters, Block(body.constants, total))
    return Arrow(parameters, _op("add", _op("sum", body), _squares(case)))


def _permuted(case: Case, law: Law) -> dict[str, Case]:
    return {PERMUTED: _sliced(case, law, functools.partial(moved_on, axis=law.along))}


def _parts(case: Case, law: Law) -> dict[str, Case]:
    first = case.args[case.names.index(sliced(law, case)[0])]
    half = arguments.shape(first)[law.along] // 2
    parts = {FIRST: slice(None, half), SECOND: slice(half, None)}
    return {
        name: _sliced(case, law, functools.partial(_cut, axis=law.along, part=part))
        for name, part in parts.items()
    }


Change = Callable[["NDArray[np.generic]"], "NDArray[np.generic]"]


def _sliced(case: Case, law: Law, change: Change) -> Case:
    """The case with the inputs of its law changed, and dy in the same way."""
    chosen = sliced(law, case)
    args = [
        _argument(change(arguments.array(given))) if name in chosen else given
        for name, given in zip(case.names, case.args, strict=True)
    ]
    dy = None if case.dy is None else _argument(change(arguments.array(case.dy)))
    return msgspec.structs.replace(case, args=tuple(args), dy=dy)


def _cut(whole: NDArray[np.generic], *, axis: int, part: slice) -> NDArray[np.generic]:
    return whole[(*[slice(None)] * axis, part)]


def _tiled(case: Case, _: Law) -> dict[str, Case]:
    import numpy as np  # noqa: PLC0415

    arrays = [arguments.array(given) for given in case.args]
    whole = broadcast([array.shape for array in arrays]) or ()
    args = tuple(_argument(np.broadcast_to(array, whole)) for array in arrays)
    return {TILED: msgspec.structs.replace(case, args=args)}


def _argument(array: NDArray[np.generic]) -> Argument:
    tensor = from_numpy(array)
    return Argument(dtype=tensor.dtype, shape=tensor.shape, data=tensor.data)


def _none(_case: Case, _law: Law) -> dict[str, Case]:
    return {}


_VARIANTS: dict[Name, Callable[[Case, Law], dict[str, Case]]] = {
    "repeatable": _repeated,
    "value and gradients agree": _other_calls,
    "linear in dy": _other_dys,
    "gradients of a sum": _with_h,
    "permuting": _permuted,
    "batching": _parts,
    "broadcasting is tiling": _tiled,
    "inputs unchanged": _none,
}
