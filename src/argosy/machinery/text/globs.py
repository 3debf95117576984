"""The three kinds of patterns in projects and settings (spec 2), compiled once each."""

from __future__ import annotations

import re
from functools import lru_cache
from re import Pattern

PATTERNS_REMEMBERED = 4096


def matches(pattern: str, text: str) -> bool:
    """Glob without separator: `*` crosses everything; `[a-z]`, `?` and `{a,b}` as usual."""
    return pattern == text or _compiled(pattern, False).fullmatch(text) is not None


def matches_path(pattern: str, text: str) -> bool:
    """Glob with `/` as separator: `*` stays within one part, `**` crosses."""
    return pattern == text or _compiled(pattern, True).fullmatch(text) is not None


@lru_cache(maxsize=PATTERNS_REMEMBERED)
def _compiled(pattern: str, separated: bool) -> Pattern[str]:
    one, out, at, depth = ("[^/]" if separated else ".", [], 0, 0)
    while at < len(pattern):
        sign = pattern[at]
        at += 1
        if sign == "*":
            double = pattern[at : at + 1] == "*"
            while pattern[at : at + 1] == "*":
                at += 1
            out.append(".*" if double else f"{one}*")
        elif sign == "?":
            out.append(one)
        elif sign == "[" and "]" in pattern[at:]:
            end = pattern.index("]", at)
            body = pattern[at:end].replace("\\", "")
            out.append(f"[{'^' + re.escape(body[1:]) if body[:1] in '!^' else re.escape(body)}]".replace(r"\-", "-"))
            at = end + 1
        elif sign == "{" and "}" in pattern[at:]:
            out.append("(?:")
            depth += 1
        elif sign == "}" and depth:
            out.append(")")
            depth -= 1
        elif sign == "," and depth:
            out.append("|")
        else:
            out.append(re.escape(sign))
    try:
        return re.compile("".join(out) + ")" * depth, re.DOTALL)
    except re.error:
        return re.compile(re.escape(pattern))
