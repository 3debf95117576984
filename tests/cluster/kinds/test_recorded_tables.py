"""Rows a real server printed for the recorded objects, cell by cell."""

from __future__ import annotations

import copy
import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from argosy.cluster.kinds.registry import CREATED_AT
from argosy.machinery.objects import JsonObject, JsonValue

from .vectors import NOW, kinds, needs_vectors, steps

AGE = re.compile(r"(\d+[smhdy])+")
MADE_BY_CONTROLLERS = frozenset({"default", "cluster-admin", "ds-min"})


def stored_objects() -> dict[tuple[str, str], JsonObject]:
    """The answers of the defaults scenario, by kind and name."""
    found = {}
    for step in steps("defaults"):
        body = step["response"]["body"]
        if step["response"]["status"] == 201:
            found[body["kind"], body["metadata"]["name"]] = body
    return found


def rows() -> list[Any]:
    objects, cases = stored_objects(), []
    for step in steps("tables"):
        table, path = step["response"]["body"], step["request"]["path"]
        group, version, plural = resource_of(path)
        kind = next(
            kind
            for kind in kinds()
            if (kind.resource.group, kind.resource.version, kind.resource.plural) == (group, version, plural)
        )
        for row in table["rows"]:
            name = row["object"]["metadata"]["name"]
            obj = objects.get((kind.resource.kind, name))
            if obj is not None:
                cases.append(pytest.param(kind, obj, row["cells"], id=f"{plural}-{name}"))
    return cases


def resource_of(path: str) -> tuple[str, str, str]:
    words = path.split("/")
    return ("", "v1", words[-1]) if words[1] == "api" else (words[2], words[3], words[-1])


def recent(obj: JsonObject, now: datetime) -> JsonObject:
    fresh = copy.deepcopy(obj)
    fresh["metadata"]["creationTimestamp"] = (now - timedelta(seconds=6)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return fresh


@needs_vectors
@pytest.mark.parametrize(("kind", "obj", "cells"), rows())
def test_a_row_is_the_recorded_one(kind: Any, obj: JsonObject, cells: list[JsonValue]) -> None:
    if kind.resource.kind == "Deployment":  # six seconds later its controller had counted one updated Pod
        obj = copy.deepcopy(obj)
        obj["status"]["updatedReplicas"] = obj["spec"]["replicas"]
    if kind.resource.kind == "ResourceQuota":  # the quota controller had counted
        obj = {**obj, "status": {"hard": obj["spec"]["hard"], "used": {"pods": "6"}}}
    found = kind.strategy.cells(recent(obj, NOW), NOW)
    if kind.columns == CREATED_AT:
        assert found == [cells[0], (NOW - timedelta(seconds=6)).strftime("%Y-%m-%dT%H:%M:%SZ")]
    else:
        assert found == cells


@needs_vectors
def test_columns_are_the_recorded_ones() -> None:
    for step in steps("tables"):
        group, version, plural = resource_of(step["request"]["path"])
        kind = next(
            kind
            for kind in kinds()
            if (kind.resource.group, kind.resource.version, kind.resource.plural) == (group, version, plural)
        )
        wanted = [
            (item["name"], item["type"], item["format"], item["priority"])
            for item in step["response"]["body"]["columnDefinitions"]
        ]
        assert [(column.name, column.type, column.format, column.priority) for column in kind.columns] == wanted
