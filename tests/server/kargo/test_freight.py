"""Freight in groups and in order, and what a query may not ask."""

from __future__ import annotations

import pytest

from argosy.machinery.objects import JsonObject
from argosy.server.kargo.core.freight import check_query, grouped, joined, ordered
from argosy.server.kargo.core.projects import images_of
from argosy.server.kargo.faults import Fault


def piece(name: str, at: int, *, tag: str = "", chart: str = "", commit: str = "") -> dict[str, object]:
    return {
        "metadata": {"name": name, "creationTimestamp": f"2030-01-01T00:00:{at:02}Z"},
        "images": [{"repoURL": "reg/web", "tag": tag}] if tag else [],
        "charts": [{"repoURL": "https://c/x/", "name": "web", "version": chart}] if chart else [],
        "commits": [{"repoURL": "https://git/x", "id": commit}] if commit else [],
    }


def names(pieces: list[dict[str, object]]) -> list[str]:
    return [one["metadata"]["name"] for one in pieces]  # type: ignore[index]


def test_without_order_the_first_seen_comes_first_and_reverse_turns_it() -> None:
    pieces = [piece("b", 2), piece("a", 1), piece("c", 3)]
    assert names(ordered(pieces, "", reverse=False)) == ["a", "b", "c"]
    assert names(ordered(pieces, "first_seen", reverse=True)) == ["c", "b", "a"]


def test_tags_are_ordered_as_versions_where_both_are_and_as_texts_else() -> None:
    pieces = [piece("ten", 1, tag="1.10.0"), piece("two", 2, tag="v1.2.0"), piece("latest", 3, tag="latest")]
    assert names(ordered(pieces[:2], "tag", reverse=False)) == ["two", "ten"]


def test_groups_are_the_repositories_of_what_freight_holds() -> None:
    pieces = [piece("a", 1, tag="1"), piece("b", 2, chart="2"), piece("c", 3, commit="3")]
    assert {group: names(of) for group, of in grouped(pieces, "image_repo", "").items()} == {"reg/web": ["a"]}
    assert {group: names(of) for group, of in grouped(pieces, "chart_repo", "").items()} == {"https:/c/x/web": ["b"]}
    assert {group: names(of) for group, of in grouped(pieces, "git_repo", "other").items()} == {}
    assert names(grouped(pieces, "", "")[""]) == ["a", "b", "c"]


def test_paths_are_joined_as_go_joins_them() -> None:
    assert joined("oci://reg//x/", "web") == "oci:/reg/x/web"
    assert joined("/x", "") == "/x"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (("g", "", ""), "cannot filter by group without group by"),
        (("", "colour", ""), "invalid group by: colour"),
        (("", "git_repo", "tag"), "tag ordering only valid when grouping by: image_repo, chart_repo"),
        (("", "", "size"), "invalid order by: size"),
    ],
)
def test_a_query_that_makes_no_sense_is_reported(query: tuple[str, str, str], said: str) -> None:
    with pytest.raises(Fault, match=said) as caught:
        check_query(*query)
    assert caught.value.code == 400


def test_images_show_in_which_stages_they_were_and_how_long_ago() -> None:
    def held(*tags: str) -> list[dict[str, object]]:
        return [{"items": {"w": {"images": [{"repoURL": "reg/web", "tag": tag}]}}} for tag in tags]

    stages: list[JsonObject] = [
        {"metadata": {"name": "test"}, "status": {"freightHistory": held("2", "1", "2")}},
        {"metadata": {"name": "prod"}, "status": {"freightHistory": held("1")}},
        {"metadata": {"name": "new"}},
    ]
    assert images_of(stages) == {
        "reg/web": {"tags": {"2": {"stages": {"test": 0}}, "1": {"stages": {"test": 1, "prod": 0}}}}
    }
