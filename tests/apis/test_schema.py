"""Views of JSON objects."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any

import pytest

from argosy.apis.schema import read, schema, written


class Mode(StrEnum):
    FAST = "Fast"
    SLOW = "Slow"


@schema
class Part:
    """A part."""

    name: str
    size: int = 3


@schema
class Whole:
    """A whole."""

    parts: tuple[Part, ...] = ()
    by_name: dict[str, Part] | None = None
    labels: dict[str, str]
    part: Part
    mode: Mode | None = None


def test_absent_and_null_fields_have_their_defaults() -> None:
    view = read(Whole, {"parts": None})
    assert (view.parts, view.by_name, view.labels, view.part.name, view.part.size) == ((), None, {}, "", 3)


def test_fields_are_read_through_lists_and_maps() -> None:
    view = read(Whole, {"parts": [{"name": "a"}], "byName": {"b": {"name": "b", "size": 1}}, "mode": "Slow"})
    assert view.parts[0].name == "a"
    assert view.by_name is not None
    assert view.by_name["b"].size == 1
    assert view.mode is Mode.SLOW


def test_a_word_of_a_later_version_survives() -> None:
    assert read(Whole, {"mode": "Sideways"}).mode == "Sideways"


@pytest.mark.parametrize("wrong", ["text", 7, [1], True])
def test_what_is_no_object_reads_as_empty(wrong: Any) -> None:
    view = read(Whole, {"part": wrong, "parts": wrong if isinstance(wrong, str) else [wrong], "byName": wrong})
    assert view.part.name == ""
    assert all(part.name == "" for part in view.parts)
    assert not view.by_name


def test_a_view_is_equal_to_one_made_by_hand() -> None:
    assert read(Part, {"name": "a", "size": 3, "new": 1}) == Part(name="a")
    assert replace(read(Part, {"name": "a"}), size=5) == Part(name="a", size=5)


def test_writing_keeps_unknown_fields_at_every_depth() -> None:
    obj = {"byName": {"b": {"name": "b", "new": 1}}, "labels": {}, "part": {"name": "c", "x": [1]}, "y": None}
    assert written(read(Whole, obj)) == obj


def test_a_field_is_read_once() -> None:
    view = read(Whole, {"parts": [{"name": "a"}]})
    assert view.parts is view.parts
