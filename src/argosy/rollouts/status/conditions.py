"""Conditions: when each is set, and what it is computed from. Section 9.

Setting one that has the same status and reason changes nothing; a changed one goes to the end of the list, and its
transition time moves only with its status.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from argosy.apis.rollouts import Rollout, RolloutStatus
from argosy.apis.rollouts.status import Condition
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject
from argosy.rollouts.arithmetic.limits import progress_deadline
from argosy.rollouts.arithmetic.weights import step_count

ABORTED = "RolloutAborted"
PAUSED = "RolloutPaused"
RESUMED = "RolloutResumed"
RETRY = "RolloutRetry"
TIMED_OUT = "ProgressDeadlineExceeded"


def condition_of(conditions: Sequence[Condition], kind: str) -> Condition | None:
    return next((found for found in conditions if found.type == kind), None)


def reason_of(conditions: Sequence[Condition], kind: str) -> str:
    found = condition_of(conditions, kind)
    return found.reason if found is not None else ""


class Conditions:
    """The list while it is being computed."""

    def __init__(self, raw: Sequence[JsonObject], now: datetime) -> None:
        self.items = [dict(item) for item in raw]
        self.now = timestamps.seconds(now)

    def get(self, kind: str) -> JsonObject | None:
        return next((item for item in self.items if item.get("type") == kind), None)

    def remove(self, kind: str) -> None:
        self.items = [item for item in self.items if item.get("type") != kind]

    def set(self, kind: str, status: str, reason: str, message: str, *, since: str = "") -> bool:
        """Returns whether it changed. `since`: the transition time, if known."""
        found = self.get(kind)
        if found is not None and (found.get("status"), found.get("reason")) == (status, reason):
            return False
        if not since:
            unmoved = found is not None and found.get("status") == status
            since = (found or {}).get("lastTransitionTime", self.now) if unmoved else self.now
        self.remove(kind)
        self.items.append(
            {
                "type": kind,
                "status": status,
                "lastUpdateTime": self.now,
                "lastTransitionTime": since,
                "reason": reason,
                "message": message,
            }
        )
        return True

    def refresh(self, kind: str, status: str, reason: str, message: str) -> None:
        """Like `set`, but the update time also changes if nothing else does: for progress."""
        found = self.get(kind)
        kept = found is not None and found.get("status") == status == "True"
        since = str((found or {}).get("lastTransitionTime") or "") if kept else ""
        self.remove(kind)
        self.set(kind, status, reason, message, since=since)


def is_progressing(rollout: Rollout, after: RolloutStatus) -> bool:
    """Whether anything changed since the stored status."""
    before = rollout.status
    if rollout.spec.strategy.blue_green is not None:
        old, new = before.blue_green, after.blue_green
        if (old.active_selector, old.preview_selector) != (new.active_selector, new.preview_selector):
            return True
    if rollout.spec.strategy.canary is not None and _canary_moved(before, after):
        return True
    return (
        after.updated_replicas != before.updated_replicas
        or after.replicas - after.updated_replicas < before.replicas - before.updated_replicas
        or after.ready_replicas > before.ready_replicas
        or after.available_replicas > before.available_replicas
    )


def _canary_moved(before: RolloutStatus, after: RolloutStatus) -> bool:
    steps = before.current_step_index, after.current_step_index
    stepped = None not in steps and steps[0] != steps[1]
    return stepped or before.stable_rs != after.stable_rs or before.current_step_hash != after.current_step_hash


def is_healthy(rollout: Rollout, after: RolloutStatus) -> bool:
    """All pods are updated, available and receive traffic, and no old ones are left."""
    counts = after.updated_replicas == after.available_replicas == rollout.replicas
    observed = rollout.status.observed_generation == str(rollout.generation)
    return counts and observed and _blue_green_is_done(rollout, after) and _canary_is_done(rollout, after)


def _blue_green_is_done(rollout: Rollout, after: RolloutStatus) -> bool:
    strategy = rollout.spec.strategy.blue_green
    if strategy is None:
        return True
    previewed = not strategy.preview_service or after.blue_green.preview_selector == after.current_pod_hash
    return after.blue_green.active_selector == after.current_pod_hash and previewed


def _canary_is_done(rollout: Rollout, after: RolloutStatus) -> bool:
    if rollout.spec.strategy.canary is None:
        return True
    steps, index = step_count(rollout), after.current_step_index
    stepped = not steps or index is None or index == steps
    return stepped and is_completed(after) and after.replicas == rollout.replicas


def is_completed(status: RolloutStatus) -> bool:
    return bool(status.stable_rs) and status.stable_rs == status.current_pod_hash


def deadline_of(rollout: Rollout, conditions: Sequence[Condition]) -> datetime | None:
    """When progress times out; None if it waits for nothing, or has timed out already."""
    found = condition_of(conditions, "Progressing")
    if found is None or found.reason in (ABORTED, PAUSED, TIMED_OUT) or not found.last_update_time:
        return None
    return timestamps.parse(found.last_update_time) + timedelta(seconds=progress_deadline(rollout))


def has_timed_out(rollout: Rollout, conditions: Sequence[Condition], now: datetime) -> bool:
    if reason_of(conditions, "Progressing") == TIMED_OUT:
        return True
    deadline = deadline_of(rollout, conditions)
    return deadline is not None and now >= deadline
