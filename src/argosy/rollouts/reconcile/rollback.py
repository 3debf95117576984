"""Whether an update goes back to an earlier revision, and whether it may skip its steps. Section 5.5."""

from __future__ import annotations

from argosy.rollouts.arithmetic.sums import pod_hash_of
from argosy.rollouts.reconcile.turn import Turn
from argosy.rollouts.resources import EXPERIMENT_NAME


def is_rollback(turn: Turn) -> bool:
    """Also true for a fully promoted Rollout, which cannot be distinguished from a finished rollback."""
    if turn.new is None or turn.stable is None:
        return False
    return turn.rollout.status.stable_rs == pod_hash_of(turn.new) or turn.new.created < turn.stable.created


def is_fast_rollback(turn: Turn) -> bool:
    if not is_rollback(turn):
        return False
    delayed = turn.new_within_delay and turn.rollout.spec.strategy.blue_green is not None
    return delayed or turn.rollout.status.stable_rs == pod_hash_of(turn.new) or is_within_window(turn)


def is_within_window(turn: Turn) -> bool:
    """Fewer revisions are between the new and the stable ReplicaSet than the window allows."""
    new, stable, window = turn.new, turn.stable, turn.rollout.spec.rollback_window
    if new is None or stable is None or window is None or window.revisions <= 0 or new.created >= stable.created:
        return False
    between = [
        found
        for found in turn.sets
        if new.created < found.created < stable.created and not found.annotations.get(EXPERIMENT_NAME)
    ]
    return len(between) < window.revisions
