"""Compiles the globs and regular expressions of policies; common forms need no regular expression."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import re2

Predicate = Callable[[str], bool]
SPECIAL = frozenset("*?[]{}!\\")
SPECIAL_BUT_STARS = SPECIAL - {"*"}
GLOB, REGEX = "glob", "regex"


def _always(text: str) -> bool:
    return True


def _never(text: str) -> bool:
    return False


@lru_cache(maxsize=20_000)
def predicate(pattern: str, mode: str = GLOB) -> Predicate:
    """An invalid pattern matches nothing."""
    if mode == REGEX:
        return _searching(pattern)
    if pattern in ("*", "**"):
        return _always
    if SPECIAL.isdisjoint(pattern):
        return pattern.__eq__
    if pattern.endswith("*") and SPECIAL.isdisjoint(pattern[:-1]):
        prefix = pattern[:-1]
        return lambda text: text.startswith(prefix)
    if SPECIAL_BUT_STARS.isdisjoint(pattern):
        return _with_gaps(pattern)
    try:
        compiled = re2.compile(expression_of(pattern))
    except (re2.error, ValueError):
        return _never
    return lambda text: compiled.fullmatch(text) is not None


def _with_gaps(pattern: str) -> Predicate:
    """Any text for each star: an administrator's `*/*` is evaluated for each Application of a list."""
    first, *middle, last = pattern.split("*")
    shortest = len(first) + len(last)

    def fits(text: str) -> bool:
        if len(text) < shortest or not text.startswith(first) or not text.endswith(last):
            return False
        at, end = len(first), len(text) - len(last)
        for piece in middle:
            found = text.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True

    return fits


def _searching(pattern: str) -> Predicate:
    try:
        compiled = re2.compile(pattern)
    except re2.error:
        return _never
    return lambda text: compiled.search(text) is not None


def expression_of(glob: str) -> str:
    """The equivalent regular expression; `*` matches slashes. Raises ValueError for unclosed braces."""
    found, at, depth = ["(?s)"], 0, 0
    while at < len(glob):
        sign = glob[at]
        at += 1
        if sign == "*":
            found.append(".*")
        elif sign == "?":
            found.append(".")
        elif sign == "\\" and at < len(glob):
            found.append(re2.escape(glob[at]))
            at += 1
        elif sign == "[":
            end = glob.index("]", at + 1)
            inner = glob[at:end]
            negated = inner[:1] in ("!", "^")
            found.append(f"[{'^' if negated else ''}{_escaped_class(inner[1:] if negated else inner)}]")
            at = end + 1
        elif sign == "{":
            depth += 1
            found.append("(?:")
        elif sign == "}" and depth:
            depth -= 1
            found.append(")")
        elif sign == "," and depth:
            found.append("|")
        else:
            found.append(re2.escape(sign))
    if depth:
        raise ValueError("a brace is not closed")
    return "".join(found)


def _escaped_class(inner: str) -> str:
    return inner.replace("\\", "\\\\").replace("]", "\\]").replace("[", "\\[")
