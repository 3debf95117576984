"""The OpenAPI 3.1 description of the API, generated from the declarations, so that it is never outdated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from argosy.server.api.endpoint import Endpoint
from argosy.server.api.schema.shapes import Schema, object_schema, schema_of
from argosy.server.calls import Need

_NAME = re.compile(r"\{(\w+)\}")


def document(endpoints: Sequence[Endpoint], prefix: str) -> Schema:
    schemas: dict[str, Schema] = {}

    def refer(found: type) -> str:
        if found.__name__ not in schemas:
            schemas[found.__name__] = {}
            schemas[found.__name__] = object_schema(found, refer)
        return f"#/components/schemas/{found.__name__}"

    paths: dict[str, Schema] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, refer)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Argosy", "version": "v1"},
        "servers": [{"url": prefix}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "argocd.token"},
            },
        },
    }


def _operation(endpoint: Endpoint, refer: Any) -> Schema:
    path = [_parameter(name, "path", "", {"type": "string"}, required=True) for name in _NAME.findall(endpoint.path)]
    query = [
        _parameter(one.name, "query", one.text, _kind(one.kind, repeated=one.repeated)) for one in endpoint.parameters
    ]
    made: Schema = {
        "summary": endpoint.summary,
        "operationId": _identity(endpoint),
        "parameters": [*path, *query],
        "responses": {"200": {"description": "The answer.", "content": _content(endpoint, refer)}},
        "security": [] if endpoint.needs.need is Need.NOTHING else [{"bearer": []}, {"cookie": []}],
    }
    if endpoint.takes is not None:
        content = {"application/json": {"schema": schema_of(endpoint.takes, refer)}}
        made["requestBody"] = {"required": True, "content": content}
    return made


def _content(endpoint: Endpoint, refer: Any) -> Schema:
    if endpoint.stream is not None:
        return {"text/event-stream": {"schema": {"type": "string"}}}
    return {"application/json": {"schema": schema_of(endpoint.answers, refer)}}


def _parameter(name: str, place: str, text: str, schema: Schema, *, required: bool = False) -> Schema:
    made: Schema = {"name": name, "in": place, "schema": schema, "required": required}
    return {**made, "description": text} if text else made


def _kind(kind: type, *, repeated: bool) -> Schema:
    one: Schema = {"type": "integer" if kind is int else "string"}
    return {"type": "array", "items": one} if repeated else one


def _identity(endpoint: Endpoint) -> str:
    words = [word for word in re.split(r"[/{}\-]+", endpoint.path) if word]
    return endpoint.method.lower() + "".join(word[:1].upper() + word[1:] for word in words)
