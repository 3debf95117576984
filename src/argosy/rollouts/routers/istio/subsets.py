"""The subsets of a DestinationRule: the pod hash of each version."""

from __future__ import annotations

from argosy.apis.rollouts.routing import IstioDestinationRule
from argosy.machinery.objects import JsonObject
from argosy.rollouts.resources import HASH_LABEL, MANAGED_BY
from argosy.rollouts.routers.port import Shares


def update_subsets(
    rollout_name: str, rule: IstioDestinationRule, obj: JsonObject, canary: str, stable: str, shares: Shares
) -> None:
    """Changes the draft. Subsets that are neither version's, nor an experiment's, nor declared, are removed."""
    metadata, spec = obj["metadata"], obj.setdefault("spec", {})
    metadata["annotations"] = {**(metadata.get("annotations") or {}), MANAGED_BY: rollout_name}
    hashes = {rule.canary_subset_name: canary, rule.stable_subset_name: stable}
    hashes |= {share.service_name: share.pod_template_hash for share in shares}
    kept, seen = [], set()
    for subset in spec.get("subsets") or []:
        name = subset.get("name")
        if name in rule.additional_subset_names:
            kept.append(subset)
        elif name in hashes:
            kept.append(_with_hash(subset, hashes[name]))
            seen.add(name)
    kept += [
        {"name": share.service_name, "labels": {HASH_LABEL: share.pod_template_hash}}
        for share in sorted(shares, key=lambda one: one.service_name)
        if share.service_name not in seen
    ]
    spec["subsets"] = kept


def _with_hash(subset: JsonObject, pod_hash: str) -> JsonObject:
    labels = {name: value for name, value in (subset.get("labels") or {}).items() if name != HASH_LABEL}
    return {**subset, "labels": {**labels, HASH_LABEL: pod_hash} if pod_hash else labels}
