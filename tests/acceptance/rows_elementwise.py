"""How the ops are written that take their tensors element by element, and the reductions."""

from __future__ import annotations

from tests.acceptance.maker import (
    ABOVE_MINUS_ONE,
    ABOVE_ONE,
    ANY,
    DIVISOR,
    MODERATE,
    POSITIVE,
    SMALL,
    TENS,
    UNIT,
    Domain,
    Unfit,
    row,
)

SLOPE = Domain(-1.4, 1.4, SMALL.fixes)
AWAY = Domain(-10, 10, TENS.fixes)
UNARY = {
    "abs": ANY, "acos": UNIT, "acosh": ABOVE_ONE, "asin": UNIT, "asinh": ANY, "atan": ANY,
    "atanh": UNIT, "cos": TENS, "cosh": MODERATE, "elu": TENS, "erf": MODERATE, "exp": MODERATE,
    "expm1": MODERATE, "log": POSITIVE, "log1p": ABOVE_MINUS_ONE, "logSigmoid": TENS, "neg": ANY,
    "reciprocal": DIVISOR, "relu": ANY, "relu6": ANY, "rsqrt": POSITIVE, "selu": TENS,
    "sigmoid": TENS, "sin": TENS, "sinh": MODERATE, "softplus": TENS, "sqrt": POSITIVE,
    "square": TENS, "tan": SLOPE, "tanh": MODERATE, "clone": ANY,
}  # fmt: skip


@row("elementwise", *UNARY)
def unary(m, name):
    x = m.value(UNARY[name])
    return m.choice(f"tf.{name}({x})", f"{x}.{name}()")


@row("step", "ceil", "floor", "round", "sign", "step")
def stepped(m, name):
    x = m.value(TENS)
    scaled = f"{x}.mul({m.number(1, 3)}).{name}()"
    return f"{scaled}.mul({x})" if m.chance(0.5) else f"{scaled}.add({x})"


@row("elementwise", "leakyRelu")
def leaky(m, name):
    return f"{m.value(TENS)}.{name}({m.choice('', '0.1', '0.3')})"


@row("elementwise", "clipByValue")
def clipped(m, name):
    return f"{m.value(ANY)}.{name}({m.choice(-1, -0.7, -2)}, {m.choice(1, 0.8, 1.5)})"


@row("elementwise", "onesLike", "zerosLike")
def alike(m, name):
    x = m.value(ANY)
    return f"{x}.mul(2).add(tf.{name}({x}))"


def pair(m, first=ANY, second=ANY):
    """Two operands that broadcast, mostly by being of one shape."""
    x = m.value(first)
    shape = m.shape_of(x)
    if m.chance(0.25):
        y = m.input(tuple(1 if m.chance(0.4) else size for size in shape), second)
    elif shape and m.chance(0.2):
        y = m.input(shape[1:], second)
    else:
        y = m.value(second, shape=shape)
        # A difference of the same is zero, and no check.
        y = m.input(shape, second) if y == x else y
    return x, y


@row("elementwise", "add", "sub", "mul")
def arithmetic(m, name):
    x, y = pair(m)
    if m.chance(0.2):
        y = m.number()
    return m.choice(f"tf.{name}({x}, {y})", f"{x}.{name}({y})")


@row("elementwise", "maximum", "minimum", "squaredDifference")
def of_two(m, name):
    x, y = pair(m)
    return m.choice(f"tf.{name}({x}, {y})", f"{x}.{name}({y})")


@row("elementwise", "div", "divNoNan")
def quotient(m, name):
    x, y = pair(m, ANY, DIVISOR)
    return f"{x}.{name}({y})"


@row("step", "floorDiv", "mod")
def whole_quotient(m, name):
    x, y = pair(m, TENS, DIVISOR)
    return f"{x}.{name}({y})" if name == "mod" else f"{x}.{name}({y}).add({x})"


@row("elementwise", "atan2")
def angle(m, name):
    x, y = pair(m, DIVISOR, DIVISOR)
    return f"tf.{name}({x}, {y})"


@row("elementwise", "pow")
def power(m, name):
    if m.chance(0.5):
        return f"{m.value(DIVISOR if m.chance(0.5) else MODERATE)}.{name}({m.choice(2, 3, 4)})"
    base = Domain(0.1, 10, POSITIVE.fixes[:2])
    x, y = pair(m, base, MODERATE)
    return f"{x}.{name}({m.choice(y, y, '0.5', '-1.5', '1.7')})"


