"""Volumes, claims, storage classes and drivers."""

from __future__ import annotations

from argosy.cluster.kind import WriteContext
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy
from argosy.machinery.objects import JsonObject

VOLUME_PROTECTION = "kubernetes.io/pv-protection"
CLAIM_PROTECTION = "kubernetes.io/pvc-protection"


class VolumeStrategy(BuiltinStrategy):
    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        now = ctx.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        obj["status"] = {"phase": "Pending", "lastPhaseTransitionTime": now}
        add_finalizer(obj, VOLUME_PROTECTION)

    def prepare_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> None:
        """A new phase carries the time of its change."""
        super().prepare_update(ctx, obj, old)
        before, after = (old.get("status") or {}), (obj.get("status") or {})
        if ctx.subresource == "status" and before.get("phase") != after.get("phase"):
            after["lastPhaseTransitionTime"] = ctx.now.strftime("%Y-%m-%dT%H:%M:%SZ")


class ClaimStrategy(BuiltinStrategy):
    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        obj["status"] = {"phase": "Pending"}
        add_finalizer(obj, CLAIM_PROTECTION)


def add_finalizer(obj: JsonObject, name: str) -> None:
    """What StorageObjectInUseProtection admission does on create."""
    finalizers = obj["metadata"].get("finalizers") or []
    if name not in finalizers:
        obj["metadata"]["finalizers"] = [*finalizers, name]


class StorageClassStrategy(BuiltinStrategy):
    pass


class DriverStrategy(BuiltinStrategy):
    """CSI objects and VolumeAttachment: an update must say which version it saw."""

    allows_unconditional_update = False
