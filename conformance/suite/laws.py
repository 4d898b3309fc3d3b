"""``laws:`` of a case file: the laws of a case, each of which becomes a case of its own."""

from __future__ import annotations

from conformance.laws import law
from conformance.laws.law import LawError
from conformance.suite.axes import Filler
from conformance.suite.case import Case
from conformance.suite.inputs import Invalid
from conformance.suite.nodes import Mapping, Scalar, Sequence


def laws(node: Mapping, filler: Filler, case: Case) -> tuple[str, ...]:
    """The laws of the case that a combination of axes gives, as they are written.

    Raises:
        Invalid: a law is none, stands twice, or does not apply to the case.
    """
    written = node.entries.get("laws")
    if written is None:
        return ()
    filled = filler.fill(written)
    if "law" in filler.values:
        message = "an axis of a case with laws is not called `law`"
        raise Invalid(node.keys["for"], message, "the laws stand in ids under that name")
    is_empty = isinstance(written, Sequence) and not written.items
    if not isinstance(filled, Sequence) or is_empty:
        raise Invalid(written, "`laws` is a list of laws", "laws: [repeatable]")
    found: list[str] = []
    for item in filled.items:
        text = " ".join(item.text.split()) if isinstance(item, Scalar) else ""
        try:
            law.check(law.parse(text), case)
        except LawError as error:
            raise Invalid(item, error.message, error.hint) from None
        if text in found:
            raise Invalid(item, f"the law `{text}` stands twice")
        found.append(text)
    return tuple(found)


def law_cases(case: Case, texts: tuple[str, ...]) -> list[Case]:
    """The cases of these laws of a case."""
    return [law.stated(law.parse(text), text, case) for text in texts]
