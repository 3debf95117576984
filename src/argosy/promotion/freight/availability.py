"""Whether a piece of Freight is available to a Stage, and if not, why not and until when.

Admission, the start of a Promotion and auto-promotion share this one rule (upstream's list for auto-promotion
differs; spec/kargo.md 5.1 calls that a bug).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from argosy.apis.kargo import Freight, Stage
from argosy.apis.kargo.stage import FreightSources
from argosy.machinery import duration, timestamps


@dataclass(frozen=True, slots=True)
class Availability:
    available: bool
    waits_for: str = ""
    """The missing condition, as a message."""
    ripe_at: datetime | None = None
    """When it becomes available by itself: the end of a soak time."""

    def __bool__(self) -> bool:
        return self.available


AVAILABLE = Availability(True)


def availability(stage: Stage, freight: Freight, now: datetime) -> Availability:
    if freight.metadata.namespace != stage.metadata.namespace:
        return Availability(False, "it belongs to another project")
    request = stage.request_of(freight.origin)
    if request is None:
        return Availability(False, f"the Stage requests no Freight of {freight.origin}")
    if freight.status.is_approved_for(stage.metadata.name):
        return AVAILABLE
    return available_from(request.sources, freight, now)


def available_from(sources: FreightSources, freight: Freight, now: datetime) -> Availability:
    """By one request's sources only, ignoring approvals."""
    if sources.direct:
        return AVAILABLE
    found = [_in_stage(freight, name, sources.required_soak_time, now) for name in sources.stages]
    if not found:
        return Availability(False, "the Stage names no source for it")
    missing = [one for one in found if not one]
    if not missing or (sources.availability_strategy != "All" and len(missing) < len(found)):
        return AVAILABLE
    times = [one.ripe_at for one in missing]
    wait = "; ".join(one.waits_for for one in missing)
    if sources.availability_strategy == "All":
        return Availability(False, wait, None if None in times else max(t for t in times if t))
    return Availability(False, wait, min((t for t in times if t), default=None))


def _in_stage(freight: Freight, stage: str, required: str, now: datetime) -> Availability:
    if freight.status.verified_by(stage) is None:
        return Availability(False, f"verification in Stage {stage}")
    soak, wanted = soaked(freight, stage, now), duration.parse(required) if required else timedelta()
    if soak >= wanted:
        return AVAILABLE
    left = duration.spelled(wanted - soak)
    if (stay := freight.status.stay_in(stage)) is None:
        return Availability(False, f"{left} more of soak time in Stage {stage}, where it is not at present")
    return Availability(False, f"{left} more of soak time in Stage {stage}", timestamps.parse(stay.since) + wanted)


def soaked(freight: Freight, stage: str, now: datetime) -> timedelta:
    """Zero unless it is verified there; else the longest stay, including the current one."""
    if (verified := freight.status.verified_by(stage)) is None:
        return timedelta()
    longest = duration.parse(verified.longest_soak) if verified.longest_soak else timedelta()
    stay = freight.status.stay_in(stage)
    return max(longest, now - timestamps.parse(stay.since)) if stay and stay.since else longest


def available(stage: Stage, freight: Iterable[Freight], now: datetime) -> Iterator[Freight]:
    return (one for one in freight if availability(stage, one, now))


def discovered_at(freight: Freight) -> datetime:
    """The effective discovery time: the creation time if none is set."""
    return timestamps.parse(freight.discovered_at or freight.metadata.creation_timestamp)
