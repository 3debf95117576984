"""Has what the Stage holds verified, reports the result, and marks the Freight that has passed.

`verification` decides the state of the newest history entry. A verification only starts on a healthy Stage; a running
one is followed to its end, whatever the health.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from argosy.apis.kargo import Freight
from argosy.apis.kargo.artifacts import FreightCollection, Verification
from argosy.apis.schema import read
from argosy.machinery import timestamps
from argosy.machinery.controller import Event
from argosy.machinery.requests import Write
from argosy.promotion.conditions import Conditions
from argosy.promotion.events import freight_event
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
    collection = seen.status.held
    if collection is None:
        work.conditions.set("Verified", "Unknown", "NoFreight", "Stage has no current Freight to verify")
        return work
    if seen.status.current_promotion:
        return work
    current = collection.verification
    is_under_way = current is not None and not verification.is_terminal(current)
    if not is_under_way and seen.status.health_status != "Healthy":
        return work
    changed, writes = verification.next_verification(seen, collection, now)
    events: tuple[Event, ...] = ()
    if changed is not None:
        collection = _with_verification(collection, changed)
        work.status["freightHistory"] = [collection.raw, *(one.raw for one in seen.status.freight_history[1:])]
        events = _verification_events(seen, collection, changed)
    _report_verified(work.conditions, collection)
    known_at = verification.run_known_at(seen, current) if is_under_way and current else None
    wake_at = known_at if known_at and known_at > now else None
    return replace(work, before=writes, after=events, wake_at=wake_at)


def _with_verification(collection: FreightCollection, changed: Verification) -> FreightCollection:
    past = collection.verification_history
    same = bool(past) and past[0].id == changed.id
    history = [changed, *(past[1:] if same else past)][: verification.HISTORY_LIMIT]
    return read(FreightCollection, {**collection.raw, "verificationHistory": [one.raw for one in history]})


def _report_verified(conditions: Conditions, collection: FreightCollection) -> None:
    if verification.has_succeeded(collection):
        conditions.set("Verified", "True", "Verified", "Freight has been verified")
        return
    current = collection.verification
    if current is None:
        return
    fallback = ("Unknown", "UnknownVerificationPhase", f"Unknown verification phase {current.phase}")
    value, reason, message = verification.CONDITIONS.get(current.phase, fallback)
    conditions.set("Verified", value, reason, current.message or message)


def _verification_events(seen: Seen, collection: FreightCollection, changed: Verification) -> tuple[Event, ...]:
    """A first success is reported when the Freight is marked, all else at once."""
    if changed.phase not in EVENTS:
        return ()
    pieces = [piece for name in collection.names if (piece := seen.piece(name)) is not None]
    if changed.phase == "Successful":
        pieces = [piece for piece in pieces if seen.has_verified(piece)]
    return tuple(verification_event(seen, piece, changed) for piece in pieces)


def verification_event(seen: Seen, piece: Freight, found: Verification) -> Event:
    value = {"Successful": "succeeded", "Error": "errored"}.get(found.phase, found.phase.lower())
    more = {"stage_name": seen.key.name, "verification_start_time": found.start_time}
    if found.finish_time:
        more["verification_finish_time"] = found.finish_time
    if found.analysis_run:
        more["analysis_run_name"] = found.analysis_run.name
        run = seen.run(found.analysis_run.name)
        if run is not None and (promotion := run.metadata.annotations.get(PROMOTION)):
            more["promotion_name"] = promotion
    message = found.message or f"Freight verification {value}"
    return freight_event(piece, EVENTS[found.phase], message, found.actor or ACTOR, **more)


def mark_verified(seen: Seen, work: Work, now: datetime) -> Work:
    held = seen.status.held
    if held is None or seen.status.health_status != "Healthy":
        return work
    current = held.verification
    if current is None or current.phase != "Successful":
        return work
    steps: list[Write | Event] = []
    for name in held.names:
        piece = seen.piece(name)
        if piece is None or seen.has_verified(piece):
            continue
        verified = {seen.key.name: {"verifiedAt": current.finish_time or timestamps.seconds(now)}}
        steps += [of_freight(piece, {"verifiedIn": verified}), verification_event(seen, piece, current)]
    return replace(work, before=tuple(steps))