@row("elementwise", "prelu")
def prelu(m, name):
    x = m.value(TENS)
    return f"{x}.{name}({m.input(m.shape_of(x), UNIT)})"


@row("elementwise", "addN")
def of_many(m, name):
    x = m.value()
    y = m.value(shape=m.shape_of(x))
    return f"tf.{name}([{x}, {y}, {m.input(m.shape_of(x))}])"


COMPARED = ("equal", "greater", "greaterEqual", "less", "lessEqual", "notEqual")


@row("step", *COMPARED)
def compared(m, name):
    x = m.value()
    y = m.value(shape=m.shape_of(x))
    if x == y:
        raise Unfit
    return m.choice(
        f"tf.where({x}.{name}({y}), {x}, {y})", f"tf.{name}({x}, {y}).toFloat().mul({x})"
    )


@row("step", "logicalAnd", "logicalOr", "logicalXor", "logicalNot", "where")
def logical(m, name):
    x = m.value()
    y = m.value(shape=m.shape_of(x))
    one, other = f"{x}.greater({m.number()})", f"{y}.less({m.number()})"
    if name == "where":
        return f"{x}.where({one}, {y})"
    held = f"{one}.{name}()" if name == "logicalNot" else f"{one}.{name}({other})"
    return f"tf.where({held}, {x}.mul(2), {y})"


@row("step", "isFinite", "isInf", "isNaN")
def classified(m, name):
    x = m.value()
    return f"tf.where(tf.{name}({x}), {x}.square(), {x}.mul(3))"


def axes(m, x):
    """The arguments of a reduction: which axes, and whether they are kept."""
    rank = len(m.shape_of(x))
    options = [
        "",
        *(str(axis) for axis in range(-1, rank)),
        *([f"{axis}, true" for axis in range(rank)]),
    ]
    if rank > 1:
        options += ["[0, 1]", "null, true"]
    if rank == 0:
        options = [""]
    return m.choice(*options)


REDUCTIONS = {
    "sum": ANY, "mean": ANY, "max": ANY, "min": ANY, "logSumExp": MODERATE,
    "prod": Domain(-3, 3, MODERATE.fixes[1:], away=0.05), "euclideanNorm": ANY,
}  # fmt: skip


@row("reduction", *REDUCTIONS)
def reduced(m, name):
    x = m.value(REDUCTIONS[name], fits=len)
    return m.choice(f"tf.{name}({x}{_more(axes(m, x))})", f"{x}.{name}({axes(m, x)})")


def _more(arguments):
    return f", {arguments}" if arguments else ""


@row("reduction", "norm")
def norm(m, name):
    x = m.value(fits=len)
    order = m.choice("'euclidean'", "1", "2", "Infinity", "-Infinity")
    return f"{x}.{name}({order}, {m.random.randrange(len(m.shape_of(x)))})"


@row("reduction", "all", "any")
def held(m, name):
    x = m.value(fits=len)
    return f"{x}.mul({x}.greater({m.number()}).{name}(0).toFloat())"


@row("reduction", "argMax", "argMin")
def place(m, name):
    x = m.value(fits=len)
    return f"{x}.add({x}.{name}(0).toFloat())"


@row("reduction", "cumsum", "cumprod")
def scanned(m, name):
    x = m.value(Domain(-3, 3, MODERATE.fixes, away=0.05 if name == "cumprod" else 0), fits=len)
    axis = m.random.randrange(len(m.shape_of(x)))
    return f"{x}.{name}({axis}, {m.choice('false', 'false', 'true')}, {m.choice('false', 'true')})"


@row("reduction", "moments")
def moments(m, name):
    x = m.value(fits=lambda shape: len(shape) and max(shape) > 1)
    shape = m.shape_of(x)
    return f"tf.{name}({x}, {shape.index(max(shape))}).{m.choice('mean', 'variance', 'variance')}"


@row("reduction", "softmax", "logSoftmax")
def softmax(m, name):
    x = m.value(TENS, fits=lambda shape: len(shape) and shape[-1] > 1)
    return m.choice(f"tf.{name}({x})", f"{x}.{name}()")
