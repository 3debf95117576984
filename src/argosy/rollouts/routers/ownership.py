"""Objects that a router creates are owned by the Rollout."""

from __future__ import annotations

from argosy.apis.rollouts import Rollout
from argosy.machinery.objects import JsonObject


def owner_of(rollout: Rollout) -> JsonObject:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "name": rollout.name,
        "uid": rollout.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controls(rollout: Rollout, obj: JsonObject) -> bool:
    owners = (obj.get("metadata") or {}).get("ownerReferences") or ()
    return any(owner.get("uid") == rollout.uid and owner.get("controller") for owner in owners)
