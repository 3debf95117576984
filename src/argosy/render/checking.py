"""Checks every tool's manifests: objects with apiVersion, kind and well-formed metadata.

An error names the field, so that users find it: all later processing relies on these types.
"""

from __future__ import annotations

from argosy.machinery.objects import JsonObject

_TEXTS = ("generateName", "namespace", "uid", "resourceVersion")
_MAPS = ("annotations", "labels")


def checked(item: object) -> JsonObject:
    """The manifest itself. Raises ValueError."""
    if not isinstance(item, dict) or not _named(item, "apiVersion") or not _named(item, "kind"):
        raise ValueError("a manifest has no apiVersion or no kind")
    metadata = item.get("metadata")
    if metadata is not None and (wrong := _wrong(metadata)):
        raise ValueError(f"{_spelled(item)}: metadata{wrong}")
    return item


def _named(item: JsonObject, field_name: str) -> bool:
    return isinstance(item.get(field_name), str) and bool(item[field_name])


def _spelled(item: JsonObject) -> str:
    metadata = item.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return f"{item['kind']} {name}" if isinstance(name, str) else f"a {item['kind']}"


def _wrong(metadata: object) -> str:
    """Which field has the wrong type, and the right type; "" for none."""
    if not isinstance(metadata, dict):
        return f" must be an object, and is {_type(metadata)}"
    if isinstance(metadata.get("name"), dict | list):  # the API server reports a number, along with the rest
        return f".name must be a string, and is {_type(metadata['name'])}"
    for name in _TEXTS:
        if not isinstance(metadata.get(name), str | None):
            return f".{name} must be a string, and is {_type(metadata[name])}"
    for name in _MAPS:
        if wrong := _wrong_map(metadata.get(name)):
            return f".{name}{wrong}"
    finalizers, owners = metadata.get("finalizers"), metadata.get("ownerReferences")
    if finalizers is not None and not _is_list(finalizers, str):
        return ".finalizers must be a list of strings"
    if owners is not None and not _is_list(owners, dict):
        return ".ownerReferences must be a list of objects"
    return ""


def _wrong_map(found: object) -> str:
    if found is None:
        return ""
    if not isinstance(found, dict):
        return f" must be a map of strings, and is {_type(found)}"
    for key, value in found.items():
        if not isinstance(value, str | None):
            return f"[{key}] must be a string, and is {_type(value)}"
    return ""


def _is_list(found: object, kind: type) -> bool:
    return isinstance(found, list) and all(isinstance(item, kind) for item in found)


def _type(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
    return "an object"
