"""How the ops are written that move elements, and those of matrices."""

from __future__ import annotations

import math

from tests.acceptance.maker import ANY, MODERATE, SMALL, Domain, Unfit, row


def listed(numbers):
    """Numbers as an array of JavaScript."""
    return "[" + ", ".join(map(str, numbers)) + "]"


def indices(numbers):
    """Integers as a vector or matrix of int32."""
    if isinstance(numbers[0], (list, tuple)):
        return f"tf.tensor2d({listed(map(listed, numbers))}, undefined, 'int32')"
    return f"tf.tensor1d({listed(numbers)}, 'int32')"


def rank_in(name):
    """The rank that the name of an op ends with, if any."""
    return int(name[-2]) if name[-2].isdigit() and name[-1] == "d" else None


@row("moving", "transpose")
def transpose(m, name):
    x = m.value()
    order = list(range(len(m.shape_of(x))))
    m.random.shuffle(order)
    return m.choice(f"{x}.{name}()", f"{x}.{name}({listed(order)})")


@row("moving", "reshape", ".reshapeAs", ".flatten", ".as1D", ".as2D", ".as3D", ".as4D", ".as5D")
def reshape(m, name):
    x = m.value()
    size = math.prod(m.shape_of(x))
    if name == ".reshapeAs":
        return f"{x}.reshapeAs({m.input((1, size))})"
    if name in {".flatten", ".as1D"}:
        return f"{x}{name}()"
    rank = m.random.randint(1, 4) if name == "reshape" else int(name[3])
    shape = [1] * (rank - 1)
    for factor in (2, 3):
        if size % factor == 0 and rank > 1:
            shape[m.random.randrange(rank - 1)] *= factor
            size //= factor
    shape.append(size)
    return (
        f"{x}.reshape({listed(shape)})"
        if name == "reshape"
        else f"{x}{name}({listed(shape)[1:-1]})"
    )


@row("moving", "squeeze", ".asScalar")
def squeeze(m, name):
    if name == "squeeze":
        return f"{m.value(fits=lambda shape: 1 in shape)}.squeeze()"
    return f"{m.value(fits=len)}.sum().asScalar()"


@row("moving", "expandDims")
def expand(m, name):
    x = m.value(fits=lambda shape: len(shape) < 4)
    return f"{x}.{name}({m.random.randint(0, len(m.shape_of(x)))})"


@row("moving", "cast", ".asType", ".toFloat", ".toInt", ".toBool")
def cast(m, name):
    x = m.value(MODERATE)
    match name:
        case "cast" | ".asType":
            whole = f"{x}.mul(2).{name.lstrip('.')}('int32')"
        case ".toInt" | ".toBool":
            whole = f"{x}{name}()"
        case _:
            whole = f"{x}.toInt()"
    return f"{x}.mul({whole}.toFloat())"


@row("moving", "concat", "concat1d", "concat2d", "concat3d", "concat4d", "stack")
def concat(m, name):
    x = m.value(rank=rank_in(name), fits=len)
    shape = m.shape_of(x)
    y = m.value(shape=shape)
    axis = m.random.randrange(len(shape))
    if name == "concat1d":
        return f"tf.concat1d([{x}, {y}])"
    if name == "stack" and len(shape) > 3:
        raise Unfit
    if name in {"concat", "stack"} and m.chance(0.5):
        return f"{x}.{name}({y}, {axis})"
    return f"tf.{name}([{x}, {y}], {axis})"


@row("moving", "split", "unstack")
def split(m, name):
    x = m.value(fits=lambda shape: len(shape) and max(shape) > 1)
    shape = m.shape_of(x)
    axis = shape.index(max(shape))
    if name == "unstack":
        return f"tf.unstack({x}, {axis})[{m.random.randrange(shape[axis])}]"
    first = m.random.randint(1, shape[axis] - 1)
    return f"tf.split({x}, [{first}, {shape[axis] - first}], {axis})[{m.choice(0, 1)}]"


