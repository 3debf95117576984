"""The plain engine replaces what it knows and touches nothing else."""

from __future__ import annotations

import pytest

from argosy.expr.fasttemplate import FastTemplateError, render
from argosy.expr.slugs import normalize, slugify


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("plain", "plain"),
        ("{{name}}-{{ name }}", "web-web"),
        ("{{ nope }}x", "{{ nope }}x"),
        ("{{path[0]}}/{{path.basename}}", "a/b"),
        ("{{name", "{{name"),
        ("}}{{name}}{{", "}}web{{"),
        ("{{ {{name}} }}", "{{ {{name}} }}"),
    ],
)
def test_known_names_are_replaced_and_unknown_ones_stay(source: str, text: str) -> None:
    assert render(source, {"name": "web", "path[0]": "a", "path.basename": "b"}) == text


def test_growth_is_limited() -> None:
    with pytest.raises(FastTemplateError, match="longer than 1000"):
        render("{{a}}" * 11, {"a": "x" * 100}, limit=1000)


@pytest.mark.parametrize(("text", "name"), [("Web_1", "web-1"), ("-a.b-", "a.b"), ("ü", ""), ("x" * 300, "x" * 253)])
def test_normalize_makes_dns_names(text: str, name: str) -> None:
    assert normalize(text) == name


@pytest.mark.parametrize(
    ("text", "slug"), [("feature/ABC 1", "feature-abc-1"), ("a" * 60, "a" * 50), ("--x--", "x"), ("R&D", "r-and-d")]
)
def test_slugs_are_short_words_with_dashes(text: str, slug: str) -> None:
    assert slugify(text) == slug
