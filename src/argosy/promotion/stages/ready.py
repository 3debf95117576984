"""The Ready condition of a Stage: the first obstacle gives its reason (spec/kargo.md 5.2)."""

from __future__ import annotations

from argosy.apis.kargo.stage import StageStatus
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.promotion.conditions import Conditions


def summarise(wanted: JsonObject, conditions: Conditions, generation: int) -> None:
    promoting = conditions.get("Promoting")
    last = read(StageStatus, wanted).last_result
    healthy, verified = conditions.get("Healthy"), conditions.get("Verified")
    if promoting is not None:
        conditions.set("Ready", "False", promoting["reason"], promoting["message"])
    elif last.raw and last.phase != "Succeeded":
        conditions.set("Ready", "False", f"LastPromotion{last.phase}", last.message)
    elif healthy is None or healthy["status"] != "True":
        reason, message = (healthy["reason"], healthy["message"]) if healthy else ("Unhealthy", "Stage is not healthy")
        conditions.set("Ready", "False", reason, message)
    elif verified is None or verified["status"] != "True":
        waits = ("PendingVerification", "Freight is pending verification")
        reason, message = (verified["reason"], verified["message"]) if verified else waits
        conditions.set("Ready", "False", reason, message)
    else:
        conditions.set("Ready", "True", verified["reason"], verified["message"])
        conditions.remove("Reconciling")
        wanted["observedGeneration"] = generation
