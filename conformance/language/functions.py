"""Arrow functions, their parameters and their blocks, from tree-sitter's nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.language import advice, tree
from conformance.language.problems import quoted
from conformance.language.scopes import RESERVED, Scope

if TYPE_CHECKING:
    from tree_sitter import Node

    from conformance.language.expressions import Reader

_NO_VALUE = tree.Constant("undefined")


def read_arrow(reader: Reader, node: Node, outer: Scope) -> tree.Expression:
    """``(a, [b, c], {value}) => body``."""
    parts = reader.children(node)
    while parts and parts[0].type == "async":
        reader.reject(parts.pop(0))
    parameters, arrow, body = parts
    scope = Scope(outer)
    if parameters.end_point.row != arrow.start_point.row:
        reader.report(arrow, "`=>` stands on the line of the parameters")
    single = parameters.type == "identifier"
    patterns = [parameters] if single else reader.items(parameters)
    read = tuple(_pattern(reader, pattern, scope) for pattern in patterns)
    return tree.Arrow(read, _body(reader, body, scope))


def _body(reader: Reader, body: Node, scope: Scope) -> tree.Expression | tree.Block:
    if body.type == "statement_block":
        return _block(reader, body, scope)
    if body.type != "parenthesized_expression" and reader.text(body).startswith("{"):
        # tree-sitter reads an object here, JavaScript a block.
        reader.report(body, "`{` after `=>` starts a block", "an object stands in `({…})`")
        return _NO_VALUE
    return reader.expression(body, scope)


def _block(reader: Reader, block: Node, scope: Scope) -> tree.Block:
    statements = reader.children(block)[1:-1]
    for name in (n for s in statements if s.type == "lexical_declaration" for n in _declared(s)):
        scope.announce(reader.text(name))
    constants: list[tree.Const] = []
    result: tree.Expression | None = None
    for position, statement in enumerate(statements):
        if result is not None:
            reader.report(statement, "nothing stands after `return`", "remove it")
        elif statement.type == "lexical_declaration":
            following = statements[position + 1 : position + 2]
            constants += _constants(reader, statement, following, scope)
        elif statement.type == "return_statement":
            result = _result(reader, statement, scope)
        else:
            reader.reject(statement)
    if result is None:
        end = block.children[-1]
        reader.report(end, "this block returns nothing", "end it with `return value;`")
    return tree.Block(tuple(constants), result or _NO_VALUE)


def _result(reader: Reader, statement: Node, scope: Scope) -> tree.Expression:
    keyword, *rest = reader.children(statement)
    if not rest or rest[0].type == ";" or rest[0].start_point.row != keyword.end_point.row:
        # JavaScript ends the statement at the end of the line.
        reader.report(keyword, "`return` has no value on its line", "write `return value;`")
        return _NO_VALUE
    return reader.expression(rest[0], scope)


def _declared(declaration: Node) -> list[Node]:
    """The identifiers that a declaration binds, where its patterns are well formed."""
    found = []
    for declarator in declaration.named_children:
        pattern = declarator.child_by_field_name("name")
        parts = [] if pattern is None else [pattern, *pattern.named_children]
        parts += [p for pair in parts if pair.type == "pair_pattern" for p in pair.named_children]
        kinds = ("identifier", "shorthand_property_identifier_pattern")
        found += [part for part in parts if part.type in kinds]
    return found


def _constants(
    reader: Reader, declaration: Node, following: list[Node], scope: Scope
) -> list[tree.Const]:
    keyword, *rest = reader.children(declaration)
    if keyword.type != "const":
        reader.report(
            keyword, f"`{keyword.type}` is not part of the case language", "write `const`"
        )
    if (
        rest[-1].type != ";"
        and following
        and following[0].start_point.row == declaration.end_point.row
    ):
        reader.report(following[0], "`;` is missing before this")
    constants = []
    for declarator in rest:
        if declarator.type != "variable_declarator":
            continue
        parts = reader.children(declarator)
        if len(parts) != len(("name", "=", "value")):
            reader.report(declarator, "a constant needs a value", "write `const name = value;`")
            _pattern(reader, parts[0], scope)
            continue
        # The value is read before the name is bound: a constant cannot use itself.
        value = reader.expression(parts[2], scope)
        constants.append(tree.Const(_pattern(reader, parts[0], scope), value))
    return constants


def _pattern(reader: Reader, node: Node, scope: Scope) -> tree.Pattern:
    """A parameter, or the left side of a declaration; its names are bound from here on."""
    if node.type == "array_pattern":
        return tree.ArrayPattern(tuple(_bind(reader, n, scope) for n in reader.items(node)))
    if node.type == "object_pattern":
        return tree.ObjectPattern(tuple(_pair(reader, n, scope) for n in reader.items(node)))
    return tree.Name(_bind(reader, node, scope))


def _pair(reader: Reader, node: Node, scope: Scope) -> tuple[str, str]:
    if node.type == "pair_pattern":
        first, _, last = reader.children(node)
        key = reader.key(first)
        name = _bind(reader, last, scope)
    else:
        first = node
        key = name = _bind(reader, node, scope)
    # A pattern reads a member as `.key` does.
    if key and key not in advice.PROPERTIES:
        names = reader.names
        reader.report(first, f"{quoted(key)} cannot be read", advice.for_property(key, names))
    return key, name


def _bind(reader: Reader, node: Node, scope: Scope) -> str:
    if node.type not in {"identifier", "shorthand_property_identifier_pattern"}:
        if node.type in {"array_pattern", "object_pattern"}:
            reader.report(node, "a pattern inside a pattern is not part of the case language",
                          "take it apart in a second `const`")  # fmt: skip
        elif node.type == "undefined":
            reader.report(node, "`undefined` cannot be the name of a value", "choose another name")
        else:
            reader.reject(node)
        return ""
    name = reader.identifier(node)
    if name == "tf":
        reader.report(node, "`tf` is the library and cannot be bound", "choose another name")
    elif name in RESERVED:
        message = f"{quoted(name)} is a word of JavaScript, not a name"
        reader.report(node, message, "choose another name")
    elif not scope.bind(name):
        message = f"{quoted(name)} is declared twice in one function"
        reader.report(node, message, "choose another name")
    return name
