"""Facts of Freight that Stages depend on: existence by origin, and where it is, was verified or was approved.

Many Stages share a piece of Freight, and each writes its own part of its status. With these facts a Stage is only
woken by relevant changes, not by those of every other Stage.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from argosy.apis.kargo import Freight, Stage
from argosy.apis.schema import read
from argosy.machinery.controller import Index, Snapshot
from argosy.machinery.objects import JsonObject

PLACES: Final = ("currentlyIn", "verifiedIn", "approvedFor")
"""Fields of the status that map Stages to values."""


def _entries(freight: JsonObject) -> Iterator[str]:
    piece = read(Freight, freight)
    namespace = piece.metadata.namespace
    yield _named(namespace, piece.metadata.name)
    yield f"{namespace}/origin/{piece.origin.name}"
    for place in PLACES:
        yield from (_placed(namespace, place, stage) for stage in piece.status.raw.get(place) or ())


def _named(namespace: str, name: str) -> str:
    return f"{namespace}/name/{name}"


def _placed(namespace: str, place: str, stage: str) -> str:
    return f"{namespace}/{place}/{stage}"


ENTRIES: Final = Index("freight-entries", Freight, _entries, edges=True)


def freight_for(snapshot: Snapshot, stage: Stage) -> tuple[Freight, ...]:
    """All Freight that concerns a Stage: of the origins that it requests, and what is or was in it. Sorted by name."""
    namespace, name = stage.metadata.namespace, stage.metadata.name
    values = [_placed(namespace, place, name) for place in PLACES]
    values += [f"{namespace}/origin/{request.origin.name}" for request in stage.spec.requested_freight]
    found = {one.metadata.name: one for value in values for one in snapshot.indexed(ENTRIES, value)}
    note_upstream(snapshot, stage)
    return tuple(found[name] for name in sorted(found))


def note_upstream(snapshot: Snapshot, stage: Stage) -> None:
    """What may make Freight available or chosen: changes in upstream Stages, or an approval."""
    namespace = stage.metadata.namespace
    snapshot.indexed(ENTRIES, _placed(namespace, "approvedFor", stage.metadata.name))
    for request in stage.spec.requested_freight:
        for before in request.sources.stages:
            for place in ("currentlyIn", "verifiedIn"):
                snapshot.indexed(ENTRIES, _placed(namespace, place, before))


def piece_named(snapshot: Snapshot, namespace: str, name: str) -> Freight | None:
    """For callers that need only its existence and its immutable fields."""
    return next(iter(snapshot.indexed(ENTRIES, _named(namespace, name))), None)
