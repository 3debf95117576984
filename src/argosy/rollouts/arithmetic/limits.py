"""The limits of a Rollout: surge, unavailability, delays and histories, with their defaults."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from argosy.apis.rollouts import Rollout

DEFAULT_PERCENT: Final = "25%"
DELAY_SECONDS: Final = 30
PROGRESS_DEADLINE_SECONDS: Final = 600
HISTORY: Final = 10
RUN_HISTORY: Final = 5
LARGEST_WEIGHT: Final = 100
_PERCENT = re.compile(r"(-?\d+)%?", re.ASCII)


def scaled(value: int | str | None, total: int, *, up: bool) -> int:
    """A number, or a percentage of `total` rounded up or down; 0 if it is neither.

    A text is a percentage with or without its sign, as in upstream's library.
    """
    if isinstance(value, bool) or value is None:
        return 0
    if isinstance(value, int):
        return value
    if (found := _PERCENT.fullmatch(value)) is None:
        return 0
    parts = int(found[1]) * total
    return -(-parts // 100) if up else parts // 100


def _surge_setting(rollout: Rollout) -> int | str:
    canary = rollout.spec.strategy.canary
    return DEFAULT_PERCENT if canary is None or canary.max_surge is None else canary.max_surge


def _unavailable_setting(rollout: Rollout) -> int | str:
    blue_green, canary = rollout.spec.strategy.blue_green, rollout.spec.strategy.canary
    if blue_green is not None and blue_green.max_unavailable is not None:
        return blue_green.max_unavailable
    if canary is not None and canary.max_unavailable is not None:
        return canary.max_unavailable
    return DEFAULT_PERCENT


def max_surge(rollout: Rollout) -> int:
    """Pods above spec.replicas; none in blue-green, which plans for a complete second set."""
    if rollout.spec.strategy.canary is None:
        return 0
    return scaled(_surge_setting(rollout), rollout.replicas, up=True)


def max_unavailable(rollout: Rollout) -> int:
    """Pods that may be unavailable; one if a canary could otherwise neither add nor remove any."""
    if rollout.replicas == 0:
        return 0
    found = scaled(_unavailable_setting(rollout), rollout.replicas, up=False)
    if rollout.spec.strategy.canary is not None and found == 0 and max_surge(rollout) == 0:
        found = 1
    return min(found, rollout.replicas)


def largest_weight(rollout: Rollout) -> int:
    canary = rollout.spec.strategy.canary
    if canary is None or canary.traffic_routing is None or canary.traffic_routing.max_traffic_weight is None:
        return LARGEST_WEIGHT
    return canary.traffic_routing.max_traffic_weight


def revision_history(rollout: Rollout) -> int:
    limit = rollout.spec.revision_history_limit
    return HISTORY if limit is None else limit


def successful_runs(rollout: Rollout) -> int:
    limit = rollout.spec.analysis.successful_run_history_limit if rollout.spec.analysis else None
    return RUN_HISTORY if limit is None else limit


def unsuccessful_runs(rollout: Rollout) -> int:
    limit = rollout.spec.analysis.unsuccessful_run_history_limit if rollout.spec.analysis else None
    return RUN_HISTORY if limit is None else limit


def progress_deadline(rollout: Rollout) -> int:
    """Seconds."""
    limit = rollout.spec.progress_deadline_seconds
    return PROGRESS_DEADLINE_SECONDS if limit is None else limit


def scale_down_delay(rollout: Rollout) -> timedelta:
    """How long an old ReplicaSet keeps its pods; zero for a canary without traffic routing."""
    blue_green, canary = rollout.spec.strategy.blue_green, rollout.spec.strategy.canary
    if canary is not None:
        seconds = canary.scale_down_delay_seconds if canary.traffic_routing is not None else 0
    else:
        seconds = blue_green.scale_down_delay_seconds if blue_green is not None else 0
    return timedelta(seconds=DELAY_SECONDS if seconds is None else seconds)


def abort_delay(rollout: Rollout) -> timedelta | None:
    """How long the pods of an aborted update stay; None, written as 0, means forever."""
    seconds = _abort_delay_setting(rollout)
    if seconds == 0:
        return None
    return timedelta(seconds=_default_abort_delay(rollout) if seconds is None else seconds)


def abort_delay_is_explicit(rollout: Rollout) -> bool:
    """Whether the user set a finite delay."""
    return bool(_abort_delay_setting(rollout))


def _abort_delay_setting(rollout: Rollout) -> int | None:
    blue_green, canary = rollout.spec.strategy.blue_green, rollout.spec.strategy.canary
    if blue_green is not None:
        return blue_green.abort_scale_down_delay_seconds
    if canary is not None and canary.traffic_routing is not None:
        return canary.abort_scale_down_delay_seconds
    return None


def _default_abort_delay(rollout: Rollout) -> int:
    canary = rollout.spec.strategy.canary
    if rollout.spec.strategy.blue_green is not None or (canary is not None and canary.traffic_routing is not None):
        return DELAY_SECONDS
    return 0


def delayed_revisions(rollout: Rollout) -> int | None:
    """How many old ReplicaSets may wait for their scale-down at a time; None means any number."""
    blue_green, canary = rollout.spec.strategy.blue_green, rollout.spec.strategy.canary
    if blue_green is not None and blue_green.scale_down_delay_revision_limit is not None:
        return blue_green.scale_down_delay_revision_limit
    return canary.scale_down_delay_revision_limit if canary is not None else None