@row("moving", "slice", "slice1d", "slice2d", "slice3d", "slice4d", "stridedSlice")
def sliced(m, name):
    x = m.value(rank=rank_in(name), fits=len)
    shape = m.shape_of(x)
    begin = [m.random.randrange(size) for size in shape]
    sizes = [m.random.randint(1, size - at) for at, size in zip(begin, shape, strict=True)]
    if name == "stridedSlice":
        strides = [m.random.randint(1, 2) for _ in shape]
        return f"tf.stridedSlice({x}, {listed(begin)}, {listed(shape)}, {listed(strides)})"
    if name == "slice1d":
        return f"tf.slice1d({x}, {begin[0]}, {sizes[0]})"
    return f"tf.{name}({x}, {listed(begin)}, {listed(sizes)})"


@row("moving", "pad", "pad1d", "pad2d", "pad3d", "pad4d", "mirrorPad")
def pad(m, name):
    x = m.value(rank=rank_in(name), fits=len)
    shape = m.shape_of(x)
    around = [[m.random.randint(0, min(1, size - 1)) for _ in "ab"] for size in shape]
    if name == "pad1d":
        return f"tf.pad1d({x}, {listed(around[0])})"
    last = {"mirrorPad": m.choice(", 'reflect'", ", 'symmetric'")}.get(name, m.choice("", ", 0.5"))
    return f"tf.{name}({x}, {listed(map(listed, around))}{last})"


@row("moving", "tile")
def tile(m, name):
    x = m.value(fits=len)
    return f"{x}.{name}({listed(m.random.randint(1, 2) for _ in m.shape_of(x))})"


@row("moving", "reverse", "reverse1d", "reverse2d", "reverse3d", "reverse4d")
def reverse(m, name):
    x = m.value(rank=rank_in(name), fits=len)
    axis = "" if name == "reverse1d" else f", {m.random.randrange(len(m.shape_of(x)))}"
    return f"tf.{name}({x}{axis})"


@row("moving", "broadcastTo", "ensureShape")
def broadcast(m, name):
    x = m.value(fits=lambda shape: len(shape) < 4)
    shape = m.shape_of(x)
    return f"tf.{name}({x}, {listed(shape if name == 'ensureShape' else (2, *shape))})"


@row("moving", "gather", "gatherND", "unsortedSegmentSum")
def gather(m, name):
    x = m.value(fits=len)
    shape = m.shape_of(x)
    axis = m.random.randrange(len(shape)) if name == "gather" else 0
    places = [m.random.randrange(shape[axis]) for _ in range(m.random.randint(1, 4))]
    match name:
        case "gather":
            return f"{x}.gather({indices(places)}, {axis})"
        case "gatherND":
            return f"tf.gatherND({x}, {indices([[at] for at in places])})"
        case _:
            ids = [m.random.randrange(3) for _ in range(shape[0])]
            return f"tf.unsortedSegmentSum({x}, {indices(ids)}, 3)"


@row("moving", "scatterND", "tensorScatterUpdate", "sparseToDense")
def scatter(m, name):
    x = m.value(fits=len)
    shape = m.shape_of(x)
    places = [[at] for at in m.random.sample(range(shape[0] + 2), shape[0])]
    if name == "sparseToDense":
        x = m.value(rank=1)
        (size,) = m.shape_of(x)
        places = sorted(m.random.sample(range(size + 2), size))
        return f"tf.sparseToDense({indices(places)}, {x}, [{size + 2}], 0.5)"
    if name == "scatterND":
        if m.chance(0.5):
            places = [[m.random.randrange(2)] for _ in places]
        return f"tf.scatterND({indices(places)}, {x}, {listed((shape[0] + 2, *shape[1:]))})"
    target = m.input((shape[0] + 2, *shape[1:]))
    return f"tf.tensorScatterUpdate({target}, {indices(places)}, {x})"


@row("moving", "sparse.sparseSegmentSum", "sparse.sparseSegmentMean")
def segment(m, name):
    x = m.value(fits=len)
    shape = m.shape_of(x)
    places = [m.random.randrange(shape[0]) for _ in range(3)]
    return f"tf.{name}({x}, {indices(places)}, {indices([0, 0, 1])})"


@row("moving", "topk")
def topk(m, name):
    x = m.value(fits=len)
    return f"tf.{name}({x}, {m.random.randint(1, m.shape_of(x)[-1])}).values"


