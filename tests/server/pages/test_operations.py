"""Operations of both forms of OpenAPI documents read alike."""

from __future__ import annotations

import pytest

from argosy.server.pages.operations import definitions_of, operations_of

TWO = {
    "swagger": "2.0",
    "paths": {
        "/api/v1/things/{name}": {
            "put": {
                "tags": ["ThingService"],
                "operationId": "ThingService_Update",
                "parameters": [
                    {"name": "name", "in": "path", "required": True, "type": "string"},
                    {"name": "body", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Thing"}},
                ],
                "responses": {"200": {"description": "Good.", "schema": {"$ref": "#/definitions/Thing"}}},
            }
        }
    },
    "definitions": {"Thing": {"type": "object"}},
}
CONTENT = {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}
THREE = {
    "openapi": "3.1.0",
    "servers": [{"url": "/api/own/v1"}],
    "paths": {
        "/things/{name}": {
            "put": {
                "operationId": "putThings",
                "summary": "Replace a thing",
                "parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}],
                "requestBody": {"content": CONTENT},
                "responses": {"200": {"description": "Good.", "content": CONTENT}},
            }
        },
        "/stream/things": {"get": {"operationId": "getStreamThings", "responses": {}}},
    },
    "components": {"schemas": {"Thing": {"type": "object"}}},
}


@pytest.mark.parametrize(
    ("document", "path", "tag"),
    [(TWO, "/api/v1/things/{name}", "ThingService"), (THREE, "/api/own/v1/things/{name}", "things")],
)
def test_both_forms_have_parameters_a_body_and_answers(document: dict[str, object], path: str, tag: str) -> None:
    found = next(one for one in operations_of(document) if one.verb == "PUT")
    assert (found.path, found.tag) == (path, tag)
    assert [(one.name, one.place, one.required) for one in found.parameters] == [("name", "path", True)]
    assert found.body is not None
    assert found.body["$ref"].endswith("/Thing")
    assert [(one.status, one.text) for one in found.answers] == [("200", "Good.")]
    assert found.answers[0].schema == found.body
    assert list(definitions_of(document)) == ["Thing"]


def test_a_stream_is_listed_with_its_subject() -> None:
    assert {one.tag for one in operations_of(THREE)} == {"things"}


def test_a_search_needs_every_word_somewhere() -> None:
    one = next(one for one in operations_of(THREE) if one.verb == "PUT")
    assert one.matches("")
    assert one.matches("put REPLACE things")
    assert not one.matches("put delete")
