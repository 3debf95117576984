"""`/swagger.json`: the description of the REST API, from the schema that also defines the routes."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from argosy.cluster.http.exchange import Request, Response
from argosy.server.schema.facts import Field, Method, is_message, message, methods
from argosy.server.transport.front import Page
from argosy.server.transport.gateway import JSON

TYPES: Final = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "uint32": {"type": "integer", "format": "int64"},
    "int64": {"type": "string", "format": "int64"},
    "uint64": {"type": "string", "format": "uint64"},
    "bytes": {"type": "string", "format": "byte"},
    "double": {"type": "number", "format": "double"},
    "float": {"type": "number", "format": "float"},
}
TEXTS: Final = frozenset({"meta.v1.Time", "meta.v1.MicroTime", "resource.Quantity", "intstr.IntOrString"})
REST_OF_PATH: Final = "=**"
VERBS_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


def description_page() -> Page:
    async def page(request: Request, path: str, query: str) -> Response:
        return Response(200, _text(), JSON, [], "")

    return page


@cache
def _text() -> bytes:
    return json.dumps(described(), separators=(",", ":"), sort_keys=True).encode()


def described() -> dict[str, Any]:
    """OpenAPI 2.0, from which clients of Argo CD are generated."""
    paths: dict[str, dict[str, Any]] = {}
    wanted: dict[str, None] = {}
    for method in methods().values():
        for number, (verb, path) in enumerate(method.http, 1):
            plain = path.replace(REST_OF_PATH, "")
            # Identifiers must be unique: further paths of a method are numbered, as grpc-gateway does.
            name = method.name if number == 1 else f"{method.name}{number}"
            paths.setdefault(plain, {})[verb.lower()] = _operation(method, name, verb, path, wanted)
    return {
        "swagger": "2.0",
        "info": {"title": "Consolidate Services", "description": "Argo CD's API, served by Argosy", "version": "v1"},
        "consumes": [JSON],
        "produces": [JSON],
        "paths": paths,
        "definitions": _definitions(wanted),
        "securityDefinitions": {"Bearer": {"type": "apiKey", "name": "Authorization", "in": "header"}},
    }


def _operation(method: Method, name: str, verb: str, path: str, wanted: dict[str, None]) -> dict[str, Any]:
    service = method.service.rpartition(".")[2]
    in_path = [part[1:-1].removesuffix(REST_OF_PATH) for part in path.split("/") if part.startswith("{")]
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "type": "string"} for name in in_path
    ]
    if verb in VERBS_WITH_BODY and method.body:
        field = message(method.request).field(method.body) if method.body != "*" else None
        kind = method.request if field is None else field.type
        parameters.append({"name": "body", "in": "body", "required": True, "schema": _schema_of(kind, wanted)})
    if method.body != "*":
        asked = (field for field in message(method.request).fields if field.name not in {*in_path, method.body})
        parameters += [_query(field) for field in asked if not is_message(field.type) and not field.is_map]
    answer = _schema_of(method.response, wanted)
    if method.server_stream:
        answer = {"type": "object", "properties": {"result": answer}}
    return {
        "tags": [service],
        "operationId": f"{service}_{name}",
        "parameters": parameters,
        "responses": {
            "200": {"description": "A successful response.", "schema": answer},
            "default": {"description": "An error.", "schema": {"$ref": "#/definitions/runtimeError"}},
        },
    }


def _query(field: Field) -> dict[str, Any]:
    kind = dict(TYPES.get(field.type, TYPES["string"]))
    if field.repeated:
        return {"name": field.name, "in": "query", "type": "array", "items": kind, "collectionFormat": "multi"}
    return {"name": field.name, "in": "query", "required": False, **kind}


def _schema_of(kind: str, wanted: dict[str, None]) -> dict[str, Any]:
    if not is_message(kind):
        return dict(TYPES.get(kind, TYPES["string"]))
    if any(kind.endswith(text) for text in TEXTS):
        return {"type": "string"}
    wanted[kind] = None
    return {"$ref": f"#/definitions/{_named(kind)}"}


def _named(kind: str) -> str:
    return kind.replace(".", "").replace("/", "")


def _definitions(wanted: dict[str, None]) -> dict[str, Any]:
    error = {"type": "object", "properties": {"code": {"type": "integer"}, "error": {"type": "string"}}}
    error["properties"] |= {"message": {"type": "string"}}  # type: ignore[operator]
    found: dict[str, Any] = {"runtimeError": error}
    done: set[str] = set()
    while queue := [kind for kind in wanted if kind not in done]:
        for kind in queue:
            done.add(kind)
            found[_named(kind)] = _definition(kind, wanted)
    return found


def _definition(kind: str, wanted: dict[str, None]) -> dict[str, Any]:
    try:
        fields = message(kind).fields
    except KeyError:
        return {"type": "object"}
    properties: dict[str, Any] = {}
    for field in fields:
        schema = _schema_of(field.type, wanted)
        if field.is_map:
            schema = {"type": "object", "additionalProperties": schema}
        elif field.repeated:
            schema = {"type": "array", "items": schema}
        properties[field.json] = schema
    return {"type": "object", "properties": properties}
