"""Which facts of Freight others read: what there is of an origin, and where it is, was verified or was approved.

Many Stages share a piece of Freight, and each writes its own part of the piece's status. By these facts a Stage is
woken by what concerns it, and not by each of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from argosy.machinery.controller import Index, Snapshot
from argosy.machinery.objects import JsonObject
from argosy.promotion.kinds import FREIGHT

PLACES: Final = ("currentlyIn", "verifiedIn", "approvedFor")
"""Fields of the status, each by Stage."""


def _entries(freight: JsonObject) -> Iterator[str]:
    namespace, status = freight["metadata"].get("namespace"), freight.get("status") or {}
    yield _named(namespace, freight["metadata"]["name"])
    yield f"{namespace}/origin/{(freight.get('origin') or {}).get('name')}"
    for place in PLACES:
        yield from (_placed(namespace, place, stage) for stage in status.get(place) or ())


def _named(namespace: Any, name: str) -> str:
    return f"{namespace}/name/{name}"


def _placed(namespace: Any, place: str, stage: str) -> str:
    return f"{namespace}/{place}/{stage}"


ENTRIES: Final[Index[Any]] = Index("freight-entries", FREIGHT, _entries, edges=True)


def freight_for(snapshot: Snapshot, stage: JsonObject) -> tuple[JsonObject, ...]:
    """All that concerns a Stage: of the origins that it requests, and whatever is or was in it. In order of names."""
    namespace, name = stage["metadata"]["namespace"], stage["metadata"]["name"]
    values = [_placed(namespace, place, name) for place in PLACES]
    values += [f"{namespace}/origin/{request['origin']['name']}" for request in _requests(stage)]
    found = {one["metadata"]["name"]: one for value in values for one in snapshot.indexed_objects(ENTRIES, value)}
    note_upstream(snapshot, stage)
    return tuple(found[name] for name in sorted(found))


def note_upstream(snapshot: Snapshot, stage: JsonObject) -> None:
    """What may become available, or be chosen, by what happens in the Stages before it, or by an approval."""
    namespace = stage["metadata"]["namespace"]
    snapshot.indexed_objects(ENTRIES, _placed(namespace, "approvedFor", stage["metadata"]["name"]))
    for request in _requests(stage):
        for before in (request.get("sources") or {}).get("stages") or ():
            for place in ("currentlyIn", "verifiedIn"):
                snapshot.indexed_objects(ENTRIES, _placed(namespace, place, before))


def piece_named(snapshot: Snapshot, namespace: str, name: str) -> JsonObject | None:
    """For who needs to know that it is there, and what of it never changes."""
    return next(iter(snapshot.indexed_objects(ENTRIES, _named(namespace, name))), None)


def _requests(stage: JsonObject) -> Iterable[Mapping[str, Any]]:
    return stage["spec"].get("requestedFreight") or ()
