"""The patterns that users write for names and paths: plain, `glob:`, `regex:` and `regexp:`.

A plain name must be equal; a plain path is a directory that contains the path. Globs are doublestar's: `**` as a
complete segment spans segments. Regular expressions are RE2's, unanchored. Source: spec/kargo.md 2 and 4.3.
"""

from __future__ import annotations

import functools
import itertools
import posixpath
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeAlias

import re2

Matcher: TypeAlias = Callable[[str], bool]

SIZE_LIMIT: Final = 4096
ALTERNATIVES_LIMIT: Final = 1000
BAD_GLOB: Final = "syntax error in pattern"
_QUIET: Final = re2.Options()
_QUIET.log_errors = False  # the library would print users' errors to standard error


class PatternError(ValueError):
    """The pattern is invalid; the text says why."""


@functools.lru_cache(maxsize=4096)
def name_matcher(pattern: str) -> Matcher:
    return _prefixed(pattern) or (lambda name: name == pattern)


@functools.lru_cache(maxsize=4096)
def path_matcher(pattern: str) -> Matcher:
    return _prefixed(pattern) or _below(pattern)


def paths_match(patterns: Iterable[Matcher], path: str) -> bool:
    return any(pattern(path) for pattern in patterns)


def _prefixed(pattern: str) -> Matcher | None:
    kind, colon, rest = pattern.partition(":")
    if not colon or kind not in ("glob", "regex", "regexp"):
        return None
    found = glob(rest) if kind == "glob" else regex(rest)
    return (lambda text: bool(found.fullmatch(text))) if kind == "glob" else (lambda text: bool(found.search(text)))


def _below(directory: str) -> Matcher:
    """Paths within a directory. Two dots at the start of a name count as leaving it, as upstream."""
    absolute = directory.startswith("/")
    base = posixpath.normpath("/" + (directory or ".")).strip("/")
    prefix = f"{base}/" if base else ""

    def lies_in(path: str) -> bool:
        if path.startswith("/") != absolute:
            return False
        is_plain = not ("//" in path or "/." in path or path.startswith("."))
        place = path.strip("/") if is_plain else posixpath.normpath("/" + path).lstrip("/")
        return place == base or (place.startswith(prefix) and ".." not in place[len(prefix) :])

    return lies_in


@functools.lru_cache(maxsize=4096)
def regex(text: str) -> Any:
    if len(text) > SIZE_LIMIT:
        raise PatternError(f"a regular expression is longer than {SIZE_LIMIT} characters")
    try:
        return re2.compile(text, _QUIET)
    except re2.error as error:
        reason = error.args[0]
        fault = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        what, _, where = fault.partition(": ")
        where = f": `{where}`" if where else ""
        raise PatternError(f"error parsing regexp: {_IN_GO.get(what, what)}{where}") from None


_IN_GO: Final = {
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "no argument for repetition operator": "missing argument to repetition operator",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid repetition size": "invalid repeat count",
    "trailing \\": "trailing backslash at end of expression",
    "invalid named capture group": "invalid named capture",
    "invalid perl operator": "invalid or unsupported Perl syntax",
}
"""The library's error message, in the words of Go's."""


@functools.lru_cache(maxsize=4096)
def glob(pattern: str) -> Any:
    if len(pattern) > SIZE_LIMIT:
        raise PatternError(f"a glob is longer than {SIZE_LIMIT} characters")
    try:
        return re2.compile("(?s)(?:" + "|".join(_spelled(one) for one in _alternatives(pattern)) + ")", _QUIET)
    except re2.error:
        raise PatternError(BAD_GLOB) from None


def _alternatives(pattern: str) -> list[str]:
    """The pattern with braces expanded, once for each choice."""
    done: list[str] = []
    left = [pattern]
    while left:
        if len(done) + len(left) > ALTERNATIVES_LIMIT:
            raise PatternError(f"a glob has more than {ALTERNATIVES_LIMIT} alternatives")
        current = left.pop()
        if (braces := _first_braces(current)) is None:
            done.append(current)
            continue
        start, end, choices = braces
        left += [current[:start] + choice + current[end:] for choice in choices]
    return done


def _first_braces(pattern: str) -> tuple[int, int, list[str]] | None:
    start, depth, cuts = -1, 0, list[int]()
    for at, char in _significant(pattern):
        if char == "{":
            start, cuts = (at, [at]) if depth == 0 else (start, cuts)
            depth += 1
        elif char == "," and depth == 1:
            cuts.append(at)
        elif char == "}":
            depth -= 1
            if depth < 0:
                raise PatternError(BAD_GLOB)
            if depth == 0:
                cuts.append(at)
                return start, at + 1, [pattern[a + 1 : b] for a, b in itertools.pairwise(cuts)]
    if depth:
        raise PatternError(BAD_GLOB)
    return None


def _significant(pattern: str) -> Iterator[tuple[int, str]]:
    """Characters with their indexes, except escaped ones and those within a set."""
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 2
            continue
        if char == "[":
            at = _set_end(pattern, at)
            continue
        yield at, char
        at += 1


def _set_end(pattern: str, start: int) -> int:
    at = start + 1
    if pattern[at : at + 1] in ("!", "^"):
        at += 1
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 1
        elif pattern[at] == "]" and at > start + 1:
            return at + 1
        at += 1
    raise PatternError(BAD_GLOB)


def _spelled(pattern: str) -> str:
    segments = pattern.split("/")
    parts: list[str] = []
    for number, segment in enumerate(segments):
        last = number == len(segments) - 1
        if segment != "**":
            parts.append(_segment(segment) + ("" if last else "/"))
        elif not last:
            parts.append("(?:[^/]*/)*")
        elif parts and parts[-1].endswith("/"):
            parts[-1] = parts[-1][:-1]
            parts.append("(?:/.*)?")
        else:
            parts.append(".*")
    return "".join(parts)


def _segment(segment: str) -> str:
    parts: list[str] = []
    at = 0
    while at < len(segment):
        char = segment[at]
        if char == "\\":
            if at + 1 >= len(segment):
                raise PatternError(BAD_GLOB)
            parts.append(str(re2.escape(segment[at + 1])))
            at += 2
        elif char == "[":
            end = _set_end(segment, at)
            inner = segment[at + 1 : end - 1]
            negated = inner[:1] in ("!", "^")
            parts.append(f"[{'^' if negated else ''}{_set(inner[1:] if negated else inner)}]")
            at = end
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(char) or str(re2.escape(char)))
            at += 1
    return "".join(parts)


def _set(inner: str) -> str:
    parts, at = [], 0
    while at < len(inner):
        if inner[at] == "\\" and at + 1 < len(inner):
            at += 1
            parts.append(str(re2.escape(inner[at])))
        else:
            parts.append("-" if inner[at] == "-" else str(re2.escape(inner[at])))
        at += 1
    return "".join(parts)
