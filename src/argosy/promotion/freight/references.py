"""FreightReference and FreightCollection: how Promotions and Stages record the Freight that they hold.

Source: spec/kargo.md 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from argosy.apis.kargo import Freight
from argosy.apis.kargo.artifacts import FreightCollection, FreightReference
from argosy.apis.kargo.stage import FreightRequest
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.promotion.freight.identity import collection_id

ARTEFACTS = ("commits", "images", "charts", "artifacts")
HISTORY_LIMIT = 10


def reference(freight: Freight) -> FreightReference:
    """Freight without its status, but with its name."""
    kept = {name: freight.raw[name] for name in ARTEFACTS if freight.raw.get(name)}
    return read(FreightReference, {"name": freight.metadata.name, "origin": freight.origin.raw, **kept})


def collection(references: Iterable[FreightReference]) -> FreightCollection:
    """One reference per origin: a later one of the same origin replaces the earlier."""
    items = {str(one.origin): one for one in references}
    found: JsonObject = {"id": collection_id(one.name for one in items.values())}
    if items:
        found["items"] = {origin: one.raw for origin, one in items.items()}
    return read(FreightCollection, found)


def recorded(history: Sequence[FreightCollection], newest: FreightCollection) -> list[JsonObject]:
    """The history with a collection in front and its verifications reset, even if it was in the history before."""
    return [one.raw for one in (newest, *history)][:HISTORY_LIMIT]


def summary(requests: Iterable[FreightRequest], current: FreightCollection | None) -> str:
    """`status.freightSummary` of a Stage."""
    wanted = [str(one.origin) for one in requests]
    names = current.names if current else []
    if len(wanted) == 1 and len(names) == 1:
        return names[0]
    return f"{len(names)}/{len(wanted)} Fulfilled"
