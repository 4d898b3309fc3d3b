"""From the source of a case's function to its tree.

The tree is checked while it is built: whatever ``parse`` returns can only name parameters,
constants and public ops of tf.js. The source that passed goes to JavaScript as it stands, so
everything that tree-sitter reads differently from JavaScript is refused here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.language import tree
from conformance.language.expressions import Reader
from conformance.language.names import ApiNames
from conformance.language.problems import LanguageErrors
from conformance.language.syntax import syntax_tree

if TYPE_CHECKING:
    import tree_sitter


def parse(source: str, names: ApiNames) -> tree.Arrow:
    """Read one arrow function of the case language.

    Args:
        source: the function as written, such as ``(x, y) => x.div(y)``.
        names: the functions and methods of tf.js that it may use.

    Raises:
        LanguageErrors: the source is not in the language; it holds every problem found.
    """
    root = syntax_tree(source)
    reader = Reader(source, names)
    function = _function(reader, root)
    if function is None or reader.problems:
        problems = sorted(reader.problems, key=lambda problem: problem.offset)
        raise LanguageErrors(source, tuple(problems))
    return function


def _function(reader: Reader, root: tree_sitter.Node) -> tree.Arrow | None:
    statements = reader.children(root)
    if not statements:
        if not reader.problems:
            reader.report(root, "there is no function", "write one arrow function: `x => …`")
        return None
    first, *others = statements
    for other in others:
        reader.report(other, "there is more than one function", "write one arrow function")
    if first.type != "expression_statement":
        reader.reject(first)
        return None
    node, *rest = reader.children(first)
    for semicolon in rest:
        reader.report(semicolon, "a function does not end with `;`", "remove it")
    node = reader.unwrapped(node)
    if node.type not in {"arrow_function", "parenthesized_expression"}:
        hint = "write an arrow function whose parameters are the inputs: `x => …`"
        reader.report(node, "this is not a function", hint)
        return None
    function = reader.expression(node, None)
    return function if isinstance(function, tree.Arrow) else None
