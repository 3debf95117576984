"""Ends PromotionRequests: they belong to the paid edition, and say so (spec/kargo.md 1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from argosy.machinery import timestamps
from argosy.machinery.controller import NOTHING, Controller, Decision, Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.conditions import Conditions
from argosy.promotion.kinds import PROMOTION_REQUESTS
from argosy.promotion.status_patch import status

MESSAGE = "PromotionRequests are a Kargo Enterprise-only feature"


@dataclass(frozen=True, slots=True)
class Seen:
    request: JsonObject


def requests() -> Controller[Seen]:
    return Controller(
        name="promotion-request-controller", kind=PROMOTION_REQUESTS, look=look, decide=decide, manager="kargo"
    )


def look(snapshot: Snapshot, key: Key) -> Seen | None:
    found = snapshot.object(PROMOTION_REQUESTS, key)
    return Seen(found) if found is not None else None


def decide(seen: Seen, now: datetime) -> Decision:
    present = seen.request.get("status") or {}
    if present.get("phase") == "Errored":
        return NOTHING
    conditions = Conditions(present.get("conditions") or (), int(seen.request["metadata"].get("generation") or 0), now)
    conditions.set("Ready", "False", "EnterpriseOnlyFeature", MESSAGE)
    wanted = {**present, "phase": "Errored", "message": MESSAGE, "finishedAt": timestamps.seconds(now)}
    return Decision(status(PROMOTION_REQUESTS, seen.request, {**wanted, "conditions": conditions.ordered()}))
