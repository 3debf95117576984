"""Volumes, claims, storage classes and drivers."""

from __future__ import annotations

from argosy.cluster.kind import WriteContext
from argosy.cluster.kinds.cells.storage import DEFAULT_CLASS
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy
from argosy.cluster.kinds.strategies.networking import default_class
from argosy.cluster.kinds.validation import storage as rules
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause

VOLUME_PROTECTION = "kubernetes.io/pv-protection"
_LEGACY_CLASS = "volume.beta.kubernetes.io/storage-class"
CLAIM_PROTECTION = "kubernetes.io/pvc-protection"


class VolumeStrategy(BuiltinStrategy):
    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        now = ctx.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        obj["status"] = {"phase": "Pending", "lastPhaseTransitionTime": now}
        add_finalizer(obj, VOLUME_PROTECTION)

    def prepare_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> None:
        """A new phase is stamped with the time of its change."""
        super().prepare_update(ctx, obj, old)
        before, after = (old.get("status") or {}), (obj.get("status") or {})
        if ctx.subresource == "status" and before.get("phase") != after.get("phase"):
            after["lastPhaseTransitionTime"] = ctx.now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_volume(obj)

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_volume_update(obj, old)


class ClaimStrategy(BuiltinStrategy):
    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        """The default class replaces an absent one (DefaultStorageClass admission); "" asks for none."""
        obj["status"] = {"phase": "Pending"}
        add_finalizer(obj, CLAIM_PROTECTION)
        spec = obj["spec"]
        if spec.get("storageClassName") is None and _LEGACY_CLASS not in (obj["metadata"].get("annotations") or {}):
            name = default_class(ctx, "storage.k8s.io", "storageclasses", DEFAULT_CLASS)
            if name is not None:
                spec["storageClassName"] = name

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_claim(obj)

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_claim_update(obj, old)


def add_finalizer(obj: JsonObject, name: str) -> None:
    """StorageObjectInUseProtection admission on create."""
    finalizers = obj["metadata"].get("finalizers") or []
    if name not in finalizers:
        obj["metadata"]["finalizers"] = [*finalizers, name]


class StorageClassStrategy(BuiltinStrategy):
    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_storage_class(obj)

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_storage_class_update(obj, old)


class DriverStrategy(BuiltinStrategy):
    """CSI objects and VolumeAttachment: an update must carry a resourceVersion."""

    allows_unconditional_update = False
