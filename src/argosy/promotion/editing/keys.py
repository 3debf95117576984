r"""Dotted keys of the updating steps: `image.tag`, `list.0.name`, `keys.a\.b`, `keys.:3`.

`\.` and `\:` are the literal characters; a leading `:` makes a number the name of a key instead of an index.
Source: spec/kargo-steps.md 9.2.
"""

from __future__ import annotations

from typing import NamedTuple


class KeyFault(ValueError):
    """A key cannot be split, or does not exist in the document."""


class Part(NamedTuple):
    text: str
    literal: bool = False
    """Never an index, even if it looks like one."""


def split(key: str) -> list[Part]:
    """Raises KeyFault."""
    if not key:
        raise KeyFault("empty key")
    parts: list[Part] = []
    text, literal, at = "", False, 0
    while at <= len(key):
        char = key[at] if at < len(key) else "."
        if char == ".":
            if not text:
                raise KeyFault(f'empty key part in key "{key}"')
            parts.append(Part(text, literal))
            text, literal = "", False
        elif char == "\\":
            text += _escaped(key, at + 1)
            at = min(at + 1, len(key) - 1)
        elif char == ":":
            if text:
                raise KeyFault(f'unexpected colon in key "{key}"')
            literal = True
        else:
            text += char
        at += 1
    return parts


def _escaped(key: str, at: int) -> str:
    """The character after a backslash; a trailing backslash is dropped, as upstream."""
    if at >= len(key):
        return ""
    if key[at] not in ".:\\":
        shown = key.replace("\\", "\\\\")
        raise KeyFault(f'invalid escape sequence in key "{shown}"')
    return key[at]


def index(part: Part) -> int:
    """Raises KeyFault, in Go's words, as in upstream's messages."""
    try:
        return int(part.text)
    except ValueError:
        raise KeyFault(f'strconv.Atoi: parsing "{part.text}": invalid syntax') from None
