"""Tensors of the oracle, and real functions on them.

A float32 tensor holds nodes of the current tape, in an array of its shape, a complex64 tensor pairs
of them; the other dtypes hold their elements. Every function here broadcasts as NumPy does, and
takes numbers for tensors.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference_impl.exact import primitives as p
from reference_impl.exact import tape
from reference_impl.exact.pairs import PAIR
from reference_impl.exact.primitives import Primitive

Array = NDArray[Any]
Axis = int | Sequence[int] | None

_serial = itertools.count()
_ELEMENTS: dict[str, Any] = {
    "float32": np.int64,
    "int32": np.int32,
    "bool": np.bool_,
    "complex64": PAIR,
    "string": np.object_,
}


class Tensor:
    """A tensor of a tf.js dtype.

    ``data`` has the nodes of a float32 tensor, the elements of any other. ``sources`` are the
    tensors that it is a differentiable function of, None for a gradient: there the nodes tell.
    ``serial`` says when it was made.
    """

    __slots__ = ("data", "dtype", "serial", "sources")

    def __init__(self, dtype: str, data: Any, sources: Sequence[Tensor] = ()) -> None:
        self.dtype = dtype
        self.data: Array = np.asarray(data, _ELEMENTS[dtype])
        self.sources: tuple[Tensor, ...] | None = tuple(sources)
        self.serial = next(_serial)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes."""
        return self.data.shape

    @property
    def rank(self) -> int:
        """The number of axes."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.data.size

    def of(self, data: Array) -> Tensor:
        """A tensor of the same dtype with these elements (nodes, for float32)."""
        return Tensor(self.dtype, data)

    def __getitem__(self, index: Any) -> Tensor:
        return self.of(self.data[index])

    def reshape(self, *shape: Any) -> Tensor:
        """The same elements in another shape."""
        return self.of(self.data.reshape(*shape))

    def transpose(self, *axes: Any) -> Tensor:
        """The same elements with the axes in another order."""
        return self.of(self.data.transpose(*axes))

    def __add__(self, other: Any) -> Tensor:
        return _apply(p.ADD, self, other)

    def __radd__(self, other: Any) -> Tensor:
        return _apply(p.ADD, other, self)

    def __sub__(self, other: Any) -> Tensor:
        return _apply(p.SUB, self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return _apply(p.SUB, other, self)

    def __mul__(self, other: Any) -> Tensor:
        return _apply(p.MUL, self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return _apply(p.MUL, other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return _apply(p.DIV, self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return _apply(p.DIV, other, self)

    def __pow__(self, other: Any) -> Tensor:
        return _apply(p.POW, self, other)

    def __neg__(self) -> Tensor:
        return _apply(p.NEG, self)


class Variable(Tensor):
    """A tensor with a name; one that is not trainable is a constant to ``variableGrads``."""

    __slots__ = ("name", "trainable")

    def __init__(self, value: Tensor, name: str, *, trainable: bool) -> None:
        super().__init__(value.dtype, value.data)
        self.name = name
        self.trainable = trainable


def floats(values: Any) -> Tensor:
    """The float32 tensor of these numbers, which are taken exactly as they are.

    Integers of any size are in an array of dtype object.
    """
    return Tensor("float32", _constants(values))


def _nodes(operand: Any) -> tape.Nodes:
    if not isinstance(operand, Tensor):
        return _constants(operand)
    if operand.dtype != "float32":
        raise TypeError(f"a {operand.dtype} tensor where reals are wanted; cast it first")
    return operand.data


def _constants(values: Any) -> tape.Nodes:
    array = np.asarray(values)
    if array.dtype == np.float32:
        # A NaN that signals cannot be widened.
        array = np.where(np.isnan(array), np.float32(np.nan), array)
    return tape.current().numbers(array if array.dtype == object else array.astype(np.float64))


def _apply(primitive: Primitive, *operands: Any) -> Tensor:
    return Tensor("float32", tape.current().apply(primitive, *map(_nodes, operands)))


def _function(primitive: Primitive) -> Callable[..., Tensor]:
    def function(*operands: Any) -> Tensor:
        return _apply(primitive, *operands)

    function.__name__ = primitive.name
    return function


exp = _function(p.EXP)
expm1 = _function(p.EXPM1)
log = _function(p.LOG)
log1p = _function(p.LOG1P)
sqrt = _function(p.SQRT)
rsqrt = _function(p.RSQRT)
sin = _function(p.SIN)
cos = _function(p.COS)
tan = _function(p.TAN)
asin = _function(p.ASIN)
acos = _function(p.ACOS)
atan = _function(p.ATAN)
atan2 = _function(p.ATAN2)
sinh = _function(p.SINH)
cosh = _function(p.COSH)
tanh = _function(p.TANH)
asinh = _function(p.ASINH)
acosh = _function(p.ACOSH)
atanh = _function(p.ATANH)
erf = _function(p.ERF)
sigmoid = _function(p.SIGMOID)
softplus = _function(p.SOFTPLUS)
normalized = _function(p.NORMALIZED)
copy = _function(p.IDENTITY)


def through(x: Tensor, sizes: Any) -> Tensor:
    """X, which libraries compute through numbers of these sizes, that are rounded on the way.

    The contract's bound of ``through`` says how many roundings of such a number there are.
    """
    return x.of(tape.current().through(_nodes(x), _nodes(sizes)))


def pi() -> Tensor:
    """The scalar pi."""
    return Tensor("float32", tape.current().push(p.PI, ()))


def compare(a: Any, b: Any) -> Array:
    """-1, 0 or 1 as a is less than, equal to or greater than b; 2 where one of them is NaN."""
    left, right = np.broadcast_arrays(_nodes(a), _nodes(b))
    found = list(map(tape.current().compare, left.ravel().tolist(), right.ravel().tolist()))
    codes = [2 if one is None else one for one in found]
    return np.array(codes, np.int8).reshape(left.shape)


def floors(x: Tensor) -> Array:
    """The greatest integers that are not above x, of any size; zeros and specials as floats.

    They are constants: no gradient flows through them.
    """
    found = np.empty(x.size, object)
    found[:] = list(map(tape.current().floor, _nodes(x).ravel().tolist()))
    return found.reshape(x.shape)


def constant(x: Tensor) -> Tensor:
    """The zeros and specials of x as constants, through which no gradient flows; NaN elsewhere."""
    known = tape.current().values
    found = [known[node] for node in _nodes(x).ravel().tolist()]
    kept = [value if isinstance(value, float) else math.nan for value in found]
    return floats(np.array(kept).reshape(x.shape))


def select(condition: Array, a: Any, b: Any) -> Tensor:
    """A where the condition holds, else b; no gradient flows to what was not taken."""
    return Tensor("float32", np.where(condition, _nodes(a), _nodes(b)))


def choose(condition: Array, a: Any, b: Any, *, kink: Array, shares: tuple[float, float]) -> Tensor:
    """As ``select``; at a kink, where a and b are equal, the gradient is shared as given."""
    condition, left, right, kink = np.broadcast_arrays(condition, _nodes(a), _nodes(b), kink)
    chosen = np.where(condition, left, right)
    for at in np.argwhere(kink):
        index = tuple(at)
        chosen[index] = tape.current().tie((int(left[index]), int(right[index])), shares)
    return Tensor("float32", chosen)


def maximum(a: Any, b: Any, shares: tuple[float, float] = (1.0, 0.0)) -> Tensor:
    """The greater one, NaN where one is; at a tie a and b have these shares of the gradient."""
    order = compare(a, b)
    return _nan_where(order == 2, choose(order > 0, a, b, kink=order == 0, shares=shares), a, b)  # noqa: PLR2004


def minimum(a: Any, b: Any, shares: tuple[float, float] = (1.0, 0.0)) -> Tensor:
    """The lesser one, NaN where one is; at a tie a and b have these shares of the gradient."""
    order = compare(a, b)
    return _nan_where(order == 2, choose(order < 0, a, b, kink=order == 0, shares=shares), a, b)  # noqa: PLR2004


def _nan_where(unordered: Array, x: Tensor, a: Any, b: Any) -> Tensor:
    if not unordered.any():
        return x
    left, right = np.broadcast_arrays(_nodes(a), _nodes(b))
    nodes = x.data.copy()
    found = tape.current()
    for at in np.argwhere(unordered):
        index = tuple(at)
        one, other = int(left[index]), int(right[index])
        # The value is the NaN; the gradient is that of b, as a is neither greater nor less.
        is_nan = found.compare(one, one) is None
        nodes[index] = found.push(p.TIE, (one, other), ((0.0, 1.0), 1.0)) if is_nan else other
    return x.of(nodes)


def rows(x: Array, axis: Axis) -> Array:
    """The array with these axes (by default all) flattened into one, which is the last.

    Raises:
        ValueError: an axis that is not there, or one that is named twice.
    """
    axes = axes_of(axis, x.ndim)
    kept = [at for at in range(x.ndim) if at not in axes]
    shape = [x.shape[at] for at in kept]
    return x.transpose([*kept, *axes]).reshape([*shape, math.prod(x.shape[at] for at in axes)])


def axes_of(axis: Axis, rank: int) -> list[int]:
    """The axes, counted from the front; all of them where none is named.

    Raises:
        ValueError: an axis that is not there, or one that is named twice.
    """
    if axis is None:
        return list(range(rank))
    named = [axis] if isinstance(axis, int) else list(axis)
    if not all(isinstance(one, int) and -rank <= one < rank for one in named):
        raise ValueError(f"axis {axis} does not exist in a tensor of rank {rank}")
    found = [one % rank for one in named]
    if len(set(found)) < len(found):
        raise ValueError(f"axis {axis} names an axis twice")
    return sorted(found)


def kept(x: Tensor, like: Tensor, axis: Axis, *, keep: bool) -> Tensor:
    """A reduction's result, with the reduced axes of the operand as axes of size 1 on demand."""
    if not keep:
        return x
    axes = axes_of(axis, like.rank)
    return x.reshape([1 if at in axes else size for at, size in enumerate(like.shape)])


