"""Claims of StatefulSets: names and owners (persistentVolumeClaimRetentionPolicy, kinds sheet 5.3)."""

from __future__ import annotations

from collections.abc import Mapping

from argosy.cluster.workloads.decision import Step, merge
from argosy.machinery.objects import JsonObject


def claim_names(owner: JsonObject, ordinal: int) -> list[str]:
    templates = owner["spec"].get("volumeClaimTemplates") or ()
    return [f"{template['metadata']['name']}-{owner['metadata']['name']}-{ordinal}" for template in templates]


def goes_with_the_set(owner: JsonObject) -> bool:
    return _policy(owner, "whenDeleted") == "Delete"


def _policy(owner: JsonObject, name: str) -> str:
    return str((owner["spec"].get("persistentVolumeClaimRetentionPolicy") or {}).get(name) or "Retain")


def reference_to_set(owner: JsonObject) -> JsonObject:
    metadata = owner["metadata"]
    named = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": metadata["name"], "uid": metadata["uid"]}
    return {**named, "controller": True}


def _reference_to_pod(pod: JsonObject) -> JsonObject:
    metadata = pod["metadata"]
    return {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"], "controller": True}


def claim_owners(
    owner: JsonObject, pods: Mapping[int, JsonObject], claims: Mapping[str, JsonObject], wanted: range
) -> list[Step]:
    """Sets the owner of each Pod's claims according to the policy: before a Pod is deleted it must own its claims."""
    steps: list[Step] = []
    for ordinal, pod in pods.items():
        leaves = ordinal not in wanted and _policy(owner, "whenScaled") == "Delete"
        ours = [_reference_to_pod(pod)] if leaves else [reference_to_set(owner)] if goes_with_the_set(owner) else []
        for claim in (claims[name] for name in claim_names(owner, ordinal) if name in claims):
            present = claim["metadata"].get("ownerReferences") or []
            others = [item for item in present if not _is_ours(item, owner, pod)]
            if [item["uid"] for item in present] != [item["uid"] for item in (*others, *ours)]:
                steps.append(merge(claim, {"metadata": {"ownerReferences": [*others, *ours] or None}}))
    return steps


def _is_ours(reference: JsonObject, owner: JsonObject, pod: JsonObject) -> bool:
    """References to earlier Pods of the same name count as well."""
    named = (reference.get("kind"), reference.get("name"))
    return named in (("StatefulSet", owner["metadata"]["name"]), ("Pod", pod["metadata"]["name"]))
