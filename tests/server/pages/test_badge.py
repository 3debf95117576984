"""Badges: what is drawn, and which names are refused."""

from __future__ import annotations

import re

import pytest

from argosy.server.pages.badge import Badge, _drawn, _is_valid


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_a_badge_shows_health_and_sync() -> None:
    assert texts(_drawn(Badge("Healthy", "Synced"), {})) == ["", "Healthy", "Synced", ""]
    assert texts(_drawn(Badge(is_absent=True), {})) == ["", "Not Found", "", ""]


def test_a_badge_shows_a_revision_where_asked() -> None:
    found = Badge("Healthy", "Synced", revision="0123456789abcdef")
    assert texts(_drawn(found, {"revision": ["true"]}))[-1] == "(0123456)"
    assert texts(_drawn(found, {"revision": ["true"], "keepFullRevision": ["true"]}))[-1] == "(0123456789abcdef)"
    assert texts(_drawn(found, {}))[-1] == ""


def test_what_is_shown_cannot_break_out() -> None:
    svg = _drawn(Badge("<script>", "&", name="a<b"), {"showAppName": ["true"], "width": ['1"/>']})
    assert "<script>" not in svg
    assert 'width="131"' in svg


@pytest.mark.parametrize(
    "asked", [{"name": "Bad_Name!"}, {"project": "Bad_Name!"}, {"namespace": "Bad!"}, {"name": ""}]
)
def test_names_that_are_none_are_refused(asked: dict[str, str]) -> None:
    assert not _is_valid({key: [value] for key, value in asked.items()})
