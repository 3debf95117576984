"""The new ReplicaSet: created if missing, and kept in line with the Rollout. Sections 2.3 and 3."""

from __future__ import annotations

import json

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Rollout
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import create
from argosy.rollouts.reconcile.draft import write_condition
from argosy.rollouts.reconcile.ephemeral import metadata_for_new
from argosy.rollouts.reconcile.turn import Turn
from argosy.rollouts.resources import DESIRED_REPLICAS, HASH_LABEL, REVISION, WORKLOAD_GENERATION
from argosy.rollouts.revisions.affinity import affinity_for, is_outdated
from argosy.rollouts.revisions.annotations import annotations_for_new, highest_revision
from argosy.rollouts.revisions.ephemeral import EPHEMERAL, plain, with_metadata
from argosy.rollouts.status.conditions import condition_of


def owner_reference(rollout: Rollout) -> JsonObject:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "name": rollout.name,
        "uid": rollout.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def make_new(turn: Turn) -> None:
    """Creates the new ReplicaSet without pods; the next turn continues from there."""
    if turn.seen.namesake is not None:
        _count_collision(turn)
        return
    if (refusal := turn.seen.refusal) is not None and refusal.write.verb == "create" and refusal.code not in (0, 409):
        name = refusal.write.key.name
        text = f'Failed to create new replica set "{name}": {refusal.message}'
        if write_condition(turn, "Progressing", "False", "ReplicaSetCreateError", text):
            turn.event("ReplicaSetCreateError", text, "Warning")
    revision = highest_revision(turn.sets) + 1
    new = new_replica_set(turn, revision)
    name = str(new["metadata"]["name"])
    turn.write(create(ReplicaSet, new))
    write_revision(turn, str(revision))
    turn.event("NewReplicaSetCreated", f"Created ReplicaSet {name} (revision {revision})")
    write_condition(turn, "Progressing", "True", "NewReplicaSetCreated", f'Created new replica set "{name}"')


def new_replica_set(turn: Turn, revision: int) -> JsonObject:
    rollout, pod_hash = turn.rollout, turn.seen.facts.pod_hash
    template = rollout.spec.template or {}
    labels = {**((template.get("metadata") or {}).get("labels") or {}), HASH_LABEL: pod_hash}
    metadata = {**(template.get("metadata") or {}), "labels": labels}
    spec = dict(template.get("spec") or {})
    if (affinity := affinity_for(rollout)) is not None:
        spec["affinity"] = affinity
    notes = {**annotations_for_new(rollout, {}, revision), DESIRED_REPLICAS: str(rollout.replicas)}
    if (desired := metadata_for_new(turn)) is not None:
        metadata, changed = with_metadata(metadata, None, desired)
        if changed:
            notes[EPHEMERAL] = _compact(plain(desired))
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{rollout.name}-{pod_hash}",
            "namespace": rollout.namespace,
            "labels": labels,
            "annotations": notes,
            "ownerReferences": [owner_reference(rollout)],
        },
        "spec": {
            "replicas": 0,
            "minReadySeconds": rollout.spec.min_ready_seconds,
            "selector": _with_hash(rollout.spec.selector or {}, pod_hash),
            "template": {**template, "metadata": metadata, "spec": spec},
        },
    }


def _compact(value: JsonObject) -> str:
    return json.dumps(value, separators=(",", ":"))


def _with_hash(selector: JsonObject, pod_hash: str) -> JsonObject:
    return {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH_LABEL: pod_hash}}


def _count_collision(turn: Turn) -> None:
    """Another object's ReplicaSet has the name: a higher collision count gives another hash."""
    count = (turn.rollout.status.collision_count or 0) + 1
    turn.patch_rollout({"status": {"collisionCount": count}}, subresource="status")


def write_revision(turn: Turn, revision: str) -> None:
    """Writes the revision to the Rollout itself."""
    if turn.rollout.annotations.get(REVISION) != revision:
        generation = turn.rollout.annotations.get(WORKLOAD_GENERATION)
        notes = {REVISION: revision, **({WORKLOAD_GENERATION: generation} if generation else {})}
        turn.patch_rollout({"metadata": {"annotations": notes}})
        turn.event("RolloutUpdated", f"Rollout updated to revision {revision}")


def note_workload(turn: Turn) -> None:
    """Records the generation of the referenced workload: clients use it to see whether a change was observed. The
    first one comes with the first revision.
    """
    stored = turn.rollout.raw["metadata"].get("annotations") or {}
    generation = turn.rollout.annotations.get(WORKLOAD_GENERATION)
    if turn.rollout.spec.workload_ref is None or not generation or REVISION not in stored:
        return
    if stored.get(WORKLOAD_GENERATION) != generation:
        turn.patch_rollout({"metadata": {"annotations": {WORKLOAD_GENERATION: generation}}})


def sync_new(turn: Turn) -> None:
    """Updates the new ReplicaSet's annotations, minReadySeconds and anti-affinity, and the Rollout's revision.

    A write of the ReplicaSet stops this part; the revision of the Rollout follows in the next turn.
    """
    new = turn.new
    if new is None:
        return
    wanted = annotations_for_new(turn.rollout, new.annotations, highest_revision(turn.older) + 1)
    notes = {key: value for key, value in wanted.items() if new.annotations.get(key) != value}
    affinity = (new.template.get("spec") or {}).get("affinity")
    outdated = is_outdated(turn.rollout, affinity)
    slow = new.spec.min_ready_seconds != turn.rollout.spec.min_ready_seconds
    if notes or outdated or slow:
        spec: JsonObject = {"minReadySeconds": turn.rollout.spec.min_ready_seconds} if slow else {}
        if outdated:
            spec["template"] = {"spec": {"affinity": affinity_for(turn.rollout)}}
        turn.patch_set(new, {"metadata": {"annotations": notes}, **({"spec": spec} if spec else {})})
        return
    revision = new.annotations.get(REVISION, "")
    if revision and turn.rollout.annotations.get(REVISION) != revision:
        write_revision(turn, revision)
    if condition_of(turn.rollout.status.conditions, "Progressing") is None:
        write_condition(turn, "Progressing", "True", "FoundNewReplicaSet", f'Found new replica set "{new.name}"')
