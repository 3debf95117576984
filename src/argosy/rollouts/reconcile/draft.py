"""Writes that change single conditions of a Rollout, before or instead of its complete status. Section 3."""

from __future__ import annotations

from argosy.apis.rollouts import RolloutStatus
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.machinery.patches.mergepatch import create_merge_patch
from argosy.rollouts.reconcile.durations import duration_after
from argosy.rollouts.reconcile.turn import Turn
from argosy.rollouts.status.conditions import Conditions
from argosy.rollouts.status.phase import stored_phase


def write_condition(turn: Turn, kind: str, status: str, reason: str, message: str) -> bool:
    """Writes one condition, whatever else this turn writes; returns whether it changed."""
    conditions = Conditions(turn.rollout.raw.get("status", {}).get("conditions") or (), turn.now)
    if not conditions.set(kind, status, reason, message):
        return False
    turn.patch_rollout({"status": {"conditions": conditions.items}}, subresource="status")
    return True


def write_conditions(turn: Turn, conditions: Conditions) -> bool:
    """Writes conditions with the phase, message and durations that follow from them; returns whether any changed."""
    status: JsonObject = {**(turn.rollout.raw.get("status") or {}), "conditions": conditions.items}
    status["observedGeneration"] = str(turn.rollout.generation)
    view = read(RolloutStatus, status)
    phase, message = stored_phase(turn.rollout.spec, view)
    status = {**status, "phase": phase, "message": message}
    if (duration := duration_after(turn, view)) is not None:
        status["duration"] = duration
    return write_status(turn, status)


def write_status(turn: Turn, status: JsonObject) -> bool:
    """Writes the difference to the stored status as one patch; returns whether there is any."""
    wanted = {name: value for name, value in status.items() if value not in ("", None, 0, False, [])}
    stored = dict(turn.rollout.raw.get("status") or {})
    for name in ("canary", "blueGreen"):
        wanted.setdefault(name, {})
    index = status.get("currentStepIndex")
    if index is not None:
        wanted["currentStepIndex"] = index
    if (count := status.get("collisionCount")) is not None:
        wanted["collisionCount"] = count
    patch = create_merge_patch(stored, wanted)
    if not patch:
        return False
    turn.patch_rollout({"status": patch}, subresource="status")
    return True
