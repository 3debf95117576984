"""Has what the Stage holds verified, tells how that stands, and marks the Freight that has passed.

`verification` decides what becomes of the newest entry of the history. A verification begins only on a healthy Stage;
one that is under way is followed to its end, whatever the health.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from argosy.machinery import timestamps
from argosy.machinery.controller import Event
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write
from argosy.promotion.conditions import Conditions
from argosy.promotion.events import freight_event
from argosy.promotion.freight.references import freight_names
from argosy.promotion.names import PROMOTION
from argosy.promotion.stages import verification
from argosy.promotion.stages.seen import Seen
from argosy.promotion.stages.work import ACTOR, Work, of_freight

EVENTS: Final = {
    "Successful": "FreightVerificationSucceeded",
    "Failed": "FreightVerificationFailed",
    "Error": "FreightVerificationErrored",
    "Aborted": "FreightVerificationAborted",
    "Inconclusive": "FreightVerificationInconclusive",
}


def verify(seen: Seen, work: Work, now: datetime) -> Work:
    status_, conditions = work.status, work.conditions
    history = list(status_.get("freightHistory") or ())
    if not history:
        conditions.set("Verified", "Unknown", "NoFreight", "Stage has no current Freight to verify")
        return work
    if status_.get("currentPromotion"):
        return work
    collection = history[0]
    current = verification.current_of(collection)
    is_under_way = current is not None and not verification.is_terminal(current)
    if not is_under_way and (status_.get("health") or {}).get("status") != "Healthy":
        return work
    changed, writes = verification.next_verification(seen, collection, now)
    events: tuple[Event, ...] = ()
    if changed is not None:
        collection = _with_verification(collection, changed)
        status_["freightHistory"] = [collection, *history[1:]]
        events = _verification_events(seen, collection, changed)
    _tell_verified(conditions, collection)
    known_at = verification.run_known_at(seen, current) if is_under_way and current else None
    wake_at = known_at if known_at and known_at > now else None
    return replace(work, before=writes, after=events, wake_at=wake_at)


def _with_verification(collection: JsonObject, changed: JsonObject) -> JsonObject:
    past = list(collection.get("verificationHistory") or ())
    same = bool(past) and past[0].get("id") == changed["id"]
    history = [changed, *(past[1:] if same else past)][: verification.HISTORY_LIMIT]
    return {**collection, "verificationHistory": history}


def _tell_verified(conditions: Conditions, collection: JsonObject) -> None:
    if verification.has_succeeded(collection):
        conditions.set("Verified", "True", "Verified", "Freight has been verified")
        return
    current = verification.current_of(collection)
    if current is None:
        return
    fallback = ("Unknown", "UnknownVerificationPhase", f"Unknown verification phase {current.get('phase')}")
    told, reason, message = verification.CONDITIONS.get(str(current.get("phase")), fallback)
    conditions.set("Verified", told, reason, current.get("message") or message)


def _verification_events(seen: Seen, collection: JsonObject, changed: JsonObject) -> tuple[Event, ...]:
    """A first success is told when the Freight is marked, all else at once."""
    phase = str(changed.get("phase"))
    if phase not in EVENTS:
        return ()
    pieces = [piece for name in freight_names(collection) if (piece := seen.piece(name)) is not None]
    if phase == "Successful":
        pieces = [piece for piece in pieces if seen.has_verified(piece)]
    return tuple(verification_event(seen, piece, changed) for piece in pieces)


def verification_event(seen: Seen, piece: JsonObject, found: Mapping[str, Any]) -> Event:
    phase = str(found.get("phase"))
    told = {"Successful": "succeeded", "Error": "errored"}.get(phase, phase.lower())
    more = {"stage_name": seen.key.name, "verification_start_time": str(found.get("startTime") or "")}
    if found.get("finishTime"):
        more["verification_finish_time"] = str(found["finishTime"])
    if name := (found.get("analysisRun") or {}).get("name"):
        more["analysis_run_name"] = str(name)
        run = next((one for one in seen.runs if one["metadata"]["name"] == name), None)
        if run is not None and (promotion := (run["metadata"].get("annotations") or {}).get(PROMOTION)):
            more["promotion_name"] = str(promotion)
    message = str(found.get("message") or f"Freight verification {told}")
    return freight_event(piece, EVENTS[phase], message, str(found.get("actor") or ACTOR), **more)


def mark_verified(seen: Seen, work: Work, now: datetime) -> Work:
    history = seen.status.get("freightHistory") or ()
    if not history or (seen.status.get("health") or {}).get("status") != "Healthy":
        return work
    current = verification.current_of(history[0]) or {}
    if current.get("phase") != "Successful":
        return work
    steps: list[Write | Event] = []
    for name in freight_names(history[0]):
        piece = seen.piece(name)
        if piece is None or seen.has_verified(piece):
            continue
        verified = {seen.key.name: {"verifiedAt": current.get("finishTime") or timestamps.seconds(now)}}
        steps += [of_freight(piece, {"verifiedIn": verified}), verification_event(seen, piece, current)]
    return replace(work, before=tuple(steps))
