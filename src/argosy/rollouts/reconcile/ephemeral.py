"""Labels and annotations that depend on a ReplicaSet's role in the update. Section 8.2."""

from __future__ import annotations

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.steps import PodMetadata
from argosy.rollouts.arithmetic.sums import pod_hash_of
from argosy.rollouts.reconcile.turn import Turn
from argosy.rollouts.resources import PODS
from argosy.rollouts.revisions.ephemeral import difference, injected, patch_for, with_metadata


def wanted_metadata(rollout: Rollout) -> tuple[PodMetadata | None, PodMetadata | None]:
    """(for the new version, for the serving one)."""
    canary, blue_green = rollout.spec.strategy.canary, rollout.spec.strategy.blue_green
    if canary is not None:
        return canary.canary_metadata, canary.stable_metadata
    return (blue_green.preview_metadata, blue_green.active_metadata) if blue_green is not None else (None, None)


def metadata_for_new(turn: Turn) -> PodMetadata | None:
    """The initial metadata of a new ReplicaSet: the very first one will be the stable one."""
    fresh, serving = wanted_metadata(turn.rollout)
    return fresh if turn.stable is not None else serving


def sync_metadata(turn: Turn) -> None:
    fresh, serving = wanted_metadata(turn.rollout)
    if fresh is None and serving is None:
        return
    stable = turn.rollout.status.stable_rs
    if not stable or stable == pod_hash_of(turn.new):
        _sync(turn, turn.new, serving)
    else:
        _sync(turn, turn.new, fresh)
        _sync(turn, turn.stable, serving)
    for found in turn.others:
        _sync(turn, found, None)


def _sync(turn: Turn, found: ReplicaSet | None, desired: PodMetadata | None) -> None:
    """The template first, so that new pods have it, then existing pods."""
    if found is None:
        return
    before = injected(found)
    if (patch := patch_for(found, desired)) is not None:
        turn.patch_set(found, patch)
    if found.replicas == 0:
        return
    for pod in turn.seen.pods:
        owners = pod["metadata"].get("ownerReferences") or ()
        if any(owner.get("uid") == found.uid and owner.get("controller") for owner in owners):
            after, changed = with_metadata(pod["metadata"], before, desired)
            if changed:
                turn.patch(PODS, pod, {"metadata": difference(pod["metadata"], after)})
