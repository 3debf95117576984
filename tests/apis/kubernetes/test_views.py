"""Views of built-in kinds."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any

import pytest

from argosy.apis.kubernetes.facts import json_fields, resources
from argosy.apis.kubernetes.views import core
from argosy.apis.kubernetes.views.core import Event, Secret
from argosy.apis.schema import parts, read

KINDS = [value for value in vars(core).values() if hasattr(value, "__resource__")]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_view_names_only_fields_of_its_kind(kind: Any) -> None:
    facts = next(found for found in resources() if found.resource == kind.__resource__)
    _check(kind, facts.type)


def _check(view: Any, spelled: str) -> None:
    known = {item.name: item.type for item in json_fields(spelled)}
    for part in parts(view):
        assert part.name in known, f"{spelled} has no {part.name}"
        if isinstance(part.type, type) and is_dataclass(part.type):
            _check(part.type, known[part.name].removeprefix("*"))


def test_a_secret_shows_no_value() -> None:
    secret = read(Secret, {"metadata": {"name": "s"}, "data": {"password": "aHVudGVyMg=="}})
    assert secret.value("password") == b"hunter2"
    assert secret.value("user") is None
    assert "aHVu" not in repr(secret)
    assert "hunter2" not in repr(secret)


def test_the_controller_is_the_one_owner_that_is_marked() -> None:
    owners = [{"kind": "A", "uid": "1"}, {"kind": "B", "uid": "2", "controller": True}]
    event = read(Event, {"metadata": {"ownerReferences": owners}})
    assert event.metadata.controller is not None
    assert event.metadata.controller.uid == "2"
    assert read(Event, {}).metadata.controller is None
