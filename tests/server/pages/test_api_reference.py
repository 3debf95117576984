"""The reference shows every operation and type of both APIs, each type a link, and only text as text."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs

import pytest

from argosy.server.pages.api_reference import Reference
from argosy.server.pages.description import described

LINK = re.compile(r'href="\?([^"]*)"')
ARGO_CD = Reference("argo-cd", "Argo CD's API", "/swagger.json", described)


def test_every_operation_of_argo_cd_is_listed_with_its_path() -> None:
    text = ARGO_CD.listed("")
    paths = described()["paths"]
    for path, operations in paths.items():
        for verb, one in operations.items():
            assert f"<b>{verb.upper()}</b> <code>{path}</code>" in text
            assert one["operationId"] in text
    count = sum(map(len, paths.values()))
    assert f"{count} of {count} operations" in text


def test_every_link_to_a_type_has_a_page_with_its_fields() -> None:
    asked = [parse_qs(unescape(one)) for one in LINK.findall(ARGO_CD.listed(""))]
    names = {one["type"][0] for one in asked if "type" in one}
    assert "v1alpha1Application" in names
    assert all(one["api"] == ["argo-cd"] for one in asked)
    for name in names:
        assert "There is no such type" not in ARGO_CD.type_page(name)
    assert "<code>spec</code>" in ARGO_CD.type_page("v1alpha1Application")


def test_a_search_lists_only_what_matches() -> None:
    text = ARGO_CD.listed("delete gpgkeys")
    assert "GPGKeyService_Delete" in text
    assert "ApplicationService" not in text


@pytest.mark.parametrize("hostile", ['"><script>x</script>', "<img src=x onerror=y>", "?type=x&api=y"])
def test_a_search_or_the_name_of_a_type_never_becomes_markup(hostile: str) -> None:
    for text in (ARGO_CD.listed(hostile), ARGO_CD.type_page(hostile)):
        assert "<script" not in text
        assert "<img" not in text
    shown = re.search(r'type="search" value="([^"]*)"', ARGO_CD.listed(hostile))
    assert shown is not None
    assert unescape(shown.group(1)) == hostile


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "array", "items": {"type": "string"}}, "list of string"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "map of integer"),
        ({"type": "string", "format": "int64"}, "string (int64)"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"enum": ["a", "b"]}, "one of <code>a</code>, <code>b</code>"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({}, "anything"),
    ],
)
def test_a_field_shows_its_type_in_words(schema: dict[str, object], text: str) -> None:
    whole = {"paths": {}, "definitions": {"Thing": {"properties": {"field": schema}}}}
    found = Reference("x", "X", "/x", lambda: whole).type_page("Thing")
    assert f"<td><code>field</code></td><td>{text}</td><td>no</td>" in found
