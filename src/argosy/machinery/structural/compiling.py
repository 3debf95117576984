"""An `openAPIV3Schema` as schema nodes: the structure from the node itself, value rules from `Node.raw`."""

from __future__ import annotations

from typing import cast, get_args

from argosy.machinery.objects import JsonObject
from argosy.machinery.pieces import Pieces, finished
from argosy.machinery.schema import Node, NodeType

RECURSION_LIMIT = 64
_TYPES = frozenset(get_args(NodeType))


class SchemaError(ValueError):
    """The schema cannot be compiled: it is nested deeper than the limit, or not an object where one is required."""


def compile_schema(openapi: JsonObject) -> Node:
    """The root of a custom resource: apiVersion, kind and metadata are added. Raises SchemaError."""
    return finished(compiled(openapi))


def compiled(openapi: JsonObject) -> Pieces[Node]:
    """The steps of `compile_schema`; one with thousands of fields takes a tenth of a second."""
    root = yield from _compile(openapi, 0)
    root.type = "object"
    declared = root.properties.get("metadata")
    metadata = object_metadata()
    metadata.raw = declared.raw if declared is not None else None
    frame = {"apiVersion": Node(type="string"), "kind": Node(type="string"), "metadata": metadata}
    root.properties = {**root.properties, **frame}
    return root


def _compile(schema: JsonObject, depth: int) -> Pieces[Node]:
    if depth > RECURSION_LIMIT:
        raise SchemaError(f"the schema is nested deeper than {RECURSION_LIMIT} levels")
    if not isinstance(schema, dict):
        raise SchemaError("every schema must be an object")
    node = Node(type=_type(schema), raw=schema, format=schema.get("format") or "")
    node.nullable = bool(schema.get("nullable"))
    node.preserve_unknown = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    node.embedded = bool(schema.get("x-kubernetes-embedded-resource"))
    node.enum = tuple(schema.get("enum") or ())
    node.required = tuple(schema.get("required") or ())
    node.list_type = schema.get("x-kubernetes-list-type") or "atomic"
    node.list_keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
    node.map_type = schema.get("x-kubernetes-map-type") or "granular"
    if "default" in schema:
        node.default, node.has_default = schema["default"], True
    yield from _children(node, schema, depth + 1)
    return node


def _type(schema: JsonObject) -> NodeType:
    if schema.get("x-kubernetes-int-or-string"):
        return "int-or-string"
    declared = schema.get("type") or "any"
    return cast(NodeType, declared) if declared in _TYPES else "any"


def _children(node: Node, schema: JsonObject, depth: int) -> Pieces[None]:
    if properties := schema.get("properties"):
        yield
        node.properties = found = {}
        for name, below in properties.items():
            found[name] = yield from _compile(below, depth)
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict):
        node.additional = yield from _compile(additional, depth)
    elif additional is True:
        node.preserve_unknown = True
    items = schema.get("items")
    if isinstance(items, dict):
        node.items = yield from _compile(items, depth)
    children = [*node.properties.values(), *filter(None, (node.additional, node.items))]
    node.rules = bool(schema.get("x-kubernetes-validations")) or any(child.rules for child in children)
    node.filled = tuple(name for name, child in node.properties.items() if child.has_default)


def object_metadata() -> Node:
    """ObjectMeta, as apply sees it; its values are checked by the server, not by the schema."""
    text = Node(type="string")
    number = Node(type="integer")
    texts = Node(type="object", additional=text)
    fields = ("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion")
    times = ("creationTimestamp", "deletionTimestamp")
    owner = Node(
        type="object",
        properties={
            **dict.fromkeys(("apiVersion", "kind", "name", "uid"), text),
            **dict.fromkeys(("controller", "blockOwnerDeletion"), Node(type="boolean")),
        },
        map_type="atomic",
    )
    return Node(
        type="object",
        properties={
            **dict.fromkeys((*fields, *times), text),
            **dict.fromkeys(("generation", "deletionGracePeriodSeconds"), number),
            **dict.fromkeys(("labels", "annotations"), texts),
            "finalizers": Node(type="array", items=text, list_type="set"),
            "ownerReferences": Node(type="array", items=owner, list_type="map", list_keys=("uid",)),
            "managedFields": Node(type="array", items=Node(type="object", preserve_unknown=True)),
        },
    )
