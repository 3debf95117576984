"""What is known of Kubernetes' built-in types and resources: `facts.json`, made by scripts/kubernetes_facts.py.

One source for the JSON codec, the schema nodes, the protobuf decoder and the OpenAPI documents. Parsed once, on first
use; single types are turned into objects when somebody asks for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import orjson

from argosy.machinery.api import Column, Subresource
from argosy.machinery.objects import JsonObject, JsonValue, Resource

SCALARS = frozenset({"string", "bool", "int32", "int64", "double", "bytes"})
LEAVES = SCALARS | {
    "Time",
    "MicroTime",
    "Quantity",
    "IntOrString",
    "RawExtension",
    "FieldsV1",
    "JSON",
    "any",
    "JSONSchemaPropsOrBool",
    "JSONSchemaPropsOrArray",
    "JSONSchemaPropsOrStringArray",
}
"""Field types that are no struct of `types`: scalars, and values with a JSON form of their own."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a Go struct. `type` is a leaf, a type key (`apps/v1.DeploymentSpec`), `[]T` or `{}T` (a map)."""

    name: str
    type: str
    number: int
    """Protobuf field number."""
    pointer: bool = False
    omit_empty: bool = False
    omit_zero: bool = False
    inline: bool = False
    """The fields of `type` stand in the JSON object of the parent; in protobuf it is a nested message."""
    required: bool = False
    list_type: str = ""
    list_keys: tuple[str, ...] = ()
    map_type: str = ""
    patch_strategy: tuple[str, ...] = ()
    patch_merge_key: str = ""
    default: JsonValue = None
    format: str = ""
    enum: str = ""


@dataclass(frozen=True, slots=True)
class TypeFacts:
    key: str
    published: str
    """The name in OpenAPI documents, such as `io.k8s.api.apps.v1.Deployment`."""
    fields: tuple[Field, ...]
    """As in protobuf: inlined structs are single fields with `inline`."""
    atomic: bool = False
    """x-kubernetes-map-type: atomic."""


@dataclass(frozen=True, slots=True)
class ResourceFacts:
    resource: Resource
    singular: str
    verbs: tuple[str, ...]
    short_names: tuple[str, ...]
    categories: tuple[str, ...]
    subresources: dict[str, Subresource] = field(compare=False)
    type: str
    """The type key of the kind."""


@cache
def _document() -> JsonObject:
    parsed: JsonObject = orjson.loads(Path(__file__).with_name("facts.json").read_bytes())
    return parsed


@cache
def resources() -> tuple[ResourceFacts, ...]:
    """All built-in resources in discovery order: the core group first, versions of a group by preference."""
    return tuple(_resource(*entry) for entry in _document()["resources"])


def _resource(
    group: str,
    version: str,
    plural: str,
    singular: str,
    kind: str,
    namespaced: int,
    verbs: list[str],
    short: list[str],
    categories: list[str],
    subresources: dict[str, list[JsonValue]],
    key: str,
) -> ResourceFacts:
    subs = {
        name: Subresource(name, tuple(sub_verbs), sub_group, sub_version, sub_kind)
        for name, (sub_group, sub_version, sub_kind, sub_verbs) in subresources.items()
    }
    resource = Resource(group, version, plural, kind, bool(namespaced))
    return ResourceFacts(resource, singular, tuple(verbs), tuple(short), tuple(categories), subs, key)


@cache
def type_keys() -> tuple[str, ...]:
    return tuple(_document()["types"])


@cache
def type_of(key: str) -> TypeFacts:
    """The facts of one struct. KeyError for a key that is a leaf or unknown."""
    published, extras, *fields = _document()["types"][key]
    return TypeFacts(key, published, tuple(_field(*entry) for entry in fields), extras.get("mt") == "atomic")


def is_struct(spelled: str) -> bool:
    return spelled in _document()["types"]


def _field(name: str, spelled: str, flags: str, number: int, extras: JsonObject | None = None) -> Field:
    more = extras or {}
    return Field(
        name,
        spelled,
        number,
        pointer="p" in flags,
        omit_empty="o" in flags,
        omit_zero="z" in flags,
        inline="i" in flags,
        required="r" in flags,
        list_type=more.get("lt", ""),
        list_keys=tuple(more.get("lk", ())),
        map_type=more.get("mt", ""),
        patch_strategy=tuple(more["ps"].split(",")) if "ps" in more else (),
        patch_merge_key=more.get("pk", ""),
        default=more.get("d"),
        format=more.get("f", ""),
        enum=more.get("e", ""),
    )


_WITHOUT_RESOURCE = (
    "autoscaling/v1.Scale",
    "policy/v1.Eviction",
    "authentication/v1.TokenRequest",
    "meta/v1.Status",
    "meta/v1.DeleteOptions",
    "meta/v1.CreateOptions",
    "meta/v1.UpdateOptions",
    "meta/v1.PatchOptions",
    "meta/v1.ListOptions",
    "meta/v1.GetOptions",
    "meta/v1.PartialObjectMetadata",
)
_TYPE_META = (
    Field("kind", "string", 0, omit_empty=True),
    Field("apiVersion", "string", 0, omit_empty=True),
)


@cache
def kind_keys() -> frozenset[str]:
    """Types that carry apiVersion and kind in JSON (and, in protobuf, only in the envelope)."""
    return frozenset(entry.type for entry in resources()) | frozenset(_WITHOUT_RESOURCE)


@cache
def json_fields(key: str) -> tuple[Field, ...]:
    """The fields as JSON sees them: inlined structs opened, kind and apiVersion before the rest."""
    opened: list[Field] = [*_TYPE_META] if key in kind_keys() else []
    for item in type_of(key).fields:
        opened.extend(json_fields(item.type) if item.inline else (item,))
    return tuple(opened)


@cache
def enum_values(name: str) -> tuple[bool, tuple[str, ...]]:
    """(whether the set is complete, its values); an unknown name has no values."""
    closed, *values = _document()["enums"].get(name, [0])
    return bool(closed), tuple(values)


@cache
def columns_of(kind: str) -> tuple[Column, ...]:
    """The Table columns of a kind with a printer; empty for the others (Role, ClusterRole, LimitRange, CRD...)."""
    entries = _document()["columns"].get(kind, ())
    return tuple(Column(name, spelled, form, priority) for name, spelled, form, priority in entries)
