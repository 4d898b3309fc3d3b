"""Values of number and string literals."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

_DECIMAL = re.compile(r"(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]+")
_PIECE = re.compile(
    r"\\u\{([0-9a-fA-F]{1,6})\}|\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\(0)(?![0-9])"
    r"|\\([^0-9ux\n])|([^\\]+)"
)
_SIMPLE = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
}
_LAST_CODE_POINT = 0x10FFFF


class LiteralError(Exception):
    """A literal has no value in the language; the text says why, ``offset`` where inside it."""

    def __init__(self, message: str, hint: str | None = None, offset: int = 0) -> None:
        super().__init__(message)
        self.hint = hint
        self.offset = offset


def number(text: str) -> float:
    """The double nearest to a decimal or hexadecimal literal.

    Raises:
        LiteralError: another form of number, or one above the largest double.
    """
    if _DECIMAL.fullmatch(text):
        value = float(text)
    elif _HEXADECIMAL.fullmatch(text):
        # float(int) raises above the largest double, where JavaScript says Infinity.
        value = float(int(text, 16)) if len(text) < 2 + 256 else math.inf
    else:
        raise LiteralError("this form of number is not used here", "write it as a decimal number")
    if math.isinf(value):
        raise LiteralError("this number is larger than every double", "write Infinity")
    return value


def string(text: str) -> str:
    """The value of a string literal in single or double quotes.

    Raises:
        LiteralError: an escape without meaning, or half a surrogate pair.
    """
    body = text[1:-1]
    if "\\" not in body:
        return body
    value = "".join(_pieces(body))
    try:
        # Escapes may spell the two halves of a pair one by one, as JavaScript does.
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        raise LiteralError("this string holds half a surrogate pair") from None


def _pieces(body: str) -> Iterator[str]:
    at = 0
    while at < len(body):
        match = _PIECE.match(body, at)
        if match is None:
            raise _wrong_escape(body, at)
        braces, unicode, byte, zero, simple, plain = match.groups()
        digits = braces or unicode or byte or zero
        if plain is not None:
            yield plain
        elif simple is not None:
            if simple not in _SIMPLE:
                raise _wrong_escape(body, at)
            yield _SIMPLE[simple]
        elif int(digits, 16) > _LAST_CODE_POINT:
            raise _wrong_escape(body, at)
        else:
            yield chr(int(digits, 16))
        at = match.end()


def _wrong_escape(body: str, at: int) -> LiteralError:
    shown = body[at : at + 2].replace("\n", "")
    return LiteralError(
        f"the escape `{shown}` has no meaning here",
        r"""escapes are \n \t \r \b \f \v \0 \\ \' \" \xHH \uHHHH \u{H…}""",
        at + 1,
    )
