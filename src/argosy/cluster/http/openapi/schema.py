"""Types as JSON schemas with Kubernetes' extensions, from the fact table; for OpenAPI v3 and v2 (spec section 5)."""

from __future__ import annotations

from functools import cache

from argosy.apis.kubernetes.facts import Field, enum_values, is_struct, json_fields, type_of
from argosy.cluster.kind import Kind
from argosy.machinery.objects import JsonObject
from argosy.machinery.pieces import Pieces

V3_PREFIX = "#/components/schemas/"
_META = "io.k8s.apimachinery.pkg.apis.meta.v1"
_EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1"
OBJECT_META = "meta/v1.ObjectMeta"
LIST_META = "meta/v1.ListMeta"
GVK = "x-kubernetes-group-version-kind"

_PLAIN: dict[str, JsonObject] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "double": {"type": "number", "format": "double"},
    "bytes": {"type": "string", "format": "byte"},
    "any": {},
}
_NAMED: dict[str, tuple[str, JsonObject]] = {
    "Time": (f"{_META}.Time", {"type": "string", "format": "date-time"}),
    "MicroTime": (f"{_META}.MicroTime", {"type": "string", "format": "date-time"}),
    "FieldsV1": (f"{_META}.FieldsV1", {"type": "object"}),
    "Quantity": (
        "io.k8s.apimachinery.pkg.api.resource.Quantity",
        {"oneOf": [{"type": "string"}, {"type": "number"}]},
    ),
    "IntOrString": (
        "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
        {"oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"},
    ),
    "RawExtension": ("io.k8s.apimachinery.pkg.runtime.RawExtension", {"type": "object"}),
    "JSON": (f"{_EXTENSIONS}.JSON", {}),
    "JSONSchemaPropsOrArray": (f"{_EXTENSIONS}.JSONSchemaPropsOrArray", {}),
    "JSONSchemaPropsOrBool": (f"{_EXTENSIONS}.JSONSchemaPropsOrBool", {}),
    "JSONSchemaPropsOrStringArray": (f"{_EXTENSIONS}.JSONSchemaPropsOrStringArray", {}),
}


def published_name(spelled: str) -> str:
    """The schema name of a struct or named leaf."""
    return _NAMED[spelled][0] if spelled in _NAMED else type_of(spelled).published or _guessed(spelled)


def _guessed(key: str) -> str:
    group, _, rest = key.partition("/")
    return f"io.k8s.api.{group}.{rest}"


@cache
def type_schema(spelled: str) -> JsonObject:
    """The schema of one named type; shared, so it must not be changed."""
    if spelled in _NAMED:
        return _NAMED[spelled][1]
    fields = json_fields(spelled)
    schema: JsonObject = {"type": "object"}
    if fields:
        schema["properties"] = {item.name: field_schema(item) for item in fields}
    if required := [item.name for item in fields if item.required]:
        schema["required"] = required
    if type_of(spelled).atomic:
        schema["x-kubernetes-map-type"] = "atomic"
    return schema


def field_schema(item: Field) -> JsonObject:
    schema = reference(item.type)
    if item.enum and (values := enum_values(item.enum))[0]:
        schema["enum"] = list(values[1])
    if item.format and "$ref" not in schema:
        schema["format"] = item.format
    if item.default is not None:
        schema["default"] = item.default
    extras = {
        "list-type": item.list_type,
        "list-map-keys": list(item.list_keys),
        "map-type": item.map_type,
        "patch-strategy": ",".join(item.patch_strategy),
        "patch-merge-key": item.patch_merge_key,
    }
    schema.update({f"x-kubernetes-{name}": value for name, value in extras.items() if value})
    return schema


def reference(spelled: str) -> JsonObject:
    """A use of a type. References are wrapped in allOf, so that extensions may be set next to them."""
    if spelled.startswith("[]"):
        return {"type": "array", "items": reference(spelled[2:])}
    if spelled.startswith("{}"):
        return {"type": "object", "additionalProperties": reference(spelled[2:])}
    if spelled in _PLAIN:
        return dict(_PLAIN[spelled])
    return {"allOf": [{"$ref": V3_PREFIX + published_name(spelled)}]}


@cache
def closure(spelled: str) -> frozenset[str]:
    """All named types that a type's schema refers to, including itself."""
    found: set[str] = set()
    waiting = [spelled]
    while waiting:
        name = waiting.pop().lstrip("[]{}")
        if name in found or (name not in _NAMED and not is_struct(name)):
            continue
        found.add(name)
        if name not in _NAMED:
            waiting += [item.type for item in json_fields(name)]
    return frozenset(found)


# ---- kinds --------------------------------------------------------------------------------------------------------


def group_version_kind(kind: Kind, name: str = "") -> JsonObject:
    resource = kind.resource
    return {"group": resource.group, "version": resource.version, "kind": name or resource.kind}


def kind_schema_name(kind: Kind) -> str:
    """Built-in kinds have their published name, custom ones the reversed group, as `io.argoproj.v1alpha1.Rollout`."""
    if not kind.custom:
        return published_name(kind.schema.go)
    domain = ".".join(reversed(kind.resource.group.split(".")))
    return f"{domain}.{kind.resource.version}.{kind.resource.kind}"


def kind_schemas(kind: Kind) -> dict[str, JsonObject]:
    """The kind's own schema and that of its list, by name, with the extension by which clients find them."""
    name = kind_schema_name(kind)
    own = dict(_custom_schema(kind) if kind.custom else type_schema(kind.schema.go))
    own["properties"] = {**_WORDS, **(own.get("properties") or {})}
    own[GVK] = [group_version_kind(kind)]
    found = {name: own}
    if "list" in kind.verbs:
        found[f"{name}List"] = {
            "type": "object",
            "required": ["items"],
            "properties": {
                **_WORDS,
                "metadata": reference(LIST_META),
                "items": {"type": "array", "items": {"allOf": [{"$ref": V3_PREFIX + name}]}},
            },
            GVK: [group_version_kind(kind, kind.list_kind)],
        }
    return found


_WORDS: JsonObject = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}


def _custom_schema(kind: Kind) -> JsonObject:
    schema = dict(kind.raw_schema or {"type": "object", "x-kubernetes-preserve-unknown-fields": True})
    properties = dict(schema.get("properties") or {})
    properties["metadata"] = reference(OBJECT_META)
    schema["properties"] = properties
    return schema


def type_schemas(kinds: list[Kind]) -> Pieces[dict[str, JsonObject]]:
    """The schemas of the named types that these kinds refer to, by published name."""
    found: dict[str, JsonObject] = {}
    for key in (yield from _needed_types(kinds)):
        yield
        found[published_name(key)] = type_schema(key)
    return found


def _needed_types(kinds: list[Kind]) -> Pieces[set[str]]:
    """The named types that the schemas of these kinds and their lists refer to."""
    needed: set[str] = set(closure(LIST_META))
    for kind in kinds:
        yield
        needed |= closure(OBJECT_META) if kind.custom else closure(kind.schema.go) - {kind.schema.go}
        for sub in kind.subresources.values():
            if sub.kind == "Scale":
                needed |= closure("autoscaling/v1.Scale")
    return needed