@row("moving", "meshgrid")
def meshgrid(m, name):
    return f"tf.{name}({m.value(rank=1)}, {m.value(rank=1)})[{m.choice(0, 1)}]"


@row("moving", "diag")
def diag(m, name):
    x = m.value(rank=1)
    return f"tf.{name}({x})"


@row("moving", "oneHot")
def one_hot(m, name):
    x = m.value(fits=lambda shape: len(shape) and shape[-1] > 1)
    size = m.shape_of(x)[-1]
    hot = m.random.randrange(size)
    return f"{x}.mul(tf.{name}(tf.scalar({hot}, 'int32'), {size}))"


@row("moving", "eye", "ones", "zeros", "fill", "linspace", "range")
def created(m, name):
    x = m.value(rank=1)
    (size,) = m.shape_of(x)
    made = {
        "eye": f"tf.eye({size})", "ones": f"tf.ones([{size}])", "zeros": f"tf.zeros([2, {size}])",
        "fill": f"tf.fill([{size}], {m.number()})", "range": f"tf.range(0, {size})",
        "linspace": f"tf.linspace(0, 1, {max(size, 2)})",
    }[name]  # fmt: skip
    if name == "linspace" and size == 1:
        raise Unfit
    return f"{x}.add({made})"


@row("matrix", "matMul", "dot")
def product(m, name):
    x = m.value(Domain(-30, 30, MODERATE.fixes), rank=2)
    rows, columns = m.shape_of(x)
    if name == "dot":
        return f"{x}.dot({m.input((columns,) if m.chance(0.5) else (columns, 2))})"
    if m.chance(0.3):
        y = m.input((rows, m.random.randint(1, 3)))
        return f"tf.matMul({x}, {y}, true, false)"
    if m.chance(0.2):
        return f"tf.matMul({x}, {m.input((2, columns))}, false, true)"
    return f"{x}.matMul({m.input((columns, m.random.randint(1, 3)))})"


@row("matrix", "outerProduct")
def outer(m, name):
    return f"tf.{name}({m.value(rank=1)}, {m.value(rank=1)})"


@row("matrix", "einsum")
def einsum(m, name):
    x = m.value(Domain(-30, 30, MODERATE.fixes), rank=2)
    rows, columns = m.shape_of(x)
    return m.choice(
        f"tf.{name}('ij,jk->ik', {x}, {m.input((columns, 2))})",
        f"tf.{name}('ij,ij->i', {x}, {m.input((rows, columns))})",
        f"tf.{name}('ij->j', {x})",
    )


@row("matrix", "linalg.bandPart")
def band(m, name):
    return f"tf.{name}({m.value(rank=2)}, {m.choice(0, 1, -1)}, {m.choice(0, 1, -1)})"


@row("matrix", "linalg.gramSchmidt", "linalg.qr")
def orthogonal(m, name):
    x = m.value(Domain(-5, 5, SMALL.fixes), rank=2)
    rows, columns = m.shape_of(x)
    if rows > columns:
        raise Unfit
    if name == "linalg.gramSchmidt":
        return f"tf.{name}({x})"
    # Far from singular.
    eye = f"tf.eye({rows}, {columns}).mul(4)"
    return f"tf.{name}({x}.add({eye}))[{m.choice(0, 1)}]"


@row("matrix", "fused.matMul")
def fused(m, name):
    x = m.value(Domain(-30, 30, MODERATE.fixes), rank=2)
    _, columns = m.shape_of(x)
    width = m.random.randint(1, 3)
    activation = m.choice("'linear'", "'relu'", "'elu'", "'sigmoid'", "'relu6'")
    b, bias = m.input((columns, width)), m.input((width,))
    return f"tf.{name}({{a: {x}, b: {b}, bias: {bias}, activation: {activation}}})"


@row("matrix", "bincount", "denseBincount")
def bincount(m, name):
    x = m.value(ANY, rank=1)
    (size,) = m.shape_of(x)
    places = [m.random.randrange(3) for _ in range(size)]
    return f"{x}.sum().mul(tf.{name}({indices(places)}, tf.ones([{size}]), 3))"
