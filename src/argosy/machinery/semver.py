"""Semantic versions and the constraint language that Helm, Kargo and Argo CD share (Masterminds' dialect).

Constraints: `^ ~ ~> = != > >= < <=`, wildcards `x X *`, ranges `1 - 2`, `,` or blank for and, `||` for or. A version
with a pre-release satisfies only a constraint whose own version names one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, total_ordering

_VERSION = re.compile(
    r"v?(\d{1,19})(?:\.(\d{1,19}))?(?:\.(\d{1,19}))?(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?", re.ASCII
)
_STRICT = re.compile(
    r"(0|[1-9]\d{0,18})\.(0|[1-9]\d{0,18})\.(0|[1-9]\d{0,18})(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?", re.ASCII
)
_PART = r"v?(?:\d+|[xX*])(?:\.(?:\d+|[xX*]))?(?:\.(?:\d+|[xX*]))?(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?"
_TERM = re.compile(rf"(=>|=<|>=|<=|!=|~>|=|>|<|~|\^)?\s*({_PART})", re.ASCII)
_RANGE = re.compile(rf"\s*({_PART})\s+-\s+({_PART})\s*", re.ASCII)
_WILD = frozenset("xX*")


class SemverError(ValueError):
    """The text is not a version or not a constraint."""


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    major: int
    minor: int
    patch: int
    prerelease: str = ""
    build: str = ""
    original: str = ""

    def _order(self) -> tuple[object, ...]:
        """No pre-release sorts after any; numbers before words; build metadata does not count (SemVer 11)."""
        parts = tuple(
            (0, int(part), "") if part.isdecimal() else (1, 0, part) for part in self.prerelease.split(".") if part
        )
        return self.major, self.minor, self.patch, not self.prerelease, parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._order() == other._order()

    def __lt__(self, other: Version) -> bool:
        return self._order() < other._order()

    def __hash__(self) -> int:
        return hash(self._order())

    def __str__(self) -> str:
        tail = (f"-{self.prerelease}" if self.prerelease else "") + (f"+{self.build}" if self.build else "")
        return f"{self.major}.{self.minor}.{self.patch}{tail}"


@lru_cache(maxsize=16384)
def parse(text: str, *, strict: bool = False) -> Version:
    """`v1.2`, `1.2.3-rc.1+build`; `strict` requires all three numbers and no `v`. Raises SemverError."""
    found = (_STRICT if strict else _VERSION).fullmatch(text.strip() if not strict else text)
    if found is None or not _parts_are_valid(found[4]) or not _parts_are_valid(found[5], numbers=False):
        raise SemverError(f"{text!r} is not a semantic version")
    return Version(int(found[1]), int(found[2] or 0), int(found[3] or 0), found[4] or "", found[5] or "", text)


def _parts_are_valid(dotted: str | None, *, numbers: bool = True) -> bool:
    if dotted is None:
        return True
    return all(
        part and not (numbers and part.isdecimal() and len(part) > 1 and part[0] == "0") for part in dotted.split(".")
    )


def is_version(text: str, *, strict: bool = False) -> bool:
    try:
        parse(text, strict=strict)
    except SemverError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Term:
    """One comparison. `precision` counts the numbers given: 0 for `*`, 1 for `1.x`, 2 for `1.2`, 3 for `1.2.3`."""

    operator: str
    version: Version
    precision: int

    def holds(self, version: Version) -> bool:
        if version.prerelease and not self.version.prerelease:
            return False
        return _CHECKS[self.operator](self, version)


def _next(term: _Term, places: int) -> Version:
    """The first version above all that share the first `places` numbers of the term's."""
    numbers = [term.version.major, term.version.minor, term.version.patch]
    if places <= 0:
        return Version(2**64, 0, 0)
    raised = [*numbers[: places - 1], numbers[places - 1] + 1, 0, 0]
    return Version(raised[0], raised[1], raised[2])


def _equal(term: _Term, version: Version) -> bool:
    return version == term.version if term.precision == 3 else _tilde(term, version)


