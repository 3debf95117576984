"""Whether a piece of Freight may go to a Stage, and if not, why not and until when.

One rule for admission, for the start of a Promotion and for auto-promotion (upstream's list for auto-promotion
differs; spec/kargo.md 5.1 calls that a fault).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argosy.machinery import duration, timestamps
from argosy.machinery.objects import JsonObject


@dataclass(frozen=True, slots=True)
class Availability:
    available: bool
    waits_for: str = ""
    """What is missing, for people."""
    ripe_at: datetime | None = None
    """When it becomes available if nothing else happens: the end of a soak time."""

    def __bool__(self) -> bool:
        return self.available


AVAILABLE = Availability(True)


def availability(stage: JsonObject, freight: JsonObject, now: datetime) -> Availability:
    metadata, origin = stage["metadata"], origin_text(freight.get("origin") or {})
    if (freight["metadata"].get("namespace") or "") != (metadata.get("namespace") or ""):
        return Availability(False, "it belongs to another project")
    request = request_of(stage, origin)
    if request is None:
        return Availability(False, f"the Stage requests no Freight of {origin}")
    if metadata["name"] in (_status(freight).get("approvedFor") or {}):
        return AVAILABLE
    return available_from(request.get("sources") or {}, freight, now)


def request_of(stage: JsonObject, origin: str) -> Mapping[str, Any] | None:
    requests = (stage.get("spec") or {}).get("requestedFreight") or ()
    return next((request for request in requests if origin_text(request.get("origin") or {}) == origin), None)


def available_from(sources: Mapping[str, Any], freight: JsonObject, now: datetime) -> Availability:
    """By one request's sources alone, without approvals."""
    if sources.get("direct"):
        return AVAILABLE
    upstream = sources.get("stages") or ()
    found = [_in_stage(freight, name, sources.get("requiredSoakTime") or "", now) for name in upstream]
    if not found:
        return Availability(False, "the Stage names no source for it")
    missing = [one for one in found if not one]
    if not missing or (sources.get("availabilityStrategy") != "All" and len(missing) < len(found)):
        return AVAILABLE
    times = [one.ripe_at for one in missing]
    wait = "; ".join(one.waits_for for one in missing)
    if sources.get("availabilityStrategy") == "All":
        return Availability(False, wait, None if None in times else max(t for t in times if t))
    return Availability(False, wait, min((t for t in times if t), default=None))


def _in_stage(freight: JsonObject, stage: str, required: str, now: datetime) -> Availability:
    if stage not in (_status(freight).get("verifiedIn") or {}):
        return Availability(False, f"verification in Stage {stage}")
    soak, wanted = soaked(freight, stage, now), duration.parse(required) if required else timedelta()
    if soak >= wanted:
        return AVAILABLE
    left = duration.spelled(wanted - soak)
    if stage not in (_status(freight).get("currentlyIn") or {}):
        return Availability(False, f"{left} more of soak time in Stage {stage}, where it is not at present")
    since = timestamps.parse(_status(freight)["currentlyIn"][stage]["since"])
    return Availability(False, f"{left} more of soak time in Stage {stage}", since + wanted)


def soaked(freight: JsonObject, stage: str, now: datetime) -> timedelta:
    """Nothing unless it is verified there; else the longest stay, the present one included."""
    status = _status(freight)
    verified = (status.get("verifiedIn") or {}).get(stage)
    if verified is None:
        return timedelta()
    longest = duration.parse(verified["longestSoak"]) if verified.get("longestSoak") else timedelta()
    since = ((status.get("currentlyIn") or {}).get(stage) or {}).get("since")
    return max(longest, now - timestamps.parse(since)) if since else longest


def available(stage: JsonObject, freight: Iterable[JsonObject], now: datetime) -> Iterator[JsonObject]:
    return (one for one in freight if availability(stage, one, now))


def origin_text(origin: Mapping[str, Any]) -> str:
    """`Warehouse/main`: how holds, collections and messages name an origin."""
    return f"{origin.get('kind') or ''}/{origin.get('name') or ''}"


def discovered_at(freight: JsonObject) -> datetime:
    """The effective time of discovery: creation where none is given."""
    return timestamps.parse(freight.get("discoveredAt") or freight["metadata"]["creationTimestamp"])


def _status(freight: JsonObject) -> Mapping[str, Any]:
    return freight.get("status") or {}
