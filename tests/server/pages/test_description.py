"""The description of the REST API is complete, and its references resolve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from argosy.server.pages.description import described
from argosy.server.schema.facts import methods


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def test_every_route_is_described() -> None:
    paths = described()["paths"]
    for method in methods().values():
        for verb, path in method.http:
            assert verb.lower() in paths[path.replace("=**", "")], method.full_name


def test_references_lead_somewhere() -> None:
    found = described()
    names = {f"#/definitions/{name}" for name in found["definitions"]}
    assert set(_references(found)) <= names
    assert "spec" in found["definitions"]["v1alpha1Application"]["properties"]


def test_every_operation_has_an_identifier_of_its_own() -> None:
    names = [one["operationId"] for operations in described()["paths"].values() for one in operations.values()]
    assert len(set(names)) == len(names)
    assert {"ApplicationService_PodLogs", "ApplicationService_PodLogs2"} <= set(names)
