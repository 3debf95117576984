"""Reads quoted literals: `"a\\u00e9"`, `b'\\xff'`. expr-lang: parser/lexer/utils.go."""

from __future__ import annotations

import re
from typing import Final

_PLAIN: Final = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "'": "'", '"': '"', "`": "`", "?": "?",
}  # fmt: skip
_LENGTHS: Final = {"x": 2, "X": 2, "u": 4, "U": 8}
_ESCAPE: Final = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|(.))", re.DOTALL)
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_OCTAL: Final = re.compile(r"[0-3][0-7]{2}")
_LAST_CODE: Final = 0x10FFFF


class EscapeError(ValueError):
    """The literal contains an unknown escape."""


def text_of(literal: str) -> str:
    """For a literal with its quotes. Raises EscapeError."""
    return "".join(chr(code) for code in _codes(literal, for_bytes=False))


def bytes_of(literal: str) -> bytes:
    """Characters beyond ASCII as UTF-8, `\\xNN` and `\\NNN` as one byte. Raises EscapeError."""
    made = bytearray()
    for code in _codes(literal, for_bytes=True):
        made += chr(code).encode("utf-8", "surrogatepass") if code >= 0 else bytes((-1 - code,))
    return bytes(made)


def _codes(literal: str, *, for_bytes: bool) -> list[int]:
    """Character codes; for bytes, an escaped byte b is -1 - b."""
    inside = literal.replace("\r\n", "\n").replace("\r", "\n")[1:-1]
    codes: list[int] = []
    at = 0
    while at < len(inside):
        char = inside[at]
        if char != "\\":
            codes.append(ord(char))
            at += 1
            continue
        code, length = _escape(inside, at, for_bytes=for_bytes)
        codes.append(code)
        at += length
    return codes


def _escape(inside: str, at: int, *, for_bytes: bool) -> tuple[int, int]:
    """The code and how many characters it takes."""
    found = _ESCAPE.match(inside, at)
    if found is None:
        raise EscapeError("unable to unescape string, found '\\' as last character")
    if found[1] is not None:
        return _checked(int(found[1], 16), for_bytes), found.end() - at
    kind = found[2]
    if kind in _PLAIN:
        return ord(_PLAIN[kind]), 2
    if kind in _LENGTHS:
        digits = inside[at + 2 : at + 2 + _LENGTHS[kind]]
        if len(digits) < _LENGTHS[kind] or not _HEX.fullmatch(digits):
            raise EscapeError("unable to unescape string")
        code = int(digits, 16)
        if for_bytes and kind in "xX":
            return -1 - code, 4
        return _checked(code, for_bytes), 2 + len(digits)
    if kind in "0123":
        if not _OCTAL.match(inside, at + 1):
            raise EscapeError("unable to unescape octal sequence in string")
        code = int(inside[at + 1 : at + 4], 8)
        return (-1 - code if for_bytes else code), 4
    raise EscapeError("unable to unescape string")


def _checked(code: int, for_bytes: bool) -> int:
    if for_bytes or code > _LAST_CODE:
        raise EscapeError("unable to unescape string")
    return 0xFFFD if 0xD800 <= code <= 0xDFFF else code
