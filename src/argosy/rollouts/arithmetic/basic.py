"""ReplicaSet sizes of a canary without traffic routing. Section 5.3.

Pods are the traffic here, so each turn moves as far as surge and availability allow, and no further.
"""

from __future__ import annotations

from collections.abc import Sequence

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Rollout
from argosy.rollouts.arithmetic.limits import largest_weight, max_surge, max_unavailable
from argosy.rollouts.arithmetic.split import Split, closest_split
from argosy.rollouts.arithmetic.sums import is_separate, total_replicas
from argosy.rollouts.arithmetic.weights import wanted


def basic_sizes(
    rollout: Rollout, new: ReplicaSet | None, stable: ReplicaSet | None, others: Sequence[ReplicaSet]
) -> Split:
    """The sizes of the new and the stable ReplicaSet for this turn."""
    apart = stable if is_separate(new, stable) else None
    goal = _goal(rollout, new, stable, has_stable=apart is not None)
    grown = _grown(rollout, new, apart, others, goal)
    if total_replicas(others) > 0:
        return grown  # pods that are neither new nor stable are removed first
    return _shrunk(rollout, new, stable, grown, goal, has_stable=apart is not None)


def _goal(rollout: Rollout, new: ReplicaSet | None, stable: ReplicaSet | None, *, has_stable: bool) -> Split:
    if not has_stable:
        return Split(rollout.replicas, 0)
    weight = wanted(rollout, new, stable).weight
    return closest_split(rollout.replicas, weight, largest_weight(rollout), max_surge(rollout))


def _grown(
    rollout: Rollout, new: ReplicaSet | None, stable: ReplicaSet | None, others: Sequence[ReplicaSet], goal: Split
) -> Split:
    """Scales up, the stable one first, as far as there is room."""
    new_size, stable_size = new.replicas if new else 0, stable.replicas if stable else 0
    room = rollout.replicas + max_surge(rollout) - total_replicas(others) - new_size - stable_size
    if stable is not None and room > 0:
        added = max(0, min(room, goal.stable - stable_size))
        stable_size, room = stable_size + added, room - added
    if new is not None and room > 0:
        new_size += max(0, min(room, goal.canary - new_size))
    return Split(new_size, stable_size)


def _shrunk(
    rollout: Rollout, new: ReplicaSet | None, stable: ReplicaSet | None, sizes: Split, goal: Split, *, has_stable: bool
) -> Split:
    """Scales down, the outgoing one first, as far as enough pods stay available."""
    floor = rollout.replicas - max_unavailable(rollout)
    ceiling = rollout.replicas + max_surge(rollout)
    increasing = new is None or goal.canary >= new.replicas
    basis = scale_down_basis(new, ignore_availability=not increasing)
    basis += scale_down_basis(stable, ignore_availability=increasing)
    spare = basis - floor
    if spare <= 0:
        return sizes
    if not increasing:
        drained = _drained(new, goal.canary, spare, sizes.canary)
        canary, rest = _within_limits(new, stable, drained, sizes.stable, ceiling, floor)
        return Split(canary, rest)
    if has_stable:
        drained = _drained(stable, goal.stable, spare, sizes.stable)
        rest, canary = _within_limits(stable, new, drained, sizes.canary, ceiling, floor)
        return Split(canary, rest)
    return sizes


def _drained(drain: ReplicaSet | None, desired: int, spare: int, size: int) -> int:
    if drain is not None and drain.replicas > desired:
        return max(desired, drain.replicas - spare)
    return size


def _within_limits(
    drain: ReplicaSet | None, adjust: ReplicaSet | None, drain_size: int, adjust_size: int, ceiling: int, floor: int
) -> tuple[int, int]:
    """(drain, adjust): together below the ceiling, while pods that are kept anyway count towards the floor."""
    if adjust is None:
        return drain_size, adjust_size
    have = min(drain.available, drain_size) if drain is not None else 0
    adjust_size -= max(0, adjust_size + drain_size - ceiling)
    have += min(adjust.available, adjust_size)
    extra = max(0, adjust.available - adjust_size)
    adjust_size += min(extra, max(0, floor - have))
    drain_size -= max(0, adjust_size + drain_size - ceiling)
    return drain_size, adjust_size


def scale_down_basis(found: ReplicaSet | None, *, ignore_availability: bool) -> int:
    """The pods that count as available after some are removed: pods that are being removed never count."""
    if found is None:
        return 0
    if found.replicas < found.available or ignore_availability:
        return found.replicas
    return found.available
