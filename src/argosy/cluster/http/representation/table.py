"""Responses as a Table: one row per object, cells by the kind's printer (spec section 16).

All columns are always sent; clients hide those of a priority above zero. Ages are relative to the request's time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, cast

from argosy.cluster.http.representation.encode import META, partial
from argosy.cluster.kind import Kind
from argosy.cluster.kinds.cells.plain import age
from argosy.machinery.api import Column
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError

IncludeObject = Literal["Metadata", "Object", "None"]


def include_object(text: str) -> IncludeObject:
    if text in ("", "Metadata", "Object", "None"):
        return cast(IncludeObject, text or "Metadata")
    message = f"includeObject: Invalid value: \"{text}\": must be 'Metadata', 'Object', 'None', or empty"
    raise StatusError(400, "BadRequest", f"Unable to convert to Table as requested: {message}")


def table(kind: Kind, body: JsonObject, now: datetime, include: IncludeObject, version: str = "v1") -> JsonObject:
    """The Table of an object or of a list of `kind`."""
    is_list = "items" in body and body.get("kind") == kind.list_kind
    objects = body["items"] if is_list else [body]
    metadata = body.get("metadata") or {}
    kept = ("resourceVersion", "continue", "remainingItemCount")
    return {
        "kind": "Table",
        "apiVersion": f"{META}/{version}",
        "metadata": {key: metadata[key] for key in kept if metadata.get(key)},
        "columnDefinitions": column_definitions(kind),
        "rows": rows(kind, objects, now, include, version),
    }


_SCALE_COLUMNS = (
    Column("Name", "string", ""),
    Column("Desired", "integer"),
    Column("Available", "integer"),
    Column("Age", "string"),
)
_CUSTOM_SCALE_COLUMNS = (
    Column("Name", "string", "name"),
    Column("Desired", "integer"),
    Column("Available", "integer"),
    Column("Age", "date"),
)


def scale_table(
    kind: Kind, scale: JsonObject, now: datetime, include: IncludeObject, version: str = "v1"
) -> JsonObject:
    """The Table of one Scale: desired and current replicas of an object of `kind`."""
    metadata = scale["metadata"]
    wanted, present = (scale.get(name) or {} for name in ("spec", "status"))
    cells = [metadata.get("name", ""), wanted.get("replicas") or 0, present.get("replicas") or 0, age(scale, now)]
    return {
        "kind": "Table",
        "apiVersion": f"{META}/{version}",
        "metadata": {"resourceVersion": metadata["resourceVersion"]} if metadata.get("resourceVersion") else {},
        "columnDefinitions": _definitions(_CUSTOM_SCALE_COLUMNS if kind.custom else _SCALE_COLUMNS),
        "rows": [{"cells": cells, "object": _row_object(scale, "autoscaling/v1", "Scale", include, version)}],
    }


def event_table(kind: Kind, obj: JsonObject, now: datetime, include: IncludeObject, *, first: bool) -> JsonObject:
    """A watch event's object: one row. Only the first event of a stream has the columns; later they are null."""
    found = table(kind, obj, now, include)
    if not first:
        found["columnDefinitions"] = None
    return found


def bookmark_table(kind: Kind, obj: JsonObject, *, first: bool) -> JsonObject:
    """A bookmark in a Table stream: no cells, the object's metadata in the only row."""
    found: JsonObject = {"kind": "Table", "apiVersion": f"{META}/v1", "metadata": obj.get("metadata") or {}}
    found["columnDefinitions"] = column_definitions(kind) if first else None
    found["rows"] = [{"cells": [None for _ in kind.columns], "object": partial(obj)}]
    return found


def column_definitions(kind: Kind) -> list[JsonObject]:
    return _definitions(kind.columns)


def _definitions(columns: Sequence[Column]) -> list[JsonObject]:
    return [
        {
            "name": column.name,
            "type": column.type,
            "format": column.format,
            "description": column.description,
            "priority": column.priority,
        }
        for column in columns
    ]


def rows(
    kind: Kind, objects: Sequence[JsonObject], now: datetime, include: IncludeObject, version: str
) -> list[JsonObject]:
    found: list[JsonObject] = []
    for obj in objects:
        row: JsonObject = {"cells": kind.strategy.cells(obj, now)}
        if conditions := kind.strategy.row_conditions(obj):
            row["conditions"] = conditions
        row["object"] = _row_object(obj, kind.resource.api_version, kind.resource.kind, include, version)
        found.append(row)
    return found


def _row_object(
    obj: JsonObject, api_version: str, kind: str, include: IncludeObject, version: str
) -> JsonObject | None:
    if include == "Metadata":
        return partial(obj, version)
    return {"kind": kind, "apiVersion": api_version, **obj} if include == "Object" else None
