"""Claims, classes and slices of devices (resource.k8s.io): stored for schedulers and drivers, never allocated here."""

from __future__ import annotations

from argosy.cluster.kind import WriteContext
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy
from argosy.cluster.kinds.validation.causes import immutable
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause


class DeviceClassStrategy(BuiltinStrategy):
    has_generation = True


class ResourceClaimStrategy(BuiltinStrategy):
    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return immutable("spec", obj.get("spec"), old.get("spec"))


class ResourceSliceStrategy(BuiltinStrategy):
    """A slice keeps its driver, pool and Node; only its devices change."""

    has_generation = True
    labels = {"spec.nodeName": ("spec", "nodeName"), "spec.driver": ("spec", "driver")}  # noqa: RUF012

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        spec, before = obj.get("spec") or {}, old.get("spec") or {}
        pools = [(item.get("pool") or {}).get("name") for item in (spec, before)]
        causes = immutable("spec.pool.name", *pools)
        for name in ("driver", "nodeName"):
            causes += immutable(f"spec.{name}", spec.get(name), before.get(name))
        return causes
