"""The workload whose template a Rollout uses, and how it is scaled down. Section 8.5."""

from __future__ import annotations

from typing import Final

from argosy.apis.kubernetes.views.apps import Deployment, ReplicaSet
from argosy.apis.rollouts import Rollout
from argosy.machinery.objects import JsonObject
from argosy.rollouts.reconcile.turn import Turn
from argosy.rollouts.revisions.annotations import revision_of

ON_SUCCESS: Final = "onsuccess"
PROGRESSIVELY: Final = "progressively"


def follow_progress(turn: Turn, new: ReplicaSet, size: int) -> None:
    """`progressively`: the Deployment shrinks as the first revision's pods get ready, and grows back if they fail."""
    if not _scales(turn.rollout, PROGRESSIVELY) or revision_of(new.annotations) != 1:
        return
    status = turn.rollout.status
    if status.phase == "Healthy":
        scale_deployment(turn, 0)
    elif turn.rollout.spec.replicas is not None and (status.ready_replicas > 0 or new.replicas > size):
        scale_deployment(turn, max(0, turn.rollout.spec.replicas - status.ready_replicas))


def scale_down_on_success(turn: Turn) -> None:
    """`onsuccess`: once the first revision is healthy."""
    first = revision_of(turn.rollout.annotations) == 1
    if first and _scales(turn.rollout, ON_SUCCESS) and turn.rollout.status.phase == "Healthy":
        scale_deployment(turn, 0)


def _scales(rollout: Rollout, mode: str) -> bool:
    reference = rollout.spec.workload_ref
    return reference is not None and reference.scale_down == mode


def scale_deployment(turn: Turn, size: int) -> None:
    workload: JsonObject | None = turn.seen.workload
    if workload is None or workload.get("kind") != "Deployment":
        return
    if ((workload.get("spec") or {}).get("replicas", 1)) != size:
        turn.patch(Deployment, workload, {"spec": {"replicas": size}})
