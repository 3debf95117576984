"""CustomResourceDefinitions made from typed resources."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import StrEnum
from typing import Any, Literal, Union, get_args, get_origin

from argosy.apis.schema import DEFINITION, Column, Definition, Part, parts, unwrapped
from argosy.machinery.objects import JsonObject

SCALARS: Mapping[Any, JsonObject] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer", "format": "int64"},
}


def definition(kind: type[Any], *others: type[Any]) -> JsonObject:
    """The CustomResourceDefinition of one `@resource`, or of one for each version: the first one names the kind."""
    definition: Definition = getattr(kind, DEFINITION)
    names: JsonObject = {"kind": definition.kind, "listKind": f"{definition.kind}List", "plural": definition.plural}
    if definition.categories:
        names["categories"] = list(definition.categories)
    if definition.short_names:
        names["shortNames"] = list(definition.short_names)
    names["singular"] = definition.kind.lower()
    metadata: JsonObject = {"name": f"{definition.plural}.{definition.group}"}
    if definition.labels:
        metadata["labels"] = dict(definition.labels)
    spec: JsonObject = {
        "group": definition.group,
        "names": names,
        "scope": "Namespaced" if definition.namespaced else "Cluster",
        "versions": [_version(version, getattr(version, DEFINITION)) for version in (kind, *others)],
    }
    _check_versions(spec)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": spec,
    }


def _check_versions(spec: JsonObject) -> None:
    stored = [version["name"] for version in spec["versions"] if version["storage"]]
    assert len(stored) == 1, f"{spec['names']['kind']}: one version is stored, not {stored}"


def schema_of(kind: type[Any]) -> JsonObject:
    """The OpenAPI v3 schema of a schema class."""
    found = parts(kind)
    made: JsonObject = {"type": "object"}
    if doc := _first_line(kind):
        made["description"] = doc
    if found:
        made["properties"] = {part.name: _field(part) for part in found}
    if required := sorted(part.name for part in found if part.required):
        made["required"] = required
    return made


def _version(kind: type[Any], definition: Definition) -> JsonObject:
    schema = schema_of(kind)
    described = {
        "apiVersion": {"type": "string", "description": "The version of this object's schema."},
        "kind": {"type": "string", "description": "The kind of this object."},
        "metadata": {"type": "object"},
    }
    own = {name: field for name, field in schema["properties"].items() if name not in described}
    schema["properties"] = {**described, **own}
    schema["required"] = list(definition.required)
    version: JsonObject = {"name": definition.version, "served": definition.served, "storage": definition.storage}
    if definition.columns:
        version["additionalPrinterColumns"] = [_column(column) for column in definition.columns]
    if definition.selectable:
        version["selectableFields"] = [{"jsonPath": path} for path in definition.selectable]
    if definition.subresources is not None:
        version["subresources"] = dict(definition.subresources)
    version["schema"] = {"openAPIV3Schema": schema}
    return version


def _column(column: Column) -> JsonObject:
    made: JsonObject = {"name": column.name, "type": column.type, "jsonPath": column.path}
    return {**made, "priority": column.priority} if column.priority else made


def _field(part: Part) -> JsonObject:
    made = {**_type(part.type), **part.rules}
    return {**made, "description": part.doc} if part.doc else made


def _type(hint: Any) -> JsonObject:
    hint, notes = unwrapped(hint)
    rules: JsonObject = {}
    for note in notes:
        rules |= dict(getattr(note, "words", {}))
    if get_origin(hint) in (Union, types.UnionType):
        return rules
    if hint in SCALARS:
        return {**SCALARS[hint], **rules}
    if get_origin(hint) is Literal:
        return {"type": "string", "enum": list(get_args(hint)), **rules}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"type": "string", "enum": [str(word) for word in hint], **rules}
    if isinstance(hint, type) and is_dataclass(hint):
        return {**schema_of(hint), **rules}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _type(get_args(hint)[0]), **rules}
    if get_origin(hint) is dict and get_args(hint)[1] is Any:
        return {"type": "object", **rules}
    assert get_origin(hint) is dict, f"no schema for {hint!r}"
    return {"type": "object", "additionalProperties": _type(get_args(hint)[1]), **rules}


def _first_line(kind: type[Any]) -> str:
    text = (kind.__doc__ or "").strip()
    return "" if text.startswith(f"{kind.__name__}(") else text.partition("\n")[0]
