"""Hypothesis strategies for functions of the case language, and the names that they use."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.language import tree
from conformance.language.advice import PROPERTIES
from conformance.language.names import ApiNames

API = ApiNames(
    version="4.22.0",
    functions=frozenset(
        {
            *("abs", "add", "cast", "concat", "customGrad", "div", "grad", "losses.huberLoss"),
            *("mean", "moments", "mul", "neg", "split", "sub", "sum", "topk", "where"),
        }
    ),
    methods=frozenset({"abs", "add", "cast", "div", "mean", "mul", "neg", "sub", "sum"}),
)

_NAMES = ["x", "y", "z", "dy", "save", "_", "$s", "lambda", "float", "inner", "result", "rest"]
_KEYS = ["value", "gradFunc", "a", "default", "x", "if"]
_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)

numbers = st.builds(
    tree.Number,
    st.one_of(
        st.integers(0, 2**54).map(float),
        st.floats(min_value=0, allow_nan=False, allow_infinity=False).map(abs),
    ),
)
leaves = st.one_of(
    numbers,
    st.builds(
        tree.Constant,
        st.sampled_from(["NaN", "Infinity", "undefined", "null", "true", "false"]),
    ),
    st.builds(tree.String, _TEXT),
)


def _api(path: str) -> tree.Expression:
    node: tree.Expression = tree.Name("tf")
    for name in path.split("."):
        node = tree.Member(node, name)
    return node


def _has_members(node: tree.Expression) -> bool:
    """Whether a member of the node is not read as a longer path below ``tf``."""
    while isinstance(node, tree.Member):
        node = node.object
    return node != tree.Name("tf")


api_functions = st.sampled_from(sorted(API.functions)).map(_api)


@st.composite
def _patterns(draw, free):
    kind = draw(st.sampled_from(["name", "name", "array", "object"]))
    if kind == "name":
        return tree.Name(draw(st.sampled_from(free)))
    names = tuple(draw(st.lists(st.sampled_from(free), unique=True, max_size=3)))
    if kind == "array":
        return tree.ArrayPattern(names)
    keys = [draw(st.sampled_from(sorted(PROPERTIES))) for _ in names]
    return tree.ObjectPattern(tuple(zip(keys, names, strict=True)))


def _names(pattern: tree.Pattern) -> list[str]:
    match pattern:
        case tree.Name(name):
            return [name]
        case tree.ArrayPattern(names):
            return list(names)
        case tree.ObjectPattern(pairs):
            return [name for _, name in pairs]


@st.composite
def _items(draw, bound, depth):
    items = draw(st.lists(st.booleans(), max_size=3))
    return tuple(
        tree.Spread(draw(_expressions(bound, depth)))
        if spread
        else draw(_expressions(bound, depth))
        for spread in items
    )


@st.composite
def _objects(draw, bound, depth):
    keys = draw(st.lists(st.sampled_from(_KEYS), unique=True, max_size=3))
    entries = [tree.Entry(key, draw(_expressions(bound, depth))) for key in keys]
    if draw(st.booleans()):
        entries.insert(0, tree.Spread(draw(_expressions(bound, depth))))
    return tree.Object(tuple(entries))


@st.composite
def _callees(draw, bound, depth):
    kinds = [api_functions, st.sampled_from(sorted(API.methods))]
    if bound:
        kinds.append(st.sampled_from(bound).map(tree.Name))
    if depth:
        kinds.append(_arrows(bound, depth - 1))
    callee = draw(st.one_of(kinds))
    if isinstance(callee, str):
        receivers = _expressions(bound, depth).filter(_has_members)
        return tree.Member(draw(receivers), callee)
    return callee


@st.composite
def _expressions(draw, bound, depth):  # noqa: PLR0911 - one return per kind of node
    simple = [leaves, api_functions]
    if bound:
        simple += [st.sampled_from(bound).map(tree.Name)] * 2
    if depth == 0:
        return draw(st.one_of(simple))
    kind = draw(st.integers(0, 7))
    inner = _expressions(bound, depth - 1)
    match kind:
        case 0:
            return tree.Negative(draw(inner))
        case 1:
            return tree.Array(draw(_items(bound, depth - 1)))
        case 2:
            return draw(_objects(bound, depth - 1))
        case 3:
            node = draw(inner.filter(_has_members))
            return tree.Member(node, draw(st.sampled_from(sorted(PROPERTIES))))
        case 4:
            return tree.Index(draw(inner), draw(st.integers(0, 99)))
        case 5 | 6:
            callee = draw(_callees(bound, depth - 1))
            return tree.Call(callee, draw(_items(bound, depth - 1)))
        case _:
            return draw(_arrows(bound, depth - 1))


@st.composite
def _arrows(draw, bound, depth):
    parameters = []
    own: list[str] = []
    for _ in range(draw(st.integers(0, 2))):
        pattern = draw(_patterns([n for n in _NAMES if n not in own]))
        own += _names(pattern)
        parameters.append(pattern)
    if draw(st.booleans()):
        visible = sorted({*bound, *own})
        return tree.Arrow(tuple(parameters), draw(_expressions(visible, depth)))
    patterns = []
    taken = list(own)
    for _ in range(draw(st.integers(0, 2))):
        pattern = draw(_patterns([n for n in _NAMES if n not in taken]))
        taken += _names(pattern)
        patterns.append(pattern)
    constants = []
    # A constant of this block hides the outer name from the block's start.
    visible = sorted({*bound, *own} - (set(taken) - set(own)))
    for pattern in patterns:
        constants.append(tree.Const(pattern, draw(_expressions(visible, depth))))
        visible = sorted({*visible, *_names(pattern)})
    block = tree.Block(tuple(constants), draw(_expressions(visible, depth)))
    return tree.Arrow(tuple(parameters), block)


functions = _arrows([], 4)
"""Functions that the parser accepts with ``API``."""
