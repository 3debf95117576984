"""One schema node for built-in types and custom resources alike.

Built-in types are compiled from the fact file (argosy/apis/kubernetes), custom ones from `openAPIV3Schema`. Strategic
merge patch, server-side apply, unknown-field checks and OpenAPI documents all walk these nodes; nodes are compiled
once and may be recursive (JSONSchemaProps), therefore `properties` and `items` may be filled after construction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from argosy.machinery.objects import JsonObject, JsonValue

ListType = Literal["atomic", "set", "map"]
MapType = Literal["granular", "atomic"]
NodeType = Literal["object", "array", "string", "integer", "number", "boolean", "int-or-string", "any"]


@dataclass(slots=True, eq=False)
class Node:
    type: NodeType = "any"
    properties: dict[str, Node] = field(default_factory=dict)
    """Named fields of a struct; empty for a map with free keys."""
    additional: Node | None = None
    """Schema of the values of a map with free keys."""
    items: Node | None = None
    list_type: ListType = "atomic"
    list_keys: tuple[str, ...] = ()
    map_type: MapType = "granular"
    patch_strategy: tuple[str, ...] = ()
    """Strategic merge patch: any of `merge`, `replace`, `retainKeys`."""
    patch_merge_key: str = ""
    default: JsonValue = None
    has_default: bool = False
    """`default` is meaningful (it may be null). Needed by apply where a list-map key may be absent."""
    nullable: bool = False
    preserve_unknown: bool = False
    embedded: bool = False
    """x-kubernetes-embedded-resource."""
    format: str = ""
    enum: tuple[JsonValue, ...] = ()
    required: tuple[str, ...] = ()
    raw: JsonObject | None = None
    """The JSON schema this node was compiled from, for custom resources: validation reads the rest there."""
    go: str = ""
    """For built-in types: the fact-file type (`Quantity`, `Time`, `IntOrString`, `apps/v1.DeploymentSpec`...)."""
    rules: bool = False
    """For custom resources: there are x-kubernetes-validations at this node or below."""
    filled: tuple[str, ...] = ()
    """For custom resources: the properties that have defaults."""

    @property
    def deduced(self) -> bool:
        """No schema below: structure is derived from the value, nested lists are atomic (spec 10.4, schema mapping)."""
        return self.type == "any" or (self.preserve_unknown and not self.properties)
