"""What a case states, held against what one implementation answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.judge import no_gradient
from conformance.judge.compare import Rules, stated, tensors
from conformance.judge.finding import (
    EXPECT,
    GRADS,
    ORDER,
    VALUE,
    VARIABLES,
    Finding,
    first,
    title,
)
from conformance.protocol import Returned, Threw
from conformance.suite.case import Case, Decimals, Exact, Expectation, Expected, Missing
from conformance.tensors import Tensor


@dataclass(frozen=True, slots=True)
class Side:
    """How one implementation is held against the case: whether it flushes, and what zeros mean.

    ``strict_zero`` is asked for once a float is judged.
    """

    flushes: bool
    strict_zero: Callable[[], bool]


def findings(case: Case, answer: Returned | Threw, side: Side) -> list[Finding]:
    """What violates the case's expectation, in no order of importance; empty where it holds."""
    found = _whole(case, case.expect, answer, side)
    if isinstance(answer, Returned) and case.expect.throws is None:
        found += _incomplete(case, answer)
    leaked = answer.leaked if isinstance(answer, Returned) else None
    if leaked is not None and leaked != case.expect.leaks:
        why = f"{leaked} tensors stay alive, {case.expect.leaks} expected"
        found.append(Finding(kind="leak", why=why, against=EXPECT))
    return found


def _incomplete(case: Case, answer: Returned) -> list[Finding]:
    """What the call has to give, whatever the case states: a value, gradients, variables."""
    said: list[str] = []
    if answer.value is None and case.call not in ("grad", "grads"):
        said.append(f"returned no value, which {case.call} has to give")
    wanted = 0 if case.call in ("value", "minimize") else len(case.wrt)
    if len(answer.grads) != wanted:
        said.append(f"returned {len(answer.grads)} gradients, {wanted} are asked for")
    trained = len(case.wrt) if case.call == "minimize" else 0
    if len(answer.variables) != trained:
        said.append(f"returned {len(answer.variables)} variables, {trained} are trained")
    return [Finding(kind="status", why=why, against=EXPECT) for why in said]


def places(expect: Expectation) -> frozenset[str]:
    """The places that an expectation states something about, without those of its alternatives."""
    value = [VALUE] if expect.value is not None else []
    grads = [GRADS + name for name in expect.grads]
    return frozenset(value + grads + [VARIABLES + name for name in expect.variables])


def free(expect: Expectation) -> frozenset[str]:
    """The places that an alternative states something about: no reference decides these."""
    return frozenset[str]().union(*(places(part) | free(part) for part in expect.either))


def checks_results(expect: Expectation) -> bool:
    """Whether an expectation states anything about what is returned or thrown."""
    own = bool(places(expect)) or expect.throws is not None
    return own or any(checks_results(part) for part in expect.either)


def _whole(case: Case, expect: Expectation, answer: Returned | Threw, side: Side) -> list[Finding]:
    if isinstance(answer, Threw):
        return _threw(case, expect, answer, side)
    if expect.throws is not None:
        return _accepted(expect, answer)
    found = list(_parts(case, expect, answer, side))
    found += _printed(case, expect, answer)
    return found + _either(case, expect, answer, side)


def _either(case: Case, expect: Expectation, answer: Returned | Threw, side: Side) -> list[Finding]:
    """Nothing where one alternative holds as a whole, else what the nearest one lacks."""
    if not expect.either:
        return []
    failed: list[Finding] = []
    for part in expect.either:
        found = _whole(case, part, answer, side)
        if not found:
            return []
        failed.append(first(found))
    nearest = max(failed, key=lambda finding: ORDER.index(finding.kind))
    why = f"none of {len(failed)} alternatives holds; the nearest: {nearest.why}"
    return [
        Finding(kind=nearest.kind, why=why, against=EXPECT, word=nearest.word, worst=nearest.worst)
    ]


