"""Fails PromotionRequests: they belong to the paid edition, and their status says so (spec/kargo.md 1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from argosy.apis.kargo import PromotionRequest
from argosy.machinery import timestamps
from argosy.machinery.controller import NOTHING, Controller, Decision, Snapshot
from argosy.machinery.objects import Key
from argosy.promotion.conditions import Conditions
from argosy.promotion.kinds import PROMOTION_REQUESTS
from argosy.promotion.status_patch import status

MESSAGE = "PromotionRequests are a Kargo Enterprise-only feature"


@dataclass(frozen=True, slots=True)
class Seen:
    request: PromotionRequest


def requests() -> Controller[Seen]:
    return Controller(
        name="promotion-request-controller", kind=PROMOTION_REQUESTS, look=look, decide=decide, manager="kargo"
    )


def look(snapshot: Snapshot, key: Key) -> Seen | None:
    found = snapshot.get(PromotionRequest, key)
    return Seen(found) if found is not None else None


def decide(seen: Seen, now: datetime) -> Decision:
    present = seen.request.status
    if present.phase == "Errored":
        return NOTHING
    conditions = Conditions(present.conditions, seen.request.metadata.generation, now)
    conditions.set("Ready", "False", "EnterpriseOnlyFeature", MESSAGE)
    wanted = {**present.raw, "phase": "Errored", "message": MESSAGE, "finishedAt": timestamps.seconds(now)}
    return Decision(status(PROMOTION_REQUESTS, seen.request.raw, {**wanted, "conditions": conditions.ordered()}))
