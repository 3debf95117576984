"""Globs as two of upstream's libraries interpret them, compiled to linear-time patterns.

`anywhere` is for directory include and exclude: `*` matches `/` too. `by_segment` is for value files: `*` stays
within a segment, `**` spans segments. Both know `?`, `[a-z]`, `[!a]`, `{a,b}` and `\\`.
"""

from __future__ import annotations

import functools
from typing import Any, Final

import re2

GLOB_LIMIT: Final = 4096


class GlobError(ValueError):
    """The pattern is not a glob; the message gives the position."""


def is_glob(text: str) -> bool:
    return any(char in text for char in "*?[{")


@functools.lru_cache(maxsize=1024)
def anywhere(pattern: str) -> Any:
    """A compiled pattern whose `fullmatch` says whether a path matches. Raises GlobError."""
    return _compile(pattern, star=".*", one=".")


@functools.lru_cache(maxsize=1024)
def by_segment(pattern: str) -> Any:
    return _compile(pattern, star="[^/]*", one="[^/]")


def _compile(pattern: str, *, star: str, one: str) -> Any:
    if len(pattern) > GLOB_LIMIT:
        raise GlobError(f"a glob is longer than {GLOB_LIMIT} characters")
    try:
        return re2.compile("(?s)" + _Translation(pattern, star, one).text())
    except re2.error:
        raise GlobError(f"{pattern!r}: not a valid glob") from None


class _Translation:
    def __init__(self, pattern: str, star: str, one: str) -> None:
        self._pattern = pattern
        self._star = star
        self._one = one
        self._at = 0
        self._depth = 0

    def text(self) -> str:
        parts: list[str] = []
        while self._at < len(self._pattern):
            parts.append(self._next())
        if self._depth:
            raise GlobError(f"{self._pattern!r}: a brace is not closed")
        return "".join(parts)

    def _next(self) -> str:
        char = self._pattern[self._at]
        self._at += 1
        match char:
            case "*":
                return self._stars()
            case "?":
                return self._one
            case "[":
                return self._set()
            case "{":
                self._depth += 1
                return "(?:"
            case "}" if self._depth:
                self._depth -= 1
                return ")"
            case "," if self._depth:
                return "|"
            case "\\" if self._at < len(self._pattern):
                self._at += 1
                return str(re2.escape(self._pattern[self._at - 1]))
        return str(re2.escape(char))

    def _stars(self) -> str:
        if self._pattern[self._at : self._at + 1] != "*":
            return self._star
        self._at += 1
        if self._star != ".*" and self._pattern[self._at : self._at + 1] == "/":
            self._at += 1
            return "(?:.*/)?"
        return ".*"

    def _set(self) -> str:
        end = self._pattern.find("]", self._at + 1)
        if end < 0:
            raise GlobError(f"{self._pattern!r}: a bracket is not closed")
        inner = self._pattern[self._at : end]
        self._at = end + 1
        negated = inner[:1] in "!^"
        body = "".join(char if char == "-" else str(re2.escape(char)) for char in (inner[1:] if negated else inner))
        return f"[{'^' if negated else ''}{body}]"