def _threw(case: Case, expect: Expectation, answer: Threw, side: Side) -> list[Finding]:
    message = no_gradient.normalized(answer.message)
    if expect.throws is not None:
        wanted = no_gradient.normalized(expect.throws.message or "")
        if expect.throws.phase not in (None, answer.phase):
            why = f"threw while in phase {answer.phase}, not {expect.throws.phase}: {message}"
            return [Finding(kind="status", why=why, against=EXPECT)]
        if wanted not in message:
            why = f"threw another error: expected {wanted!r}, got {message!r}"
            return [Finding(kind="status", why=why, against=EXPECT)]
        return _either(case, expect, answer, side)
    if expect.either and not places(expect) and any(map(_may_throw, expect.either)):
        return _either(case, expect, answer, side)
    missing = any(isinstance(part, Missing) for part in expect.grads.values())
    if missing and no_gradient.is_unconnected(message) and no_gradient.same("none", "threw"):
        return []
    why = f"threw {answer.type} in phase {answer.phase}: {message}"
    return [Finding(kind="status", why=why, against=EXPECT, word="threw")]


def _may_throw(expect: Expectation) -> bool:
    missing = any(isinstance(part, Missing) for part in expect.grads.values())
    return expect.throws is not None or missing or any(map(_may_throw, expect.either))


def _accepted(expect: Expectation, answer: Returned) -> list[Finding]:
    """What is wrong with returning where an error is expected: nothing, if a null says the same."""
    throws = expect.throws
    message = "" if throws is None or throws.message is None else throws.message
    if no_gradient.is_unconnected(message) and any(
        (shown := no_gradient.status(gradient)) == "none" and no_gradient.same(shown, "threw")
        for gradient in answer.grads
    ):
        return []
    shown_message = f" {no_gradient.normalized(message)!r}" if message else ""
    why = f"returned where an error{shown_message} is expected"
    return [Finding(kind="status", why=why, against=EXPECT, word="accepted")]


def _parts(case: Case, expect: Expectation, answer: Returned, side: Side) -> Iterator[Finding]:
    if expect.value is not None:
        found = _part(VALUE, answer.value, expect.value, side)
        if found is not None:
            yield found
    shown = dict(zip(case.wrt, answer.grads, strict=False))
    for name, expected in expect.grads.items():
        found = _part(GRADS + name, shown.get(name), expected, side)
        if found is not None:
            yield found
    trained = dict(zip(case.wrt, answer.variables, strict=False))
    for name, expected in expect.variables.items():
        found = _part(VARIABLES + name, trained.get(name), expected, side)
        if found is not None:
            yield found


def _part(place: str, got: Tensor | None, expected: Expected, side: Side) -> Finding | None:
    """The finding on one place, or None. Only a gradient may be absent and still agree."""
    is_gradient = place.startswith(GRADS)
    if isinstance(expected, Missing) or got is None:
        mine = no_gradient.status(got)
        theirs = _status(expected)
        if is_gradient and mine and theirs and no_gradient.same(mine, theirs):
            return None
        wanted = "none" if isinstance(expected, Missing) else "one"
        given = "none" if got is None else "one"
        if got is None and isinstance(expected, Missing):
            return None
        why = f"{title(place)}: expected {wanted}, got {given}"
        return Finding(kind="status", why=why, against=EXPECT)
    strict = place == VALUE and side.strict_zero()
    if isinstance(expected, Decimals):
        rules = Rules(place=place, against=EXPECT, strict_zero=strict, got_flushes=side.flushes)
        return stated(got, expected, rules)
    # Exact bits are strict by themselves, about zeros and subnormals too.
    found = tensors(got, expected.tensor, Rules(place=place, against=EXPECT, strict_zero=True))
    return found if isinstance(found, Finding) else None


def _status(expected: Expected) -> no_gradient.Status | None:
    match expected:
        case Missing():
            return "none"
        case Exact(tensor=tensor):
            return no_gradient.status(tensor)
        case Decimals(items=items):
            try:
                return "zeros" if all(float(item) == 0 for item in items) else None
            except ValueError:
                return None


def _printed(case: Case, expect: Expectation, answer: Returned) -> list[Finding]:
    """The printed texts that differ; who answers without texts is not judged."""
    if expect.printed is None or answer.printed is None:
        return []
    wanted: list[tuple[str, str, str | None]] = []
    if expect.printed.value is not None:
        wanted.append((VALUE, expect.printed.value, answer.printed.value))
    shown = dict(zip(case.wrt, answer.printed.grads, strict=False))
    wanted += [(GRADS + name, want, shown.get(name)) for name, want in expect.printed.grads.items()]
    return [
        Finding(
            kind="printed",
            why=f"printed text of {title(place)} differs: expected {want!r}, got {got!r}",
            against=EXPECT,
        )
        for place, want, got in wanted
        if want != got
    ]
