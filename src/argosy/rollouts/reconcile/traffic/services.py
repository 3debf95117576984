"""The pod-template-hash in the selectors of Services. Section 8.1."""

from __future__ import annotations

from dataclasses import replace

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.kubernetes.views.core import Service
from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.machinery.patches.mergepatch import merge_patch
from argosy.rollouts.arithmetic.sums import is_fully_available, pod_hash_of
from argosy.rollouts.reconcile.seen import Seen
from argosy.rollouts.reconcile.traffic.pair import stable_and_canary
from argosy.rollouts.reconcile.turn import Halted, Turn
from argosy.rollouts.resources import HASH_LABEL, MANAGED_BY


def service_of(turn: Turn, name: str) -> Service:
    """Stops the turn if it does not exist: it may have been deleted since the spec was validated."""
    if (found := turn.seen.services.get(name)) is None:
        raise Halted
    return found


def hash_of(service: Service | None) -> str:
    return service.spec.selector.get(HASH_LABEL, "") if service is not None else ""


def switch(turn: Turn, service: Service, pod_hash: str) -> Service:
    """Returns the Service after the change."""
    old = service.spec.selector.get(HASH_LABEL, "")
    managed = MANAGED_BY in service.metadata.annotations
    if HASH_LABEL in service.spec.selector and old == pod_hash and managed:
        return service
    patch: JsonObject = {"spec": {"selector": {HASH_LABEL: pod_hash}}}
    if not managed:
        patch["metadata"] = {"annotations": {MANAGED_BY: turn.rollout.name}}
    turn.patch(Service, service, patch)
    text = f"Switched selector for service '{service.metadata.name}' from '{old}' to '{pod_hash}'"
    turn.event("SwitchService", text)
    changed = read(Service, merge_patch(service.raw, patch))
    turn.seen = _with_service(turn, changed)
    return changed


def _with_service(turn: Turn, service: Service) -> Seen:
    return replace(turn.seen, services={**turn.seen.services, service.metadata.name: service})


def ensure_target(turn: Turn, name: str, found: ReplicaSet | None, *, when_available: bool) -> None:
    """Points a Service at a ReplicaSet, once that can serve: a Service that is just adopted needs all of its pods."""
    if found is None or not name:
        return
    service, wanted = service_of(turn, name), pod_hash_of(found)
    if service.spec.selector.get(HASH_LABEL, "") == wanted:
        return
    adopted = MANAGED_BY in service.metadata.annotations
    if when_available and ((not adopted and not is_fully_available(found)) or found.available <= 0):
        return
    switch(turn, service, wanted)


def sync_ping_pong(turn: Turn) -> None:
    canary = turn.rollout.spec.strategy.canary
    if canary is None or canary.ping_pong is None or _is_promoted(turn.rollout):
        return
    ensure_target(turn, stable_and_canary(turn.rollout)[1], turn.new, when_available=False)


def _is_promoted(rollout: Rollout) -> bool:
    return rollout.status.stable_rs == rollout.status.current_pod_hash


def rolling_back_from(turn: Turn) -> str:
    """With dynamicStableScale, returning to stable while traffic still goes elsewhere: the hash that receives it."""
    rollout, new = turn.rollout, turn.new
    canary, weights = rollout.spec.strategy.canary, rollout.status.canary.weights
    if canary is None or canary.traffic_routing is None or not canary.dynamic_stable_scale:
        return ""
    if not _is_promoted(rollout) or weights is None or new is None or new.available >= rollout.replicas:
        return ""
    pointed = weights.canary.pod_template_hash
    return pointed if pointed != pod_hash_of(new) else ""


def sync_stable_and_canary(turn: Turn) -> None:
    canary = turn.rollout.spec.strategy.canary
    if canary is None:
        return
    ensure_target(turn, canary.stable_service, turn.stable, when_available=True)
    if turn.pauses.is_aborted:
        if canary.traffic_routing is None:
            ensure_target(turn, canary.canary_service, turn.stable, when_available=True)
        # With a router the canary Service follows the weight (traffic.py): switching it in both places would flap.
        return
    if not rolling_back_from(turn):
        ensure_target(turn, canary.canary_service, turn.new, when_available=True)
