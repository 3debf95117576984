"""How long an update took, and how long of that it was paused by a user: status.duration."""

from __future__ import annotations

from argosy.apis.rollouts import RolloutStatus
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject
from argosy.rollouts.arithmetic.sums import pod_hash_of
from argosy.rollouts.reconcile.rollback import is_fast_rollback, is_rollback
from argosy.rollouts.reconcile.steps.pauses import needs_a_person
from argosy.rollouts.reconcile.turn import Turn
from argosy.rollouts.status.conditions import ABORTED, condition_of, reason_of


def spec_changed(turn: Turn) -> bool:
    """The pod template differs from the one in the status, or, in a canary, the steps do."""
    if turn.rollout.spec.strategy.canary is not None and steps_changed(turn):
        return True
    return template_changed(turn)


def steps_changed(turn: Turn) -> bool:
    current = turn.rollout.status.current_step_hash
    return not current or current != turn.seen.facts.step_hash


def template_changed(turn: Turn) -> bool:
    current = turn.rollout.status.current_pod_hash
    return bool(current) and current != (pod_hash_of(turn.new) if turn.new is not None else turn.seen.facts.pod_hash)


def duration_after(turn: Turn, after: RolloutStatus) -> JsonObject | None:
    """The new value, or None."""
    stored = turn.status.get("duration", (turn.rollout.raw.get("status") or {}).get("duration"))
    if condition_of(after.conditions, "InvalidSpec") is not None:
        return stored
    found: JsonObject | None = dict(stored) if stored is not None else None
    promoted = after.stable_rs == after.current_pod_hash
    arrived = turn.new is not None and turn.new.available >= turn.rollout.replicas
    done = promoted and arrived
    changed = not turn.rollout.status.current_pod_hash or spec_changed(turn)
    before = turn.rollout.status.duration
    in_progress = before is not None and bool(before.rollout_started_at) and not before.finished_at
    if found is not None and in_progress:
        _end(turn, found, changed=changed, done=done)
        if done:
            return found
    if found is None or (_is_over(found) and not done):
        retried = not turn.pauses.is_aborted and reason_of(turn.rollout.status.conditions, "Progressing") == ABORTED
        if (changed and not done) or retried:
            found = {"rolloutStartedAt": timestamps.seconds(turn.now)}
    if found is not None and not _is_over(found):
        _note_pause(turn, after, found)
    return found


def _is_over(found: JsonObject) -> bool:
    return bool(found.get("rolloutStartedAt")) and bool(found.get("finishedAt"))


def _end(turn: Turn, found: JsonObject, *, changed: bool, done: bool) -> None:
    """A running update that was replaced, completed or aborted."""
    if changed and is_rollback(turn):
        found["completionStatus"] = "FastRolledBack" if is_fast_rollback(turn) else "RolledBack"
    elif changed:
        _finish(turn, found, "Superseded")
    if done and not _is_over(found):
        _finish(turn, found, found.get("completionStatus") or "Promoted")
    elif turn.pauses.is_aborted and not _is_over(found):
        _finish(turn, found, found.get("completionStatus") or "Aborted")


def _finish(turn: Turn, found: JsonObject, how: str) -> None:
    _end_pause(turn, found)
    found["finishedAt"] = timestamps.seconds(turn.now)
    found["completionStatus"] = how


def _end_pause(turn: Turn, found: JsonObject) -> None:
    since = found.pop("manualPauseStartedAt", None)
    if since is not None:
        seconds = int((turn.now - timestamps.parse(since)).total_seconds())
        found["totalManualPauseDurationSeconds"] = int(found.get("totalManualPauseDurationSeconds") or 0) + seconds


def _note_pause(turn: Turn, after: RolloutStatus, found: JsonObject) -> None:
    reasons = [pause.reason for pause in after.pause_conditions]
    by_hand = turn.rollout.spec.paused or any(needs_a_person(turn.rollout, reason) for reason in reasons)
    if by_hand:
        found.setdefault("manualPauseStartedAt", timestamps.seconds(turn.now))
    else:
        _end_pause(turn, found)
