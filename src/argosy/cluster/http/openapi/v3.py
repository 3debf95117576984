"""OpenAPI v3 documents, one per group version: only what kubectl and helm read of them (spec section 5)."""

from __future__ import annotations

from argosy.cluster.http.discovery import subresources
from argosy.cluster.http.openapi.schema import (
    GVK,
    V3_PREFIX,
    group_version_kind,
    kind_schema_name,
    kind_schemas,
    published_name,
    type_schemas,
)
from argosy.cluster.kind import Kind, Subresource
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject
from argosy.machinery.pieces import Pieces

_ACTIONS = {
    "get": ("get", "get"),
    "create": ("post", "post"),
    "update": ("put", "put"),
    "patch": ("patch", "patch"),
    "delete": ("delete", "delete"),
    "list": ("get", "list"),
    "deletecollection": ("delete", "deletecollection"),
}
"""Verb -> HTTP method and `x-kubernetes-action`."""
_COLLECTION_VERBS = ("list", "create", "deletecollection")
_ITEM_VERBS = ("get", "update", "patch", "delete")
_WRITE_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation")
_BODY_TYPES = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")


def document(group_version: str, kinds: list[Kind], version: str) -> Pieces[JsonObject]:
    """The document of one group version, such as `apps/v1`; `version` is the server's, for `info`."""
    schemas = yield from type_schemas(kinds)
    paths: dict[str, JsonObject] = {}
    for kind in kinds:
        yield
        schemas |= kind_schemas(kind)
        paths |= _paths(kind)
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": version},
        "paths": paths,
        "components": {"schemas": dict(sorted(schemas.items()))},
    }


def _paths(kind: Kind) -> dict[str, JsonObject]:
    resource = kind.resource
    collection = resource.path("{namespace}")
    found: dict[str, JsonObject] = {}
    if methods := _operations(kind, _COLLECTION_VERBS):
        found[collection] = methods
    if resource.namespaced and "list" in kind.verbs:
        found[resource.path()] = _operations(kind, ("list",))
    if methods := _operations(kind, _ITEM_VERBS):
        found[f"{collection}/{{name}}"] = methods
    for sub in subresources(kind):
        if sub.name in ("status", "scale"):
            found[f"{collection}/{{name}}/{sub.name}"] = _subresource_operations(kind, sub)
    return found


def _subresource_operations(kind: Kind, sub: Subresource) -> JsonObject:
    """Those of `status` are the kind's own; a scale is read and written as another kind."""
    operations = _operations(kind, sub.verbs)
    if sub.kind == kind.resource.kind:
        return operations
    name = published_name("autoscaling/v1.Scale")
    for method, operation in operations.items():
        operation[GVK] = {"group": sub.group, "version": sub.version, "kind": sub.kind}
        operation["responses"] = _responses(name)
        if method == "put":
            operation["requestBody"] = _request_body(_BODY_TYPES, {"$ref": V3_PREFIX + name})
    return operations


def _operations(kind: Kind, verbs: tuple[str, ...]) -> JsonObject:
    found: JsonObject = {}
    for verb in verbs:
        if verb in kind.verbs:
            method, action = _ACTIONS[verb]
            found[method] = _operation(kind, verb, action)
    return found


def _operation(kind: Kind, verb: str, action: str) -> JsonObject:
    operation: JsonObject = {"x-kubernetes-action": action, GVK: group_version_kind(kind)}
    parameters = list(_WRITE_PARAMETERS) if verb in ("create", "update", "patch") else []
    if verb == "patch":
        parameters.append("force")
    if parameters:
        operation["parameters"] = [_parameter(name) for name in parameters]
    if types := _request_types(kind, verb):
        schema = {"$ref": V3_PREFIX + kind_schema_name(kind)} if verb != "patch" else {"type": "object"}
        operation["requestBody"] = _request_body(types, schema)
    schema_name = kind_schema_name(kind) + ("List" if verb == "list" else "")
    operation["responses"] = _responses(schema_name) if action != "delete" else {"200": {"description": "OK"}}
    return operation


def _request_body(types: tuple[str, ...], schema: JsonObject) -> JsonObject:
    return {"content": {media_type: {"schema": schema} for media_type in types}}


def _responses(schema_name: str) -> JsonObject:
    content = {"application/json": {"schema": {"$ref": V3_PREFIX + schema_name}}}
    return {"200": {"description": "OK", "content": content}}


def _request_types(kind: Kind, verb: str) -> tuple[str, ...]:
    """Strategic merge patch is listed for built-in kinds only: `kubectl apply` chooses its patch type by it."""
    if verb == "patch":
        return tuple(str(item) for item in PatchType if item is not PatchType.STRATEGIC or not kind.custom)
    if verb in ("create", "update"):
        return _BODY_TYPES[:2] if kind.custom else _BODY_TYPES
    return ()


def _parameter(name: str) -> JsonObject:
    kind = "boolean" if name == "force" else "string"
    return {"name": name, "in": "query", "schema": {"type": kind, "uniqueItems": True}}
