"""Built-in types as schema nodes, for patches, apply, unknown-field checks and OpenAPI documents.

A node is created on first use and once per type; `JSONSchemaProps` contains itself, so a struct's node is
registered before its fields are filled in.
"""

from __future__ import annotations

from typing import cast

from argosy.apis.kubernetes.facts import Field, enum_values, is_struct, json_fields, type_of
from argosy.machinery.schema import ListType, Node, NodeType

_LEAF_TYPES: dict[str, NodeType] = {
    "string": "string",
    "bytes": "string",
    "bool": "boolean",
    "int32": "integer",
    "int64": "integer",
    "double": "number",
    "Time": "string",
    "MicroTime": "string",
    "Quantity": "any",  # a quantity may be sent as a number or a string: an untyped scalar
    "IntOrString": "int-or-string",
}
_LEAF_FORMATS = {
    "bytes": "byte",
    "int32": "int32",
    "int64": "int64",
    "double": "double",
    "Time": "date-time",
    "MicroTime": "date-time",
}
_OPEN_OBJECTS = frozenset({"RawExtension", "FieldsV1"})

_nodes: dict[str, Node] = {}


def node_of(key: str) -> Node:
    """The node of a type key such as `apps/v1.Deployment`; a served kind has apiVersion and kind in its properties."""
    if key not in _nodes:
        node = _nodes[key] = Node(type="object", go=key)
        _fill(node, key)
    return _nodes[key]


def _fill(node: Node, key: str) -> None:
    facts = type_of(key)
    node.map_type = "atomic" if facts.atomic else "granular"
    fields = json_fields(key)
    for item in fields:
        node.properties[item.name] = _field_node(item)
    node.required = tuple(item.name for item in fields if item.required)


def _field_node(item: Field) -> Node:
    """A struct's node is shared where the field adds nothing to it; otherwise the field has a node of its own."""
    if is_struct(item.type) and not (item.map_type or item.patch_strategy or item.default is not None):
        return node_of(item.type)
    node = _type_node(item.type)
    if item.enum and (closed := enum_values(item.enum))[0]:
        node.enum = closed[1]
    node.list_type = _list_type(item)
    node.list_keys = item.list_keys or ((item.patch_merge_key,) if node.list_type == "map" else ())
    if item.map_type == "atomic":
        node.map_type = "atomic"
    node.patch_strategy, node.patch_merge_key = item.patch_strategy, item.patch_merge_key
    if item.default is not None:
        node.default, node.has_default = item.default, True
    return node


def _list_type(item: Field) -> ListType:
    """A declared list type wins; else a merge strategy means associative by its key, or a set without one (10.4)."""
    if item.list_type:
        return cast(ListType, item.list_type)
    if "merge" in item.patch_strategy and item.type.startswith("[]"):
        return "map" if item.patch_merge_key else "set"
    return "atomic"


def _type_node(spelled: str) -> Node:
    """A fresh node: the caller may add the field's own attributes."""
    if spelled.startswith("[]"):
        return Node(type="array", items=_shared(spelled[2:]), go=spelled)
    if spelled.startswith("{}"):
        return Node(type="object", additional=_shared(spelled[2:]), go=spelled)
    if is_struct(spelled):
        inner = node_of(spelled)
        # properties are shared, not copied: they may still be filling up
        return Node(type="object", properties=inner.properties, map_type=inner.map_type, go=spelled)
    if spelled in _OPEN_OBJECTS:
        return Node(type="object", preserve_unknown=True, go=spelled)
    return Node(type=_LEAF_TYPES.get(spelled, "any"), format=_LEAF_FORMATS.get(spelled, ""), go=spelled)


def _shared(spelled: str) -> Node:
    return node_of(spelled) if is_struct(spelled) else _type_node(spelled)
