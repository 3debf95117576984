"""A Stage without steps: every available piece of Freight is verified at once, and becomes available downstream."""

from __future__ import annotations

from datetime import datetime

from argosy.apis.kargo.artifacts import Verification
from argosy.machinery import timestamps
from argosy.machinery.controller import Decision, Event
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write
from argosy.promotion.freight.availability import availability
from argosy.promotion.kinds import STAGES
from argosy.promotion.names import REFRESH
from argosy.promotion.stages.seen import Seen
from argosy.promotion.stages.verified import verification_event
from argosy.promotion.stages.work import fresh, of_freight
from argosy.promotion.status_patch import status


def passed_on(seen: Seen, now: datetime) -> Decision:
    steps: list[Write | Event] = []
    ripe: list[datetime] = []
    for piece in seen.freight:
        found = availability(seen.stage, piece, now)
        if found.ripe_at:
            ripe.append(found.ripe_at)
        if found and not seen.has_verified(piece):
            moment = timestamps.seconds(now)
            event = Verification(phase="Successful", start_time=moment, finish_time=moment)
            verified = {"verifiedIn": {seen.key.name: {"verifiedAt": moment}}}
            steps += [of_freight(piece, verified), verification_event(seen, piece, event)]
    work = fresh(seen, now)
    work.conditions.remove("Promoting", "Healthy", "Verified", "Reconciling")
    work.conditions.set("Ready", "True", "Ready")
    wanted: JsonObject = {
        "freightSummary": "N/A",
        "observedGeneration": seen.stage.metadata.generation,
        "conditions": [
            {k: v for k, v in one.items() if k != "observedGeneration"} for one in work.conditions.ordered()
        ],
    }
    if token := seen.annotation(REFRESH):
        wanted["lastHandledRefresh"] = token
    if seen.status.metadata:
        wanted["metadata"] = seen.status.metadata
    future = [moment for moment in ripe if moment > now]
    return Decision((*steps, *status(STAGES, seen.stage.raw, wanted)), wake_at=min(future, default=None))
