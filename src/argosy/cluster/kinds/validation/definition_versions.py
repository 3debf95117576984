"""Versions of a definition (spec 12): schemas, subresources, columns, fields that select.

Errors in fields that are equal in all versions are reported at `spec`, where upstream's internal type has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from argosy.cluster.kinds.validation.causes import duplicate, invalid, members, required
from argosy.machinery import names as naming
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.status import Cause
from argosy.machinery.structural import check_structural

_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_SEGMENT = re.compile(r"\.([A-Za-z0-9_-]+)|\['([^']+)'\]")
_SELECTABLE = ("string", "boolean", "integer")
_MOST_SELECTABLE = 8
_WARNING_LIMIT = 256


def check_versions(obj: JsonObject, old: JsonObject | None) -> list[Cause]:
    """`old`: the stored object, on update."""
    spec = obj.get("spec") or {}
    versions = spec.get("versions") or []
    causes: list[Cause] = []
    listed = [version.get("name") for version in versions]
    if len(set(listed)) != len(listed):
        causes.append(invalid("spec.versions", _printed(versions), "must contain unique version names"))
    if sum(1 for version in versions if version.get("storage")) != 1:
        text = "must have exactly one version marked as storage version"
        causes.append(invalid("spec.versions", _printed(versions), text))
    before = ((old or {}).get("spec") or {}).get("versions") or ()
    stored = {version.get("name"): schema_of(version) for version in before}
    for index, (below, version) in enumerate(members(spec, "versions")):
        problems = naming.dns_1035_label(version.get("name") or "")
        places = [f"spec.{below}.name", *(["spec.version"] if index == 0 else [])]
        causes += [invalid(place, version.get("name") or "", problem) for place in places for problem in problems]
        causes += _check_version(version, index, versions, stored.get(version.get("name")))
    return causes + _check_stored(obj, versions)


def schema_of(version: JsonObject) -> JsonValue:
    return (version.get("schema") or {}).get("openAPIV3Schema")


def _printed(versions: list[JsonObject]) -> list[JsonObject]:
    """As Go prints its internal type, which no longer has the fields that are equal in all versions."""
    names = ("schema", "subresources", "additionalPrinterColumns", "selectableFields")
    kept = {name: not _is_shared(versions, name) for name in names}
    return [
        {
            "Name": version.get("name") or "",
            "Served": bool(version.get("served")),
            "Storage": bool(version.get("storage")),
            "Deprecated": bool(version.get("deprecated")),
            "DeprecationWarning": version.get("deprecationWarning"),
            **{name[0].upper() + name[1:]: version.get(name) if kept[name] else None for name in names},
        }
        for version in versions
    ]


def _is_shared(versions: list[JsonObject], name: str) -> bool:
    return all(version.get(name) == versions[0].get(name) for version in versions)


def _check_version(version: JsonObject, index: int, versions: list[JsonObject], stored: JsonValue) -> list[Cause]:
    """An error in a part that all versions share is reported once, for the first of them."""
    path = f"spec.versions[{index}]"

    def place(name: str) -> str | None:
        if not _is_shared(versions, name):
            return path
        return "spec" if index == 0 else None

    schema = schema_of(version)
    if not isinstance(schema, dict):
        return [required(f"{path}.schema.openAPIV3Schema")]
    causes = _check_warning(version, path)
    if (at := place("schema")) is not None:
        root = "spec.validation" if at == "spec" else f"{path}.schema"
        causes += check_structural(schema, f"{root}.openAPIV3Schema", stored)
    scale = (version.get("subresources") or {}).get("scale")
    if scale is not None and (at := place("subresources")) is not None:
        causes += _check_scale(f"{at}.subresources.scale", scale)
    if (at := place("additionalPrinterColumns")) is not None:
        for below, column in members(version, "additionalPrinterColumns"):
            causes += _check_column(f"{at}.{below}", column)
    if (at := place("selectableFields")) is not None:
        causes += _check_selectable(at, version, schema)
    return causes


def _check_warning(version: JsonObject, path: str) -> list[Cause]:
    warning, at = version.get("deprecationWarning"), f"{path}.deprecationWarning"
    if warning is None:
        return []
    if not version.get("deprecated"):
        return [invalid(at, warning, "can only be set for deprecated versions")]
    if not warning:
        return [invalid(at, warning, "must not be an empty string")]
    if len(warning.encode()) > _WARNING_LIMIT:
        return [invalid(at, warning, f"must be <= {_WARNING_LIMIT} characters long")]
    return []


def _check_stored(obj: JsonObject, versions: list[JsonObject]) -> list[Cause]:
    """The storage version is in storedVersions; a version in storedVersions cannot be removed."""
    found = list((obj.get("status") or {}).get("storedVersions") or ())
    if not found:
        return []
    causes = [
        invalid("status.storedVersions", found, f"must have the storage version {version.get('name')}")
        for version in versions
        if version.get("storage") and version.get("name") not in found
    ]
    declared = {version.get("name") for version in versions}
    for index, name in enumerate(found):
        if name not in declared:
            text = f"missing from spec.versions; {name} was previously a storage version, and must remain in"
            text += " spec.versions until a storage migration ensures no data remains persisted in"
            text += f" {name} and removes {name} from status.storedVersions"
            causes.append(invalid(f"status.storedVersions[{index}]", name, text))
    return causes


def _check_scale(path: str, scale: JsonObject) -> list[Cause]:
    causes: list[Cause] = []
    for name, root in (("specReplicasPath", ".spec"), ("statusReplicasPath", ".status")):
        value = scale.get(name) or ""
        if not value:
            causes.append(required(f"{path}.{name}"))
        elif not value.startswith("."):
            causes.append(invalid(f"{path}.{name}", value, "must be a simple json path starting with ."))
        elif not value.startswith(f"{root}."):
            causes.append(invalid(f"{path}.{name}", value, f"should be a json path under {root}"))
    value = scale.get("labelSelectorPath")
    if value and not value.startswith((".spec.", ".status.")):
        text = "should be a json path under either .spec or .status"
        causes.append(invalid(f"{path}.labelSelectorPath", value, text))
    return causes


def _check_column(path: str, column: JsonObject) -> list[Cause]:
    causes = [] if column.get("name") else [required(f"{path}.name")]
    spelled, shape = column.get("type") or "", column.get("format") or ""
    if not spelled:
        causes.append(required(f"{path}.type", f"must be one of {','.join(_COLUMN_TYPES)}"))
    elif spelled not in _COLUMN_TYPES:
        causes.append(invalid(f"{path}.type", spelled, f"must be one of {','.join(_COLUMN_TYPES)}"))
    if shape and shape not in _FORMATS:
        causes.append(invalid(f"{path}.format", shape, f"must be one of {','.join(_FORMATS)}"))
    text = column.get("jsonPath") or ""
    if not text:
        return [*causes, required(f"{path}.JSONPath")]
    if not text.startswith("."):
        causes.append(invalid(f"{path}.JSONPath", text, "must be a simple json path starting with ."))
    return causes


def _check_selectable(at: str, version: JsonObject, schema: JsonObject) -> list[Cause]:
    listed = version.get("selectableFields") or []
    causes: list[Cause] = []
    if len(listed) > _MOST_SELECTABLE:
        text = f"Too many: {len(listed)}: must have at most {_MOST_SELECTABLE} items"
        causes.append(Cause(f"{at}.selectableFields", text, "FieldValueTooMany"))
    seen: set[str] = set()
    for below, item in members(version, "selectableFields"):
        path, text = f"{at}.{below}.jsonPath", item.get("jsonPath") or ""
        if not text:
            causes.append(required(path))
        elif problem := _selection_problem(text, schema):
            causes.append(invalid(path, text, problem))
        elif text in seen:
            causes.append(duplicate(path, text))
        seen.add(text)
    return causes


def _selection_problem(text: str, schema: JsonObject) -> str:
    if not text.startswith((".", "[")):
        return f"is an invalid path: expected [ or . but got: {text.partition('.')[0]}"
    node: JsonValue = schema
    for segment in _segments(text):
        if segment is None:
            return "is an invalid path: does not refer to a valid field"
        node = (node.get("properties") or {}).get(segment) if isinstance(node, dict) else None
        if node is None:
            return "is an invalid path: does not refer to a valid field"
    if not isinstance(node, dict) or node.get("type") not in _SELECTABLE:
        text = "must point to a field of type string, boolean or integer."
        return f"{text} Enum string fields and strings with formats are allowed."
    return ""


def _segments(text: str) -> Iterator[str | None]:
    """None when it is not a path."""
    at = 0
    while at < len(text):
        found = _SEGMENT.match(text, at)
        if found is None:
            yield None
            return
        yield found[1] or found[2]
        at = found.end()
