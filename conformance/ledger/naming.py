"""Which public functions of tf.js a case names."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from conformance.language.tree import Arrow, Call, Member, Name, Node
from conformance.suite.case import Case


@functools.lru_cache(maxsize=4096)
def named(tree: Arrow) -> frozenset[str]:
    """What a function names: functions as ``tf.losses.huberLoss``, called methods as ``.abs``."""
    return frozenset(_named(tree))


def asked(case: Case) -> frozenset[str]:
    """What a case has the implementation call around its function: the API of gradients."""
    calls = set() if case.call in {"value", "minimize"} else {f"tf.{case.call}"}
    if case.optimizer is not None:
        calls.add(f"tf.train.{case.optimizer.name}")
    return frozenset(calls)


def _named(node: object) -> Iterator[str]:
    if isinstance(node, tuple):
        for item in node:
            yield from _named(item)
    elif isinstance(node, Member) and (path := _path(node)) is not None:
        yield path
    elif isinstance(node, Node):
        callee = node.callee if isinstance(node, Call) else None
        if isinstance(callee, Member) and _path(callee) is None:
            yield f".{callee.name}"
        for field in node.__struct_fields__:
            yield from _named(getattr(node, field))


def _path(node: Member) -> str | None:
    """``tf.a.b`` for a chain of members that starts at ``tf``."""
    names = [node.name]
    owner = node.object
    while isinstance(owner, Member):
        names.append(owner.name)
        owner = owner.object
    return ".".join(["tf", *reversed(names)]) if owner == Name(name="tf") else None