def total(x: Tensor, axis: Axis = None, *, keep: bool = False) -> Tensor:
    """The sums over these axes, each of which is one primitive of all its terms."""
    sums = Tensor("float32", tape.current().sums(rows(_nodes(x), axis)))
    return kept(sums, x, axis, keep=keep)


def largest(x: Tensor, axis: Axis = None, *, keep: bool = False, least: bool = False) -> Tensor:
    """The maxima (or minima) over these axes; equal ones share the gradient evenly.

    NaN if there is one; of nothing the infinity that all numbers are beyond.
    """
    flat = rows(_nodes(x), axis)
    found = np.empty(flat.shape[:-1], np.int64)
    for index in np.ndindex(found.shape):
        found[index] = _extreme(flat[index].tolist(), least=least)
    return kept(Tensor("float32", found), x, axis, keep=keep)


def _extreme(nodes: list[int], *, least: bool) -> int:
    found = tape.current()
    if not nodes:
        return found.number(math.inf if least else -math.inf)
    if any(found.compare(node, node) is None for node in nodes):
        # No element is the maximum: the gradient is no number either.
        return found.mul(found.sum(nodes), found.number(math.nan))
    best, wanted = [nodes[0]], -1 if least else 1
    for node in nodes[1:]:
        order = found.compare(node, best[0])
        if order == 0:
            best.append(node)
        elif order == wanted:
            best = [node]
    return best[0] if len(best) == 1 else found.tie(tuple(best), (1,) * len(best))


def products(a: Tensor, b: Tensor) -> Tensor:
    """The matrix products over the last two axes; the axes before broadcast."""
    return total(a[..., :, None, :] * b.of(b.data.swapaxes(-1, -2))[..., None, :, :], -1)
