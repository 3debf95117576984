"""The blue-green strategy, and anti-affinity. Section 10."""

from __future__ import annotations

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.strategy import AntiAffinity
from argosy.rollouts.arithmetic.limits import revision_history
from argosy.rollouts.validation.errors import FieldError, invalid


def blue_green_errors(rollout: Rollout, path: str) -> list[FieldError]:
    strategy = rollout.spec.strategy.blue_green
    if strategy is None:
        return []
    found = []
    if strategy.active_service == strategy.preview_service:
        text = (
            "This rollout uses the same service for the active and preview services, "
            "but two different services are required."
        )
        found.append(invalid(f"{path}.activeService", strategy.active_service, text))
    limit = strategy.scale_down_delay_revision_limit
    if limit is not None and revision_history(rollout) < limit:
        text = "This rollout's revision history limit can not be smaller than the rollout's scale down limit"
        found.append(invalid(f"{path}.scaleDownDelayRevisionLimit", limit, text))
    return found + anti_affinity_errors(strategy.anti_affinity, f"{path}.antiAffinity")


def anti_affinity_errors(rule: AntiAffinity | None, path: str) -> list[FieldError]:
    if rule is None:
        return []
    preferred = rule.preferred_during_scheduling_ignored_during_execution
    required = rule.required_during_scheduling_ignored_during_execution
    found = []
    if (preferred is None) == (required is None):
        given = "true" if preferred is not None else "false"
        value = (
            f"antiAffinity.PreferredDuringSchedulingIgnoredDuringExecution: {given} "
            f"antiAffinity.RequiredDuringSchedulingIgnoredDuringExecution: {given}"
        )
        found.append(invalid(path, value, "AntiAffinity must have exactly one strategy listed"))
    if preferred is not None and not 1 <= preferred.weight <= 100:
        found.append(invalid(f"{path}.weight", preferred.weight, "AntiAffinity weight must be between 1-100"))
    return found
