"""FreightReference and FreightCollection: how Promotions and Stages remember which Freight they hold.

Source: spec/kargo.md 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.promotion.freight.availability import origin_text
from argosy.promotion.freight.identity import collection_id

ARTEFACTS = ("commits", "images", "charts", "artifacts")
HISTORY_LIMIT = 10


def reference(freight: JsonObject) -> JsonObject:
    """Freight without status, and with its name."""
    kept = {name: freight[name] for name in ARTEFACTS if freight.get(name)}
    return {"name": freight["metadata"]["name"], "origin": freight.get("origin") or {}, **kept}


def collection(references: Iterable[JsonObject]) -> JsonObject:
    """One reference an origin: a later one of the same origin takes the place of the earlier."""
    items = {origin_text(one["origin"]): one for one in references}
    found: JsonObject = {"id": collection_id(one["name"] for one in items.values())}
    return {**found, "items": items} if items else found


def freight_names(found: Mapping[str, Any]) -> list[str]:
    return sorted(item["name"] for item in (found.get("items") or {}).values())


def recorded(history: Iterable[JsonObject], newest: JsonObject) -> list[JsonObject]:
    """The history with a collection in front, and a fresh list of verifications, though it was there before."""
    return [newest, *history][:HISTORY_LIMIT]


def summary(requests: Iterable[Mapping[str, Any]], current: Mapping[str, Any]) -> str:
    """`status.freightSummary` of a Stage."""
    wanted = [origin_text(one["origin"]) for one in requests]
    items = current.get("items") or {}
    if len(wanted) == 1 and len(items) == 1:
        return str(next(iter(items.values()))["name"])
    return f"{len(items)}/{len(wanted)} Fulfilled"
