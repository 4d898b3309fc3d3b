"""Known divergences by root cause: what a run says about every cause, in the order of severity."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from conformance import certified
from conformance.causes import Cause, Causes, Severity
from conformance.certified import Blame
from conformance.expectations import ANY, Entry, Matcher
from conformance.judge import finding
from conformance.judge.finding import GRADS, VALUE, VARIABLES
from conformance.outcomes import ORACLE, Outcome, Verdict
from conformance.protocol import Returned, Started
from conformance.report import repro
from conformance.results import Results, Settled
from conformance.suite.case import Decimals, Exact, Expected
from conformance.tensors import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ELEMENTS = 8
MOST_CHARACTERS = 160
STATED = "the case states"
UNSTEADY = "differs from run to run"
# Where in its graph TensorFlow met the error: in every message, and of no use to a reader.
_NODES = re.compile(r"\{\{[^{}]*\}\}|; NodeDef:.*", re.DOTALL)
_ABOUT_TYPES = frozenset({"dtype", "shape"})


class Answer(msgspec.Struct, frozen=True):
    """What one implementation answered to the minimal case, or what the case itself states.

    ``parts`` are texts by place (``value``, ``gradient of x``), or one text under ``""`` where
    there is no tensor to show. ``differs`` is true for the divergence itself.
    """

    who: str
    parts: dict[str, str]
    differs: bool


class Divergence(msgspec.Struct, frozen=True):
    """One cause, as a run shows it.

    ``cases`` is the number of cases, ``implementations`` the addresses that diverge. ``program`` is
    the minimal case in JavaScript, ``index`` the element that is shown where not all are; without
    ``answers`` the minimal case was not run. ``blame`` says by whom it is certified who is wrong,
    ``disagreement`` why the oracle says something else than the cause does.
    """

    cause: Cause
    cases: int
    implementations: tuple[str, ...]
    program: str
    index: tuple[int, ...] | None
    answers: tuple[Answer, ...]
    blame: Blame | None = None
    disagreement: str | None = None


def collect(found: Results, entries: Sequence[Entry], causes: Causes) -> list[Divergence]:
    """Every cause that the run shows, the most severe first, otherwise in the order of the file."""
    matcher = Matcher(entries, causes)
    by_cause: dict[str, list[Verdict]] = {cause: [] for cause in causes.by_id}
    by_case: dict[str, tuple[Settled, list[Verdict]]] = {}
    for item in found.settled:
        verdicts = [matcher.explain(verdict) for verdict in item.verdicts]
        by_case[item.case.id] = (item, verdicts)
        for verdict in verdicts:
            if verdict.cause in by_cause:
                by_cause[verdict.cause].append(verdict)
    order = get_args(Severity)
    shown = [
        _divergence(causes.by_id[cause], verdicts, by_case, entries, found.header.implementations)
        for cause, verdicts in by_cause.items()
        if verdicts
    ]
    return sorted(shown, key=lambda one: order.index(one.cause.severity))


def _divergence(
    cause: Cause,
    verdicts: Sequence[Verdict],
    by_case: Mapping[str, tuple[Settled, list[Verdict]]],
    entries: Sequence[Entry],
    started: Mapping[str, Started | None],
) -> Divergence:
    cases = len({verdict.case for verdict in verdicts})
    implementations = tuple(dict.fromkeys(sorted(verdict.implementation for verdict in verdicts)))
    if cause.minimal not in by_case:
        return Divergence(cause, cases, implementations, "", None, ())
    item, explained = by_case[cause.minimal]
    own = [verdict for verdict in explained if verdict.cause == cause.id]
    minimal = _Minimal(item, own, entries)
    return Divergence(
        cause=cause,
        cases=cases,
        implementations=implementations,
        program=repro.snippet(item.case),
        index=minimal.index,
        answers=tuple(minimal.answers()),
        blame=_blame(cause, item, own, minimal.steady, started),
        disagreement=certified.disagreement(cause, item, minimal.steady, started),
    )


def _blame(
    cause: Cause,
    item: Settled,
    own: Sequence[Verdict],
    steady: Sequence[Verdict],
    started: Mapping[str, Started | None],
) -> certified.Blame | None:
    """Whom the oracle blames; what it says of an answer that changes from run to run is chance."""
    if steady:
        return certified.blame(cause, item, steady, started)
    who = tuple(verdict.implementation for verdict in own)
    return certified.Blame(who, "case", "an answer that changes from run to run") if own else None


class _Minimal:
    """The minimal case of a cause: which places are worth showing, and what stands there."""

    def __init__(
        self, item: Settled, verdicts: Sequence[Verdict], entries: Sequence[Entry]
    ) -> None:
        self.case = item.case
        self.outcomes = item.outcomes
        self.oracle = item.oracle
        self.diverging = {verdict.implementation for verdict in verdicts}
        about = [entry for entry in entries if entry.verdict == ANY]
        self.unsteady = {
            verdict.implementation
            for verdict in item.verdicts
            if any(entry.explains(verdict) for entry in about)
        }
        self.steady = [v for v in verdicts if v.implementation not in self.unsteady]
        worst = next((verdict.worst for verdict in self.steady if verdict.worst), None)
        self.typed = any(verdict.kind in _ABOUT_TYPES for verdict in self.steady)
        self.places = [worst.place] if worst else list(self._places(self.steady))
        self.index = worst.index if worst and self._is_large(worst.place) else None

    def _places(self, verdicts: Sequence[Verdict]) -> Iterator[str]:
        """All places, but for the value where only the backward pass fails, and the reverse."""
        threw = [o.threw for o in self.outcomes if o.threw and o.implementation in self.diverging]
        backward = any(error.phase == "backward" for error in threw)
        no_gradient = any(verdict.kind == "status" for verdict in verdicts) and not threw
        kind = VARIABLES if self.case.call == "minimize" else GRADS
        grads = [kind + name for name in self.case.wrt]
        if self.case.call not in {"grad", "grads"} and not (grads and (backward or no_gradient)):
            yield VALUE
        if backward or no_gradient or not threw:
            yield from grads

    def _tensors(self, place: str) -> Iterator[Tensor]:
        for outcome in self.outcomes:
            tensor = self._tensor(outcome.returned, place) if outcome.returned else None
            if tensor is not None:
                yield tensor

    def _tensor(self, returned: Returned, place: str) -> Tensor | None:
        if place == VALUE:
            return returned.value
        trained = place.startswith(VARIABLES)
        every = returned.variables if trained else returned.grads
        number = self.case.wrt.index(place.removeprefix(VARIABLES if trained else GRADS))
        return every[number] if number < len(every) else None

    def _is_large(self, place: str) -> bool:
        return any(tensor.size > MOST_ELEMENTS for tensor in self._tensors(place))

    def answers(self) -> Iterator[Answer]:
        stated = dict(self._stated())
        if stated:
            yield Answer(STATED, stated, differs=False)
        elif self.case.expect.throws:
            yield Answer(STATED, {"": "an error"}, differs=False)
        if self.oracle is not None and self.oracle.unsupported is None:
            yield Answer(ORACLE, self._answer(self.oracle), differs=False)
        for outcome in self.outcomes:
            address = outcome.implementation
            parts = {"": UNSTEADY} if address in self.unsteady else self._answer(outcome)
            yield Answer(address, parts, differs=address in self.diverging)

    def _stated(self) -> Iterator[tuple[str, str]]:
        for place in self.places:
            expect, name = self.case.expect, place.partition(".")[2]
            part = expect.value if place == VALUE else expect.grads.get(name)
            part = expect.variables.get(name) if place.startswith(VARIABLES) else part
            if part is not None:
                yield finding.title(place), self._expected(part)

    def _expected(self, part: Expected) -> str:
        match part:
            case Decimals(shape=shape, items=items):
                return self._elements(items, shape)
            case Exact(tensor=tensor):
                return self._elements(_texts(tensor.numpy().reshape(-1)), tensor.shape)
            case _:
                return "none"

    def _answer(self, outcome: Outcome) -> dict[str, str]:
        if outcome.threw is not None:
            return {"": f"throws: {_cut(outcome.threw.message)}"}
        if outcome.returned is None:
            return {"": "crashes" if outcome.crashed else "no answer"}
        return {
            finding.title(place): self._shown(self._tensor(outcome.returned, place))
            for place in self.places
        }

    def _shown(self, tensor: Tensor | None) -> str:
        if tensor is None:
            return "none"
        elements = self._elements(_texts(tensor.numpy().reshape(-1)), tensor.shape)
        return f"{tensor.dtype} {list(tensor.shape)}: {elements}" if self.typed else elements

    def _elements(self, texts: Sequence[str], shape: tuple[int, ...]) -> str:
        if self.index is None or len(self.index) != len(shape):
            return _nested(texts[:MOST_ELEMENTS], shape) if shape else "".join(texts[:1])
        flat = 0
        for at, length in zip(self.index, shape, strict=True):
            flat = flat * length + at
        return texts[flat]


def _texts(elements: NDArray[Any]) -> list[str]:
    return [finding.text(element).removesuffix(".0") for element in elements]


def _nested(texts: Sequence[str], shape: tuple[int, ...]) -> str:
    """Elements in the brackets of their shape; flat where they are not all there."""
    size = 1
    for length in shape:
        size *= length
    if len(shape) < 2 or len(texts) < size or not texts:  # noqa: PLR2004  a matrix
        more = ", …" if len(texts) < size else ""
        return f"[{', '.join(texts)}{more}]"
    step = size // shape[0]
    rows = (texts[at : at + step] for at in range(0, size, step))
    return f"[{', '.join(_nested(row, shape[1:]) for row in rows)}]"


def _cut(text: str) -> str:
    line = " ".join(_NODES.sub("", text).split())
    return line if len(line) <= MOST_CHARACTERS else f"{line[:MOST_CHARACTERS]} …"