def _tilde(term: _Term, version: Version) -> bool:
    if term.precision == 0:
        return True
    return term.version <= version and _core(version) < _next(term, min(term.precision, 2))


def _caret(term: _Term, version: Version) -> bool:
    if version < term.version:
        return False
    wanted = term.version
    if term.precision == 0:
        return True
    if wanted.major or term.precision == 1:
        places = 1
    elif wanted.minor or term.precision == 2:
        places = 2
    else:
        places = 3
    return _core(version) < _next(term, places)


def _core(version: Version) -> Version:
    """Without pre-release: `2.0.0-rc.1` is not below `2.0.0` if that is an upper bound."""
    return Version(version.major, version.minor, version.patch)


def _above(term: _Term, version: Version) -> bool:
    if term.precision in (1, 2):
        return _core(version) >= _next(term, term.precision)
    return version > term.version


def _not_above(term: _Term, version: Version) -> bool:
    if term.precision in (0, 1, 2):
        return _core(version) < _next(term, term.precision)
    return version <= term.version


_CHECKS: dict[str, Callable[[_Term, Version], bool]] = {
    "": _equal,
    "=": _equal,
    "!=": lambda term, version: not _equal(term, version),
    ">": _above,
    "<": lambda term, version: version < term.version,
    ">=": lambda term, version: version >= term.version,
    "=>": lambda term, version: version >= term.version,
    "<=": _not_above,
    "=<": _not_above,
    "~": _tilde,
    "~>": _tilde,
    "^": _caret,
}


@dataclass(frozen=True, slots=True)
class Constraint:
    """Alternatives, each a conjunction."""

    alternatives: tuple[tuple[_Term, ...], ...]

    def matches(self, version: Version) -> bool:
        return any(all(term.holds(version) for term in terms) for terms in self.alternatives)


@lru_cache(maxsize=4096)
def constraint(text: str) -> Constraint:
    """Raises SemverError naming the part that cannot be read."""
    if len(text) > 4096:
        raise SemverError("improper constraint: longer than 4096 characters")
    return Constraint(tuple(_conjunction(part, text) for part in text.split("||")))


def _conjunction(part: str, whole: str) -> tuple[_Term, ...]:
    terms: list[_Term] = []
    at = 0
    while at < len(part):
        if part[at] in " \t,":
            at += 1
            continue
        found = _RANGE.match(part, at)
        if found is not None:
            terms += [_term(">=", found[1]), _term("<=", found[2])]
        elif (found := _TERM.match(part, at)) is not None:
            terms.append(_term(found[1] or "", found[2]))
        else:
            raise SemverError(f"improper constraint: {whole}")
        at = found.end()
        if at < len(part) and part[at] not in " \t," and part[at] not in "<>=!~^":
            raise SemverError(f"improper constraint: {whole}")
    if not terms:
        raise SemverError(f"improper constraint: {whole}")
    return tuple(terms)


def _term(operator: str, text: str) -> _Term:
    head, _, build = text.removeprefix("v").partition("+")
    numbers, _, prerelease = head.partition("-")
    given: list[int] = []
    for number in numbers.split("."):
        if number in _WILD:
            break
        given.append(int(number))
    padded = [*given, 0, 0, 0][:3]
    return _Term(operator, Version(padded[0], padded[1], padded[2], prerelease, build, text), len(given))


def matches(wanted: str, version: str) -> bool:
    """Whether a version (`v1.36.1`) satisfies a constraint (`>=1.25.0-0`). Raises SemverError for either."""
    return constraint(wanted).matches(parse(version))


def highest(wanted: str, versions: Iterable[str]) -> str | None:
    """The newest version that satisfies the constraint, as it was written; texts that are not versions are skipped."""
    rule = constraint(wanted)
    fitting = [parse(text) for text in versions if is_version(text)]
    return max((version for version in fitting if rule.matches(version)), default=Version(0, 0, 0)).original or None
