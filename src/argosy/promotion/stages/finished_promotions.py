"""Records finished Promotions, oldest first, and gives the next one its turn.

Source: spec/kargo.md 5.2. A Promotion's result is stored in the Stage's status, so it is recorded once. One that was
aborted before it started leaves no trace here: the verification of what the Stage holds continues (kargo#6810).
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Final

from argosy.apis.kargo import Promotion
from argosy.apis.kargo.artifacts import FreightCollection, Verification
from argosy.apis.kargo.stage import StageStatus
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.promotion.conditions import Conditions
from argosy.promotion.freight.references import recorded, summary
from argosy.promotion.names import ARGOCD_CONTEXT
from argosy.promotion.stages import holds as holding
from argosy.promotion.stages import verification
from argosy.promotion.stages.order import is_terminal, ordered
from argosy.promotion.stages.seen import Seen
from argosy.promotion.stages.work import Work

WAITS_FOR_HEALTH: Final = "Waiting for health check to be performed after successful promotion"
HANDS_OVER: Final = ("argocd-update", "argocd-wait")
WAITS_FOR_VERIFICATION: Final = "Waiting for verification to be performed after successful promotion"


def sync_promotions(seen: Seen, work: Work, now: datetime) -> Work:
    status_, conditions = work.status, work.conditions
    metadata: JsonObject = {}
    for promotion in sorted(_finished(seen), key=_moment):
        metadata = {**metadata, **_processed(status_, conditions, promotion)}
    taken_in = read(StageStatus, status_)
    current = _next(seen, taken_in)
    if current is None:
        status_.pop("currentPromotion", None)
        conditions.remove("Promoting")
    else:
        name, phase = current.metadata.name, current.status.phase or "Pending"
        if _current_name(taken_in) != name:
            status_["currentPromotion"] = _current(current)
        conditions.set("Promoting", "True", "ActivePromotion", f'Promotion "{name}" is currently {phase}')
    status_["freightSummary"] = summary(seen.requests, taken_in.held)
    return replace(work, metadata=metadata)


def _current_name(status: StageStatus) -> str:
    return status.current_promotion.name if status.current_promotion else ""


def _finished(seen: Seen) -> list[Promotion]:
    """Those that are not recorded yet. The current one is always included, whatever its name or time."""
    last, current = seen.status.last_promotion, _current_name(seen.status)
    is_alone = not last and all(map(is_terminal, seen.promotions))
    taken_in = (last.finished_at, last.name) if last else ("", "")
    return [
        one
        for one in seen.promotions
        if is_terminal(one)
        and (one.status.phase != "Aborted" or one.status.started_at or is_alone)
        and one.metadata.name != seen.status.last_name
        and (one.metadata.name == current or _moment(one) > taken_in)
    ]


def _moment(promotion: Promotion) -> tuple[str, str]:
    return promotion.status.finished_at, promotion.metadata.name


def _processed(status_: JsonObject, conditions: Conditions, promotion: Promotion) -> JsonObject:
    """Records a finished Promotion; returns annotations of the Stage."""
    before, result = read(StageStatus, {**status_}), promotion.status
    status_["autoPromotionHolds"] = holding.as_json(holding.applied(before.auto_promotion_holds, promotion))
    last = {"name": promotion.metadata.name, "status": dict(result.raw), "finishedAt": result.finished_at or None}
    if result.freight:
        last["freight"] = result.freight.raw
    status_["lastPromotion"] = last
    if result.phase != "Succeeded" or not result.freight_collection:
        return {}
    status_["freightHistory"] = recorded(before.freight_history, result.freight_collection)
    status_["health"] = None
    conditions.set("Healthy", "Unknown", "WaitingForHealthCheck", WAITS_FOR_HEALTH)
    conditions.set("Verified", "Unknown", "WaitingForVerification", WAITS_FOR_VERIFICATION)
    return _context(promotion)


def _context(promotion: Promotion) -> JsonObject:
    """The Applications that it updated or waited for, in order, for the Stage's page."""
    result = promotion.status
    outputs = [result.state.get(step.as_) for step in promotion.spec.steps if step.uses in HANDS_OVER]
    checked = [check.config for check in result.health_checks]
    found = [
        (str(app["name"]), str(app.get("namespace") or ""))
        for one in (*outputs, *checked)
        if isinstance(one, dict) and isinstance(one.get("apps"), list)
        for app in one["apps"]
        if isinstance(app, dict) and app.get("name")
    ]
    applications = [{"name": name, "namespace": namespace} for name, namespace in dict.fromkeys(found)]
    return {ARGOCD_CONTEXT: json.dumps(applications, separators=(",", ":")) if applications else None}


def _current(promotion: Promotion) -> JsonObject:
    freight = promotion.status.freight
    return {"name": promotion.metadata.name, **({"freight": freight.raw} if freight else {})}


def _next(seen: Seen, taken_in: StageStatus) -> Promotion | None:
    """The Promotion whose turn it is: the running one, or the oldest waiting one unless a verification matters."""
    waiting = [one for one in ordered(seen.promotions) if not is_terminal(one)]
    if not waiting:
        return None
    first = waiting[0]
    if first.status.phase == "Running" or first.metadata.name == _current_name(taken_in):
        return first
    return first if not _verification_matters(seen, taken_in) else None


def _verification_matters(seen: Seen, taken_in: StageStatus) -> bool:
    if taken_in.held is None or taken_in.last_result.phase != "Succeeded":
        return False
    current = taken_in.held.verification
    if current is not None:
        return not verification.is_terminal(current) or _is_to_be_marked(seen, taken_in, taken_in.held, current)
    # Unknown or progressing health can still lead to a verification; bad health cannot (kargo#7032).
    return taken_in.health_status != "Unhealthy"


def _is_to_be_marked(seen: Seen, taken_in: StageStatus, collection: FreightCollection, current: Verification) -> bool:
    """It has passed, but the Freight is not marked yet: that must be written first, or it would be lost."""
    if current.phase != "Successful" or taken_in.health_status != "Healthy":
        return False
    pieces = [seen.piece(name) for name in collection.names]
    return any(piece is not None and not seen.has_verified(piece) for piece in pieces)
