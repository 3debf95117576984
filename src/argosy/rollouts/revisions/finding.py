"""Which ReplicaSets belong to a Rollout, and which one is the new one. Section 2.2."""

from __future__ import annotations

from collections.abc import Sequence

from argosy.apis.kubernetes.known import canonical, defaulted
from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Rollout
from argosy.machinery.objects import JsonObject
from argosy.rollouts.arithmetic.sums import HASH_LABEL, pod_hash_of
from argosy.rollouts.revisions.affinity import without_injected
from argosy.rollouts.revisions.ephemeral import injected, with_metadata
from argosy.rollouts.revisions.hashing import pod_template_hash


def by_creation(sets: Sequence[ReplicaSet]) -> list[ReplicaSet]:
    return sorted(sets, key=lambda found: (found.created, found.name))


def find_new(rollout: Rollout, sets: Sequence[ReplicaSet], pod_hash: str = "") -> ReplicaSet | None:
    """By hash; else by an equal template, since ReplicaSets of older versions have other hashes.

    `pod_hash` avoids computing it again. (Upstream also tries the hash of Kubernetes' own Deployments, which only finds
    ReplicaSets that equal templates find too.)
    """
    template = rollout.spec.template or {}
    wanted = pod_hash or pod_template_hash(template, rollout.status.collision_count)
    ordered = by_creation(sets)
    found = next((one for one in ordered if pod_hash_of(one) == wanted), None)
    if found is not None or not ordered:
        return found
    desired = _comparable(template)
    return next((one for one in ordered if _as_written(rollout, one) == desired), None)


def templates_are_equal(live: JsonObject, desired: JsonObject) -> bool:
    """Compares all but the hash label, after the defaults of a pod template."""
    return _canonical(live) == _comparable(desired)


def _as_written(rollout: Rollout, found: ReplicaSet) -> JsonObject:
    """A live template without the injected metadata."""
    template = found.template
    metadata, _ = with_metadata(template.get("metadata") or {}, injected(found), None)
    spec = dict(template.get("spec") or {})
    spec["affinity"] = without_injected(rollout, spec.get("affinity"))
    return _canonical({**template, "metadata": metadata, "spec": spec})


def _comparable(template: JsonObject) -> JsonObject:
    whole = defaulted({"apiVersion": "v1", "kind": "PodTemplate", "metadata": {}, "template": template})
    return _canonical(whole.get("template") or {})


def _canonical(template: JsonObject) -> JsonObject:
    labels = dict(((template.get("metadata") or {}).get("labels") or {}).items())
    labels.pop(HASH_LABEL, None)
    metadata = {**(template.get("metadata") or {}), "labels": labels}
    spec = {name: value for name, value in (template.get("spec") or {}).items() if name != "serviceAccount"}
    whole = {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {}}
    return canonical({**whole, "template": {**template, "metadata": metadata, "spec": spec}})
