"""managedFields: who wrote what, updated with every write (spec 10.3)."""

from __future__ import annotations

from datetime import datetime

from argosy.cluster.handlers.core import Core
from argosy.cluster.handlers.writing import manager_of
from argosy.cluster.kind import Kind
from argosy.cluster.request import ApiRequest
from argosy.machinery.objects import JsonObject
from argosy.machinery.server_side_apply.ownership import track_update


def empty_of(kind: Kind) -> JsonObject:
    """The kind's empty object, in canonical form; shared, so it must not be changed."""
    if kind.blank is None:
        resource = kind.resource
        found = kind.strategy.decode({"apiVersion": resource.api_version, "kind": resource.kind, "metadata": {}}).obj
        kind.strategy.canonicalize(found)
        kind.blank = found
    return kind.blank


def track(core: Core, request: ApiRequest, old: JsonObject | None, obj: JsonObject, now: datetime) -> None:
    """In place: sets the managedFields of `obj` (canonical) after this write over `old`."""
    track_as(request.kind, old, obj, manager_of(request), request.subresource, now)


def track_as(
    kind: Kind, old: JsonObject | None, obj: JsonObject, manager: str, subresource: str, now: datetime
) -> None:
    """In place: like `track`, also for a write by the server itself."""
    fields = track_update(
        old,
        obj,
        node=kind.schema,
        manager=manager,
        subresource=subresource,
        api_version=kind.resource.api_version,
        now=now,
        reset=kind.strategy.reset_fields(subresource),
        empty=empty_of(kind),
    )
    set_entries(obj, fields)


def set_entries(obj: JsonObject, entries: list[JsonObject]) -> None:
    if entries:
        obj["metadata"]["managedFields"] = entries
    else:
        obj["metadata"].pop("managedFields", None)
