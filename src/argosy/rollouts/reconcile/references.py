"""Whether something still routes traffic to a ReplicaSet: then it is never scaled down. Section 5.8."""

from __future__ import annotations

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.machinery.objects import Key
from argosy.rollouts.arithmetic.sums import pod_hash_of
from argosy.rollouts.reconcile.traffic.services import hash_of
from argosy.rollouts.reconcile.turn import Turn
from argosy.rollouts.resources import HASH_LABEL
from argosy.rollouts.routers.istio.resources import DESTINATION_RULES


def is_referenced(turn: Turn, found: ReplicaSet) -> bool:
    pod_hash = pod_hash_of(found)
    return bool(pod_hash) and (
        pod_hash in _by_status(turn) or pod_hash in _by_services(turn) or pod_hash in _by_subsets(turn)
    )


def _by_status(turn: Turn) -> set[str]:
    status = turn.rollout.status
    found = {status.stable_rs, status.current_pod_hash, status.blue_green.active_selector}
    found.add(status.blue_green.preview_selector)
    if (weights := status.canary.weights) is not None:
        found |= {weights.canary.pod_template_hash, weights.stable.pod_template_hash}
    return found


def _by_services(turn: Turn) -> set[str]:
    canary, blue_green = turn.rollout.spec.strategy.canary, turn.rollout.spec.strategy.blue_green
    names = (canary.canary_service, canary.stable_service) if canary is not None else ()
    if blue_green is not None:
        names = (blue_green.active_service, blue_green.preview_service)
    return {hash_of(turn.seen.services.get(name)) for name in names}


def _by_subsets(turn: Turn) -> set[str]:
    canary = turn.rollout.spec.strategy.canary
    istio = canary.traffic_routing.istio if canary is not None and canary.traffic_routing is not None else None
    if istio is None or istio.destination_rule is None:
        return set()
    key = Key(turn.rollout.namespace, istio.destination_rule.name)
    rule = turn.seen.objects.get((DESTINATION_RULES, key)) or {}
    subsets = (rule.get("spec") or {}).get("subsets") or ()
    return {str((subset.get("labels") or {}).get(HASH_LABEL) or "") for subset in subsets if isinstance(subset, dict)}
