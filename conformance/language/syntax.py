"""From text to tree-sitter's syntax tree, without the errors that tree-sitter forgives."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from conformance.language.foreign import describe
from conformance.language.problems import LanguageErrors, Problem, problem_at, quoted

if TYPE_CHECKING:
    import tree_sitter

MAX_LENGTH = 50_000
"""Characters in one function: tree-sitter's time on broken text grows faster than the text."""

_PLAIN = re.compile(r"[\n\t -~]*")
# A carriage return ends a line in JavaScript, and not everywhere in tree-sitter.
_NOT_PLAIN = re.compile(r"[^\n\t -~]")
_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))"""
    r"""|(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
    r"""|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<quote>["'])""",
    re.DOTALL,
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_PLAIN_QUOTES = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'}


def syntax_tree(source: str) -> tree_sitter.Node:
    """The root of tree-sitter's tree of a source without syntax errors.

    Outside its strings the source is ASCII: there JavaScript's lexer holds no surprises.

    Raises:
        LanguageErrors: everything that keeps the source from being JavaScript.
    """
    if len(source) > MAX_LENGTH:
        message = f"this function is longer than {MAX_LENGTH} characters"
        raise LanguageErrors(source, (problem_at(source, 0, message),))
    if not _PLAIN.fullmatch(source) and (problems := _characters(source)):
        raise LanguageErrors(source, problems)
    if "/" in source and (problems := _comments(source)):
        raise LanguageErrors(source, problems)
    root = _parser().parse(source.encode()).root_node
    if root.has_error:
        raise LanguageErrors(source, _brackets(source) or _errors(source, root))
    return root


def character_offset(source: str, data: bytes, byte: int) -> int:
    """The offset in characters of an offset in the source's UTF-8 bytes."""
    return byte if len(data) == len(source) else len(data[:byte].decode())


@functools.cache
def _parser() -> tree_sitter.Parser:
    # Imported here, because most commands never read a case.
    import tree_sitter  # noqa: PLC0415
    import tree_sitter_javascript  # noqa: PLC0415

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_javascript.language()))


def _characters(source: str) -> tuple[Problem, ...]:
    """Characters that the language does not have, at their place."""
    strings = [m.span() for m in _TOKEN.finditer(source) if m.lastgroup == "string"]
    problems = []
    for match in _NOT_PLAIN.finditer(source):
        at = match.start()
        inside = any(start < at < end for start, end in strings)
        if inside and match[0].isprintable():
            continue
        name = f"U+{ord(match[0]):04X}"
        if inside:
            message = f"the invisible character {name} is not used in strings"
            hint = f"write it as an escape: \\u{{{ord(match[0]):X}}}"
        else:
            message = f"the character {name} is not used outside strings"
            hint = "names are ASCII letters, digits, _ and $"
            if match[0] in _PLAIN_QUOTES:
                hint = f"write the plain quote {_PLAIN_QUOTES[match[0]]}"
        problems.append(problem_at(source, at, message, hint))
    return tuple(problems)


def _comments(source: str) -> tuple[Problem, ...]:
    """Comments, which could hide from a reader what runs."""
    message, hint = describe("comment", None)
    found = (m.start() for m in _TOKEN.finditer(source) if m.lastgroup == "comment")
    return tuple(problem_at(source, at, message, hint) for at in found)


def _brackets(source: str) -> tuple[Problem, ...]:
    """Brackets without a partner and strings without an end."""
    problems = []
    opened: list[tuple[str, int]] = []
    for match in _TOKEN.finditer(source):
        at = match.start()
        if match.lastgroup == "quote":
            message = f"the string is not closed by {match[0]} on its line"
            problems.append(problem_at(source, at, message))
            break
        if match.lastgroup == "open":
            opened.append((match[0], at))
        elif match.lastgroup == "close" and not opened:
            message = f"`{match[0]}` closes nothing"
            problems.append(problem_at(source, at, message, "remove it, or open it before"))
        elif match.lastgroup == "close":
            bracket, start = opened.pop()
            if _CLOSING[bracket] != match[0]:
                message = f"`{match[0]}` closes nothing: `{_CLOSING[bracket]}` must come first"
                place = problem_at(source, start, "")
                hint = f"`{bracket}` was opened at {place.line}:{place.column}"
                problems.append(problem_at(source, at, message, hint))
                break
    else:
        if opened:
            bracket, start = opened[-1]
            hint = f"write `{_CLOSING[bracket]}` where it ends"
            if len(opened) > 1:
                hint += f"; {len(opened)} brackets are open at the end"
            problems.append(problem_at(source, start, f"`{bracket}` is never closed", hint))
    return tuple(problems)


def _errors(source: str, root: tree_sitter.Node) -> tuple[Problem, ...]:
    """The places where tree-sitter skipped or invented text."""
    data = source.encode()
    problems = {}
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_missing:
            at = character_offset(source, data, node.start_byte)
            message = f"`{node.type}` is missing" if not node.is_named else "something is missing"
            problems[at] = problem_at(source, at, message)
        elif node.is_error:
            at, message = _skipped(source, data, node)
            problems[at] = problem_at(source, at, message, "write one arrow function: `x => …`")
        elif node.has_error:
            pending.extend(node.children)
    return tuple(problems[at] for at in sorted(problems))


def _skipped(source: str, data: bytes, node: tree_sitter.Node) -> tuple[int, str]:
    """Where an ERROR node went wrong, and what to say of it."""
    start = character_offset(source, data, node.start_byte)
    end = character_offset(source, data, node.end_byte)
    if not source[end:].strip():
        # What was read up to here is fine; it only stops too early.
        last = len(source[:end].rstrip())
        return last, "the function ends too early" if last else "there is no function"
    return start, f"{quoted(source[start:end])} is not understood here"
