"""``wrt:`` of a case file."""

from __future__ import annotations

from conformance.protocol import Argument
from conformance.suite.arguments import dtype
from conformance.suite.inputs import Invalid
from conformance.suite.nodes import Mapping, Node, Scalar, Sequence

SINGLE = frozenset({"valueAndGrad", "grad"})
_DIFFERENTIABLE = frozenset({"float32", "complex64"})


def wrt_of(
    node: Mapping, filled: Node | None, arguments: dict[str, Argument | None], call: str
) -> tuple[str, ...]:
    """The inputs that the gradient is taken for: as stated, or all that are floats.

    Raises:
        Invalid: one is no input or stands twice, or the call takes another number of them.
    """
    if call == "value":
        if filled is not None:
            raise Invalid(node.keys["wrt"], "`wrt` does not go with `call: value`")
        return ()
    if filled is None:
        floats = tuple(
            name
            for name, given in arguments.items()
            if given is None or dtype(given) in _DIFFERENTIABLE
        )
        wrt = floats or tuple(arguments)
    else:
        wrt = _named(filled, arguments)
    if call in SINGLE and len(wrt) != 1:
        raise Invalid(
            node.entries["name"], f"`{call}` takes the gradient for one input", "wrt: [x]"
        )
    return wrt


def _named(filled: Node, arguments: dict[str, Argument | None]) -> tuple[str, ...]:
    items = filled.items if isinstance(filled, Sequence) else (filled,)
    wrt = tuple(item.text if isinstance(item, Scalar) else "?" for item in items)
    if not wrt:
        raise Invalid(filled, "`wrt` names no input", "wrt: [x]")
    for item, name in zip(items, wrt, strict=True):
        if name not in arguments:
            known = ", ".join(arguments) or "none"
            raise Invalid(item, f"no input `{name}`", f"the inputs: {known}")
    if len(set(wrt)) != len(wrt):
        raise Invalid(filled, "an input stands twice in `wrt`")
    return wrt
