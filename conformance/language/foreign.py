"""What to say of JavaScript that is not part of the case language."""

from __future__ import annotations

_OPERATORS = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod", "**": "pow", "<": "less",
    "<=": "lessEqual", ">": "greater", ">=": "greaterEqual", "==": "equal", "===": "equal",
    "!=": "notEqual", "!==": "notEqual", "&&": "logicalAnd", "||": "logicalOr",
}  # fmt: skip
_ARROW = "write an arrow function: `x => …`"
_CONST = "a block holds `const` declarations and a final `return`"
_VALUES = "write the value, or an op of tf.js that computes it"
_NODES: dict[str, tuple[str, str | None]] = {
    "assignment_expression": ("an assignment", "name a new value with `const`"),
    "augmented_assignment_expression": ("an assignment", "name a new value with `const`"),
    "assignment_pattern": ("a default value", "give every parameter a value"),
    "async": ("an async function", "remove `async`"),
    "await_expression": ("`await`", "tensors need no promise here"),
    "class": ("a class", None),
    "class_declaration": ("a class", None),
    "comment": ("a comment", "put it into the case's `why`"),
    "computed_property_name": ("a computed key", "write the key itself"),
    "empty_statement": ("an empty statement", "remove this `;`"),
    "expression_statement": ("a statement without effect", _CONST),
    "for_in_statement": ("a loop", _CONST),
    "for_statement": ("a loop", _CONST),
    "function_declaration": ("a function declaration", _ARROW),
    "function_expression": ("a function expression", _ARROW),
    "generator_function": ("a generator", _ARROW),
    "html_comment": ("a comment", "put it into the case's `why`"),
    "if_statement": ("`if`", "use tf.where"),
    "import": ("`import`", "only `tf` can be reached from a case"),
    "import_statement": ("`import`", "only `tf` can be reached from a case"),
    "meta_property": ("a meta property", None),
    "method_definition": ("a method, getter or setter", "write `key: x => …`"),
    "new_expression": ("`new`", "only `tf` can be reached from a case"),
    "object_assignment_pattern": ("a default value", "give every key a value"),
    "optional_chain": ("`?.`", "write `.`"),
    "private_property_identifier": ("a private member", None),
    "regex": ("a regular expression", None),
    "rest_pattern": ("a rest element", "name each item"),
    "sequence_expression": ("the comma operator", "keep one value"),
    "super": ("`super`", None),
    "template_string": ("a template string", "write it with plain quotes"),
    "ternary_expression": ("the `? :` operator", "use tf.where"),
    "this": ("`this`", "only parameters, constants and `tf` can be named"),
    "throw_statement": ("`throw`", _CONST),
    "update_expression": ("`++` or `--`", "the negative of a negative is `-(-x)`"),
    "variable_declaration": ("`var`", "write `const`"),
    "while_statement": ("a loop", _CONST),
    "yield_expression": ("`yield`", None),
}


def describe(kind: str, operator: str | None) -> tuple[str, str | None]:
    """The message and hint for a tree-sitter node kind outside the language."""
    if operator is not None and kind in {"binary_expression", "unary_expression"}:
        op = _OPERATORS.get(operator) if kind == "binary_expression" else None
        instead = _VALUES if op is None else f"write the number, or tf.{op}(a, b)"
        return f"the operator `{operator}` is not part of the case language", instead
    unknown = (f"this {kind.replace('_', ' ')}", None)
    what, hint = _NODES.get(kind, unknown)
    return f"{what} is not part of the case language", hint
