"""Lists as a page asks for them: a window on the filtered, sorted rows, with counts by facet. Pure.

A facet counts what would be shown with its own filter taken away, so that a person sees what else there is to choose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Window(Generic[R]):
    total: int
    matched: int
    rows: list[R]
    facets: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[R]):
    """`facets` by name, the values of a row; `columns` by name, what a row is sorted by; `text`: what is searched."""

    facets: Mapping[str, Callable[[R], Iterable[str]]]
    columns: Mapping[str, Callable[[R], Any]]
    text: Callable[[R], str]

    def window(self, rows: Sequence[R], wanted: Wanted) -> Window[R]:
        words = wanted.search.lower().split()
        found = [row for row in rows if _has(self.text(row), words)] if words else list(rows)
        chosen = {name: values for name, values in wanted.filters.items() if values and name in self.facets}
        matched = self._filtered(found, chosen)
        return Window(
            total=len(rows),
            matched=len(matched),
            rows=self._sorted(matched, wanted.sort)[wanted.offset : wanted.offset + min(wanted.limit, LONGEST)],
            facets={name: self._counts(name, found, matched, chosen) for name in self.facets},
        )

    def _filtered(self, rows: list[R], chosen: Mapping[str, frozenset[str]]) -> list[R]:
        for name, values in chosen.items():
            of = self.facets[name]
            rows = [row for row in rows if not values.isdisjoint(of(row))]
        return rows

    def _sorted(self, rows: list[R], sort: str) -> list[R]:
        column = self.columns.get(sort.removeprefix("-"), self.columns["name"])
        if sort.startswith("-"):
            by_name = sorted(rows, key=self.columns["name"])
            return sorted(by_name, key=column, reverse=True)
        return sorted(rows, key=lambda row: (column(row), self.columns["name"](row)))

    def _counts(
        self, name: str, found: list[R], matched: list[R], chosen: Mapping[str, frozenset[str]]
    ) -> dict[str, int]:
        rows = matched
        if name in chosen:
            rows = self._filtered(found, {other: values for other, values in chosen.items() if other != name})
        of, counts = self.facets[name], dict[str, int]()
        for row in rows:
            for value in of(row):
                counts[value] = counts.get(value, 0) + 1
        most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_FACET_VALUES]
        return dict(most)


def _has(text: str, words: list[str]) -> bool:
    return all(word in text for word in words)
