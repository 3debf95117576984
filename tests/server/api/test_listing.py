from __future__ import annotations

from typing import Any

import pytest

from argosy.server.api.listing import Table, Unreadable, Wanted, is_annotated

ROWS: list[dict[str, Any]] = [
    {"name": "web", "sync": "Synced", "team": "a"},
    {"name": "api", "sync": "OutOfSync", "team": "a"},
    {"name": "db", "sync": "OutOfSync", "team": "b"},
]
TABLE: Table[dict[str, Any]] = Table(
    facets={"sync": lambda row: (row["sync"],), "team": lambda row: (row["team"],)},
    columns={"name": lambda row: row["name"], "sync": lambda row: row["sync"]},
    text=lambda row: f"{row['name']} {row['team']}".lower(),
)


PREPARED = [TABLE.prepared(row) for row in ROWS]


def names(**wanted: Any) -> list[str]:
    return [row["name"] for row in TABLE.window(PREPARED, Wanted(**wanted)).rows]


def test_rows_are_sorted_by_a_column_and_then_by_name() -> None:
    assert names() == ["api", "db", "web"]
    assert names(sort="-name") == ["web", "db", "api"]
    assert names(sort="sync") == ["api", "db", "web"]
    assert names(sort="-sync") == ["web", "api", "db"]
    assert names(sort="nonsense") == ["api", "db", "web"]


def test_every_word_of_a_search_must_be_there() -> None:
    assert names(search="A") == ["api", "web"]
    assert names(search="a web") == ["web"]
    assert names(search="a zz") == []


def test_filters_combine_and_values_of_one_are_alternatives() -> None:
    assert names(filters={"sync": frozenset({"OutOfSync"}), "team": frozenset({"b"})}) == ["db"]
    assert names(filters={"sync": frozenset({"OutOfSync", "Synced"})}) == ["api", "db", "web"]


def test_a_window_is_a_part_and_says_how_much_there_is() -> None:
    window = TABLE.window(PREPARED, Wanted(filters={"sync": frozenset({"OutOfSync"})}, offset=1, limit=1))

    assert (window.total, window.matched, [row["name"] for row in window.rows]) == (3, 2, ["db"])


def test_a_facet_counts_what_there_would_be_without_its_own_filter() -> None:
    window = TABLE.window(PREPARED, Wanted(filters={"sync": frozenset({"OutOfSync"})}))

    assert window.facets == {"sync": {"OutOfSync": 2, "Synced": 1}, "team": {"a": 1, "b": 1}}


def test_a_pattern_is_found_in_the_name_whatever_the_case() -> None:
    assert names(pattern="^W|^D") == ["db", "web"]
    assert names(pattern="b$", search="a") == ["web"]


def test_a_selector_looks_at_labels_and_an_annotation_at_annotations() -> None:
    rows = [
        TABLE.prepared(ROWS[0], {"team": "a"}, {"note": "https://x.example/?a=b", "on": "1"}),
        TABLE.prepared(ROWS[1], {"team": "b"}, {}),
    ]

    def found(**wanted: Any) -> list[str]:
        return [row["name"] for row in TABLE.window(rows, Wanted(**wanted)).rows]

    assert found(selector="team in (a,c)") == ["web"]
    assert found(selector="team!=a") == ["api"]
    assert found(annotations=("note=https://x.example/?a=b",)) == ["web"]
    assert found(annotations=("note", "!on")) == []
    assert found(annotations=("!note",)) == ["api"]


def test_an_annotation_is_split_at_its_first_equals_sign() -> None:
    assert is_annotated({"a": "b=c"}, "a=b=c")
    assert not is_annotated({"a": "b=c"}, "a=b")


@pytest.mark.parametrize(
    ("name", "text"), [("pattern", "a("), ("pattern", "(?=a)"), ("selector", "a=("), ("selector", "=b")]
)
def test_what_cannot_be_read_is_reported_by_its_parameter(name: str, text: str) -> None:
    with pytest.raises(Unreadable, match=f"^{name}: "):
        names(**{name: text})
