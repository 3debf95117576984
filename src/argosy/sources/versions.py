"""Which version a constraint picks: tags of a repository, versions of a chart, tags of an artifact. Pure.

The rules of the Go library that upstream uses (Masterminds semver 3): `,` or a blank joins, `||` separates, `^ ~ x *`
and hyphen ranges, and a pre-release is only picked by a constraint that names one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

import re2

LENGTH_LIMIT: Final = 256

_VERSION = re2.compile(
    r"^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$"
)
_PARTIAL: Final = (
    r"v?([0-9]+|[xX*])(?:\.([0-9]+|[xX*]))?(?:\.([0-9]+|[xX*]))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)
_TERM = re2.compile(rf"^\s*(=|==|!=|>=|=>|<=|=<|>|<|~|~>|\^)?\s*{_PARTIAL}\s*$")
_TERMS = re2.compile(rf"(=|==|!=|>=|=>|<=|=<|>|<|~|~>|\^)?\s*{_PARTIAL}")
_HYPHEN = re2.compile(rf"{_PARTIAL}\s+-\s+{_PARTIAL}")

Identifier: TypeAlias = tuple[int, int, str]
Precedence: TypeAlias = tuple[int, int, int, int, tuple[Identifier, ...]]


@dataclass(frozen=True, slots=True)
class Version:
    text: str
    order: Precedence
    prerelease: str

    @property
    def numbers(self) -> tuple[int, int, int]:
        return self.order[:3]


@dataclass(frozen=True, slots=True)
class _Term:
    operator: str
    numbers: tuple[int | None, int | None, int | None]
    """None where the constraint has x, or nothing."""
    prerelease: str

    @property
    def floor(self) -> Precedence:
        major, minor, patch = (number or 0 for number in self.numbers)
        return (major, minor, patch, *_prerelease_order(self.prerelease))


@functools.lru_cache(maxsize=65536)
def parse_version(text: str) -> Version | None:
    """A version, leniently (`v1`, `1.2`), or None."""
    match = _VERSION.match(text) if len(text) <= LENGTH_LIMIT else None
    if not match:
        return None
    major, minor, patch = (int(match.group(index) or 0) for index in (1, 2, 3))
    prerelease = match.group(4) or ""
    return Version(text, (major, minor, patch, *_prerelease_order(prerelease)), prerelease)


def is_constraint(text: str) -> bool:
    """Whether the text can be read as a constraint; an exact version can."""
    return _parse(text) is not None


def matches(constraint: str, version: str) -> bool:
    """False as well when either cannot be read."""
    parsed, candidate = _parse(constraint), parse_version(version)
    return parsed is not None and candidate is not None and _satisfied(parsed, candidate)


def highest(constraint: str, versions: Iterable[str]) -> str | None:
    """The newest of `versions` that satisfies, as it is written; None when none does or the constraint is none."""
    parsed = _parse(constraint)
    if parsed is None:
        return None
    found = [version for text in versions if (version := parse_version(text)) and _satisfied(parsed, version)]
    return max(found, key=lambda version: (version.order, version.text)).text if found else None


def _satisfied(alternatives: tuple[tuple[_Term, ...], ...], version: Version) -> bool:
    return any(all(_holds(term, version) for term in terms) for terms in alternatives)


@functools.lru_cache(maxsize=4096)
def _parse(text: str) -> tuple[tuple[_Term, ...], ...] | None:
    if not text.strip() or len(text) > LENGTH_LIMIT:
        return None
    alternatives = [_terms(part) for part in text.split("||")]
    return None if any(terms is None for terms in alternatives) else tuple(filter(None, alternatives))


def _terms(text: str) -> tuple[_Term, ...] | None:
    text = _HYPHEN.sub(r">=\1.\2.\3-\4 <=\5.\6.\7-\8", text) if " - " in text else text
    text = text.replace("..", "").replace(".-", "-")
    terms: list[_Term] = []
    for part in text.split(","):
        rest = part.strip()
        if not rest:
            return None
        while rest:
            match = _TERMS.match(rest)
            if not match:
                return None
            term = _TERM.match(match.group(0))
            if not term:
                return None
            terms.append(_term(term.groups()))
            after = rest[match.end() :].lstrip("-")
            if after and not after[0].isspace():
                return None
            rest = after.strip()
    return tuple(terms)


def _term(groups: tuple[str | None, ...]) -> _Term:
    numbers: list[int | None] = []
    for text in groups[1:4]:
        wild = text is None or text in "xX*" or (numbers and numbers[-1] is None)
        numbers.append(None if wild or text is None else int(text))
    operator = {"==": "=", "=>": ">=", "=<": "<=", "~>": "~", None: "="}.get(groups[0], groups[0])
    return _Term(str(operator), (numbers[0], numbers[1], numbers[2]), groups[4] or "")


def _holds(term: _Term, version: Version) -> bool:
    if version.prerelease and not term.prerelease:
        return False
    return _OPERATORS[term.operator](term, version)


def _equal(term: _Term, version: Version) -> bool:
    return _tilde(term, version) if None in term.numbers else version.order == term.floor


def _not_equal(term: _Term, version: Version) -> bool:
    return not _equal(term, version)


def _greater(term: _Term, version: Version) -> bool:
    if None not in term.numbers:
        return version.order > term.floor
    known = [number for number in term.numbers if number is not None]
    return version.numbers[: len(known)] > tuple(known)


def _less_or_equal(term: _Term, version: Version) -> bool:
    if None not in term.numbers:
        return version.order <= term.floor
    known = [number for number in term.numbers if number is not None]
    return version.numbers[: len(known)] <= tuple(known)


def _tilde(term: _Term, version: Version) -> bool:
    """Down from the floor never, up within the last number that is given, but not past the minor."""
    if version.order < term.floor:
        return False
    fixed = [number for number in term.numbers[:2] if number is not None]
    return version.numbers[: len(fixed)] == tuple(fixed)


def _caret(term: _Term, version: Version) -> bool:
    """Up within the first number that is not zero."""
    if version.order < term.floor:
        return False
    major, minor, patch = term.numbers
    if major is None:
        return True
    if major > 0 or minor is None:
        return version.numbers[0] == major
    if minor > 0 or patch is None:
        return version.numbers[:2] == (major, minor)
    return version.numbers == (major, minor, patch)


_OPERATORS: Final[dict[str, Callable[[_Term, Version], bool]]] = {
    "=": _equal,
    "!=": _not_equal,
    ">": _greater,
    ">=": lambda term, version: version.order >= term.floor,
    "<": lambda term, version: version.order < term.floor,
    "<=": _less_or_equal,
    "~": _tilde,
    "^": _caret,
}


def _prerelease_order(text: str) -> tuple[int, tuple[Identifier, ...]]:
    """A release is above its pre-releases; numbers are below words."""
    if not text:
        return 1, ()
    return 0, tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in text.split("."))
