"""Finishes a Promotion: the final status, its event, and requests to the Stage."""

from __future__ import annotations

import json
from datetime import datetime

from argosy.machinery import timestamps
from argosy.machinery.controller import Decision
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write, merge
from argosy.promotion.admission.stages import read_request
from argosy.promotion.events import promotion_event
from argosy.promotion.kinds import PROMOTIONS, STAGES
from argosy.promotion.names import ABORT, REVERIFY
from argosy.promotion.promotions.execution import aborted
from argosy.promotion.promotions.seen import Due, Seen
from argosy.promotion.status_patch import status


def ended(seen: Seen, wanted: JsonObject, phase: str, message: str, now: datetime) -> Decision:
    """`wanted`: the status so far."""
    wanted = {**wanted, "phase": phase, "finishedAt": timestamps.seconds(now)}
    if message:
        wanted["message"] = message
    text = f"Promotion {phase}" + (f": {message}" if message else "")
    pending = "true" if phase == "Succeeded" and _is_verified_later(seen) else "false"
    more = {"verification_pending": pending} if phase == "Succeeded" else {}
    event = promotion_event(
        seen.promotion, seen.freight, f"Promotion{phase}", text, applications=seen.applications, **more
    )
    again = _verified_again(seen) if phase == "Succeeded" else ()
    return Decision((*again, *_write(seen, wanted), event), memory=Due(-1, 0))


def ended_by_hand(seen: Seen, now: datetime) -> Decision:
    actor = read_request(seen.annotation(ABORT), "action").get("actor")
    message = f"Promotion terminated by {actor}" if actor else "Promotion terminated"
    execution = aborted(seen.execution, now)
    wanted = {**seen.status.raw, "phase": "Aborted", "message": message, "finishedAt": timestamps.seconds(now)}
    if execution.metadata:
        wanted["stepExecutionMetadata"] = list(execution.metadata)
    event = promotion_event(seen.promotion, seen.freight, "PromotionAborted", message, applications=seen.applications)
    return Decision((*_write(seen, wanted), event), memory=Due(-1, 0))


def _write(seen: Seen, wanted: JsonObject) -> tuple[Write, ...]:
    return status(PROMOTIONS, seen.promotion.raw, wanted)


def _verified_again(seen: Seen) -> tuple[Write, ...]:
    """Requests a new verification of what the Stage held before."""
    held = seen.stage.status.held if seen.stage else None
    if seen.stage is None or held is None or seen.reference is None or seen.reference.name not in held.names:
        return ()
    if held.verification is None or not held.verification.id:
        return ()
    request = json.dumps({"id": held.verification.id, "controlPlane": True}, separators=(",", ":"))
    return (merge(STAGES, seen.stage.raw, {"metadata": {"annotations": {REVERIFY: request}}}, exact=False),)


def _is_verified_later(seen: Seen) -> bool:
    return seen.stage is not None and seen.stage.spec.verification is not None
