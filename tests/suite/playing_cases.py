"""Cases of which only the id matters."""

from conformance.language.tree import Arrow, Name
from conformance.protocol import Argument, Function
from conformance.suite.case import Case

F = Function(source="x => x", tree=Arrow(parameters=(Name("x"),), body=Name("x")))


def case(case_id: str, **fields) -> Case:
    """The identity of a number."""
    x = Argument(literal=1)
    given = {"file": "s.yaml", "line": 1, "call": "grads", "f": F, "names": ("x",), "args": (x,)}
    return Case(**{"id": case_id, "wrt": ("x",)} | given | fields)


def cases(ids: list[str]) -> list[Case]:
    """One case for each id."""
    return [case(case_id) for case_id in ids]
