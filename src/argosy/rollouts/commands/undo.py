"""undo: rolls back to the pod template of an earlier revision. Section 13."""

from __future__ import annotations

from collections.abc import Sequence

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Rollout
from argosy.machinery.objects import JsonObject
from argosy.rollouts.resources import HASH_LABEL
from argosy.rollouts.revisions.annotations import revision_of
from argosy.rollouts.revisions.finding import templates_are_equal


class CannotUndo(ValueError):
    """There is no revision to roll back to; the text says why."""


def revision_to_restore(rollout: Rollout, sets: Sequence[ReplicaSet], revision: int = 0) -> ReplicaSet:
    """The revision of that number, or the second newest for 0. Raises CannotUndo."""
    owned = [found for found in sets if _is_owned(found, rollout)]
    if revision:
        for found in owned:
            if revision_of(found.annotations) == revision:
                return found
        raise CannotUndo(f"unable to find specified revision {revision} in history")
    newest = sorted(owned, key=lambda found: revision_of(found.annotations), reverse=True)
    if len(newest) < 2:
        raise CannotUndo(f'no revision found for rollout "{rollout.name}"')
    return newest[1]


def _is_owned(found: ReplicaSet, rollout: Rollout) -> bool:
    controller = found.metadata.controller
    return controller is not None and controller.uid == rollout.uid


def undo_patch(found: ReplicaSet) -> list[JsonObject]:
    """A JSON patch."""
    return [{"op": "replace", "path": "/spec/template", "value": template_of(found)}]


def template_of(found: ReplicaSet) -> JsonObject:
    metadata = dict(found.template.get("metadata") or {})
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH_LABEL}
    return {**found.template, "metadata": {**metadata, "labels": labels}}


def is_restored(rollout: Rollout, found: ReplicaSet) -> bool:
    return templates_are_equal(found.template, rollout.spec.template or {})
