"""Takes finished Promotions in, oldest first, and gives the next one its turn.

Source: spec/kargo.md 5.2. What a Promotion came to is kept in the Stage's status, so it is taken in once. One that was
aborted before it began leaves no trace here: what the Stage holds goes on being verified (kargo#6810).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from argosy.machinery.objects import JsonObject
from argosy.promotion.conditions import Conditions
from argosy.promotion.freight.references import freight_names, recorded, summary
from argosy.promotion.names import ARGOCD_CONTEXT
from argosy.promotion.stages import holds as holding
from argosy.promotion.stages import verification
from argosy.promotion.stages.order import is_terminal, ordered, phase_of
from argosy.promotion.stages.seen import Seen
from argosy.promotion.stages.work import Work

WAITS_FOR_HEALTH: Final = "Waiting for health check to be performed after successful promotion"
HANDS_OVER: Final = ("argocd-update", "argocd-wait")
WAITS_FOR_VERIFICATION: Final = "Waiting for verification to be performed after successful promotion"


def sync_promotions(seen: Seen, work: Work, now: datetime) -> Work:
    status_, conditions = work.status, work.conditions
    metadata: JsonObject = {}
    for promotion in sorted(_finished(seen, status_), key=_moment):
        metadata = {**metadata, **_processed(status_, conditions, promotion)}
    current = _next(seen, status_)
    if current is None:
        status_.pop("currentPromotion", None)
        conditions.remove("Promoting")
    else:
        name, phase = current["metadata"]["name"], phase_of(current) or "Pending"
        if (status_.get("currentPromotion") or {}).get("name") != name:
            status_["currentPromotion"] = _current(current)
        conditions.set("Promoting", "True", "ActivePromotion", f'Promotion "{name}" is currently {phase}')
    history = status_.get("freightHistory") or []
    status_["freightSummary"] = summary(seen.requests, history[0] if history else {})
    return replace(work, metadata=metadata)


def _finished(seen: Seen, status_: Mapping[str, Any]) -> list[JsonObject]:
    """Those that are not taken in yet. The one whose turn it was is one of them, whatever its name or time."""
    last, current = status_.get("lastPromotion") or {}, (status_.get("currentPromotion") or {}).get("name")
    is_alone = not last and all(map(is_terminal, seen.promotions))
    taken_in = (str(last.get("finishedAt") or ""), str(last.get("name") or ""))
    return [
        one
        for one in seen.promotions
        if is_terminal(one)
        and (phase_of(one) != "Aborted" or one["status"].get("startedAt") or is_alone)
        and one["metadata"]["name"] != last.get("name")
        and (one["metadata"]["name"] == current or _moment(one) > taken_in)
    ]


def _moment(promotion: JsonObject) -> tuple[str, str]:
    return str(promotion["status"].get("finishedAt") or ""), str(promotion["metadata"]["name"])


def _processed(status_: JsonObject, conditions: Conditions, promotion: JsonObject) -> JsonObject:
    """Takes a finished Promotion in; returns annotations of the Stage."""
    result = dict(promotion.get("status") or {})
    held = holding.applied(status_.get("autoPromotionHolds") or {}, promotion)
    status_["autoPromotionHolds"] = held or None
    last = {"name": promotion["metadata"]["name"], "status": result, "finishedAt": result.get("finishedAt")}
    if result.get("freight"):
        last["freight"] = result["freight"]
    status_["lastPromotion"] = last
    collection = result.get("freightCollection")
    if result.get("phase") != "Succeeded" or not collection:
        return {}
    status_["freightHistory"] = recorded(status_.get("freightHistory") or [], collection)
    status_["health"] = None
    conditions.set("Healthy", "Unknown", "WaitingForHealthCheck", WAITS_FOR_HEALTH)
    conditions.set("Verified", "Unknown", "WaitingForVerification", WAITS_FOR_VERIFICATION)
    return _context(promotion)


def _context(promotion: JsonObject) -> JsonObject:
    """The Applications that it updated or waited for, in order, for the page that shows the Stage."""
    result = promotion.get("status") or {}
    outputs = result.get("state") or {}
    told = [outputs.get(step.get("as")) for step in promotion["spec"]["steps"] if step.get("uses") in HANDS_OVER]
    checked = [check.get("config") for check in result.get("healthChecks") or ()]
    found = [
        (str(app["name"]), str(app.get("namespace") or ""))
        for one in (*told, *checked)
        if isinstance(one, dict) and isinstance(one.get("apps"), list)
        for app in one["apps"]
        if isinstance(app, dict) and app.get("name")
    ]
    applications = [{"name": name, "namespace": namespace} for name, namespace in dict.fromkeys(found)]
    return {ARGOCD_CONTEXT: json.dumps(applications, separators=(",", ":")) if applications else None}


def _current(promotion: JsonObject) -> JsonObject:
    freight = (promotion.get("status") or {}).get("freight")
    return {"name": promotion["metadata"]["name"], **({"freight": freight} if freight else {})}


def _next(seen: Seen, status_: Mapping[str, Any]) -> JsonObject | None:
    """The Promotion whose turn it is: the running one, or the oldest that waits unless a verification still matters."""
    waiting = [one for one in ordered(seen.promotions) if not is_terminal(one)]
    if not waiting:
        return None
    first = waiting[0]
    name = (status_.get("currentPromotion") or {}).get("name")
    if phase_of(first) == "Running" or name == first["metadata"]["name"]:
        return first
    return first if not _verification_matters(seen, status_) else None


def _verification_matters(seen: Seen, status_: Mapping[str, Any]) -> bool:
    history = status_.get("freightHistory") or ()
    if not history or (status_.get("lastPromotion") or {}).get("status", {}).get("phase") != "Succeeded":
        return False
    current = verification.current_of(history[0])
    if current is not None:
        return not verification.is_terminal(current) or _is_to_be_marked(seen, status_, history[0], current)
    # Health that is not known yet, or progresses, still leads to a verification; a bad one does not (kargo#7032).
    return (status_.get("health") or {}).get("status") != "Unhealthy"


def _is_to_be_marked(
    seen: Seen, status_: Mapping[str, Any], collection: Mapping[str, Any], current: Mapping[str, Any]
) -> bool:
    """It has passed, and the Freight does not say so yet: that comes first, or it would be forgotten."""
    if current.get("phase") != "Successful" or (status_.get("health") or {}).get("status") != "Healthy":
        return False
    pieces = [seen.piece(name) for name in freight_names(collection)]
    return any(piece is not None and not seen.has_verified(piece) for piece in pieces)
