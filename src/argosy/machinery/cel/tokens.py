"""Splits a text into CEL's tokens."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from argosy.machinery.cel.errors import Issue, ParseError
from argosy.machinery.cel.values import UInt

_PREFIX = r"(?:[rR]?[bB]?|[bB][rR])"
_TOKEN = re.compile(
    rf"""(?P<space>(?:\s+|//[^\n]*)+)
    |(?P<string>{_PREFIX}(?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\n\r])*"|'(?:\\.|[^'\\\n\r])*'))
    |(?P<raw>[rR][bB]?(?:\"\"\".*?\"\"\"|'''.*?'''|"[^"\n\r]*"|'[^'\n\r]*'))
    |(?P<double>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)
    |(?P<int>0[xX][0-9a-fA-F]+[uU]?|\d+[uU]?)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<quoted>`[\w.\-/ ]+`)
    |(?P<operator>\[\?|\.\?|&&|\|\||[<>=!]=|[-+*/%<>!?:.,()\[\]{{}}])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\?\"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))|\\", re.ASCII
)
_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Token(NamedTuple):
    kind: str
    """`name`, `quoted`, `literal`, `end`, or the operator itself."""
    value: Any
    position: int


def tokens_of(text: str) -> list[Token]:
    """Ends with an `end` token. Raises ParseError."""
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        # A raw string may end in a backslash: it is tried first.
        if match is not None and match.lastgroup == "string" and match.group()[0] in "rR":
            match = _RAW.match(text, position) or match
        if match is None:
            raise ParseError(text, [Issue(position, f"Syntax error: token recognition error at: {text[position]!r}")])
        kind, content = str(match.lastgroup), match.group()
        if kind != "space":
            found.append(_token(text, kind, content, position))
        position = match.end()
    found.append(Token("end", None, len(text)))
    return found


_RAW = re.compile(r"(?P<raw>[rR][bB]?(?:\"\"\".*?\"\"\"|'''.*?'''|\"[^\"\n\r]*\"|'[^'\n\r]*'))", re.DOTALL)


def _token(text: str, kind: str, content: str, position: int) -> Token:
    if kind == "operator":
        return Token(content, content, position)
    if kind == "name":
        return Token(kind, content, position)
    if kind == "quoted":
        return Token(kind, content[1:-1], position)
    try:
        return Token("literal", _value(kind, content), position)
    except ValueError as error:
        raise ParseError(text, [Issue(position, str(error))]) from None


def _value(kind: str, content: str) -> Any:
    if kind == "double":
        return float(content)
    if kind == "int":
        return _number(content)
    prefix = content[: min(content.find(quote) for quote in "\"'" if quote in content)].lower()
    body = content[len(prefix) :]
    width = 3 if body[:3] in ('"""', "'''") and len(body) >= 6 else 1
    body = body[width:-width]
    if "b" in prefix:
        return body.encode() if "r" in prefix else _bytes(body)
    return body if "r" in prefix else _ESCAPE.sub(_unescaped, body)


def _number(content: str) -> int:
    unsigned = content[-1] in "uU"
    digits = content[:-1] if unsigned else content
    number = int(digits, 16) if digits[:2].lower() == "0x" else int(digits)
    if number >= (2**64 if unsigned else 2**63 + 1):  # the smallest integer is written with a minus before it
        raise ValueError("invalid uint literal" if unsigned else "invalid int literal")
    return UInt(number) if unsigned else number


def _unescaped(found: re.Match[str]) -> str:
    plain, byte, short, long, octal = found.groups()
    if plain is not None:
        return _PLAIN.get(plain, plain)
    code = byte or short or long
    if code is None and octal is None:
        raise ValueError("Syntax error: invalid escape in a string")
    point = int(code, 16) if code is not None else int(octal, 8)
    if point > 0x10FFFF or 0xD800 <= point <= 0xDFFF:
        raise ValueError("invalid unicode code point")
    return chr(point)


def _bytes(body: str) -> bytes:
    parts: list[bytes] = []
    last = 0
    for found in _ESCAPE.finditer(body):
        parts.append(body[last : found.start()].encode())
        _, byte, _, _, octal = found.groups()
        code = int(byte, 16) if byte else int(octal, 8) if octal else None
        parts.append(bytes([code]) if code is not None else _unescaped(found).encode())
        last = found.end()
    return b"".join((*parts, body[last:].encode()))
