"""Which names are bound at a place of a function."""

from __future__ import annotations

from collections.abc import Iterator

_WORDS = """
    arguments async await break case catch class const continue debugger default delete do else
    enum eval export extends false finally for function if implements import in instanceof
    interface let new null package private protected public return static super switch this throw
    true try typeof undefined var void while with yield NaN Infinity globalThis __proto__
"""

RESERVED = frozenset(_WORDS.split())
"""What no parameter or constant can be called in one of JavaScript's modes."""


class Scope:
    """The names of one arrow function, inside those of the functions around it."""

    def __init__(self, parent: Scope | None = None) -> None:
        self.parent = parent
        self.ready: set[str] = set()
        self.later: set[str] = set()

    def announce(self, name: str) -> None:
        """A ``const`` of this scope hides outer names from its start, before it has a value."""
        if name not in self.ready:
            self.later.add(name)

    def bind(self, name: str) -> bool:
        """Give the name a value from here on; False if this scope has it already."""
        self.later.discard(name)
        if name in self.ready:
            return False
        self.ready.add(name)
        return True

    def is_bound(self, name: str) -> bool:
        """Whether the name has a value here."""
        scope = self._owner(name)
        return scope is not None and name in scope.ready

    def is_later(self, name: str) -> bool:
        """Whether the name is a constant whose declaration is still to come."""
        scope = self._owner(name)
        return scope is not None and name in scope.later

    def bound(self) -> Iterator[str]:
        """All names with a value, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield from sorted(scope.ready)
            scope = scope.parent

    def _owner(self, name: str) -> Scope | None:
        scope: Scope | None = self
        while scope is not None and name not in scope.ready and name not in scope.later:
            scope = scope.parent
        return scope
