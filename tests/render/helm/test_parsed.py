"""Texts that were read once are not read again, and what is remembered is exactly what was read."""

from __future__ import annotations

import math

import pytest

from argosy.machinery.objects import JsonValue
from argosy.render.helm.parsed import ParsedTexts


def test_what_was_read_is_given_back_as_a_copy() -> None:
    parsed, documents = ParsedTexts(), [{"a": [1, 1.0, True, None, "x"]}]
    assert parsed.get("text") is None
    parsed.put("text", list(documents))
    first = parsed.get("text")
    assert first == documents
    assert first is not None
    first[0]["a"].append("mine")
    again = parsed.get("text")
    assert again == documents
    assert [type(one) for one in again[0]["a"]] == [int, float, bool, type(None), str]


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**70, "\ud800"])
def test_what_json_would_change_is_not_remembered(value: JsonValue) -> None:
    parsed = ParsedTexts()
    parsed.put("text", [value])
    assert parsed.get("text") is None


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    parsed = ParsedTexts(limit=30)  # two of 12 bytes
    for text in ("a", "b"):
        parsed.put(text, ["x" * 8])
    assert parsed.get("a") is not None
    parsed.put("c", ["x" * 8])
    assert [parsed.get(text) is not None for text in "abc"] == [True, False, True]


def test_what_is_larger_than_all_room_forgets_nothing_else() -> None:
    parsed = ParsedTexts(limit=30)
    parsed.put("a", ["x"])
    parsed.put("b", ["x" * 40])
    assert (parsed.get("a"), parsed.get("b")) == (["x"], None)


def test_the_same_text_again_takes_no_more_room() -> None:
    parsed = ParsedTexts(limit=30)
    for _ in range(5):
        parsed.put("a", ["x" * 8])
    parsed.put("b", ["x" * 8])
    assert parsed.get("a") is not None
