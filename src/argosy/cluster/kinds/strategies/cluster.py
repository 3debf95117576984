"""Kinds that describe the cluster itself: namespaces, nodes, leases, classes, certificate requests."""

from __future__ import annotations

from typing import ClassVar

from argosy.cluster.kind import WriteContext
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy, LabelPaths, keep
from argosy.cluster.kinds.validation import cluster as rules
from argosy.machinery import names as naming
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause

NAMESPACE_LABEL = "kubernetes.io/metadata.name"
_KUBERNETES = "kubernetes"


class NamespaceStrategy(BuiltinStrategy):
    def name_rule(self, name: str) -> list[str]:
        return naming.dns_label(name)

    labels: ClassVar[LabelPaths] = {"status.phase": ("status", "phase")}

    def default(self, obj: JsonObject) -> None:
        metadata = obj["metadata"]
        name = metadata.get("name")
        if name and (metadata.get("labels") or {}).get(NAMESPACE_LABEL) != name:
            metadata["labels"] = {**(metadata.get("labels") or {}), NAMESPACE_LABEL: name}

    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        obj["status"] = {"phase": "Active"}
        finalizers = (obj.get("spec") or {}).get("finalizers") or []
        obj["spec"] = {"finalizers": finalizers if _KUBERNETES in finalizers else [*finalizers, _KUBERNETES]}
        self.default(obj)

    def prepare_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> None:
        """spec.finalizers can be changed only through the finalize endpoint."""
        if ctx.subresource == "finalize":
            keep(obj, old, "status")
            return
        super().prepare_update(ctx, obj, old)
        keep(obj, old, "spec")


class NodeStrategy(BuiltinStrategy):
    keeps_status_on_create = True
    labels: ClassVar[LabelPaths] = {"spec.unschedulable": ("spec", "unschedulable")}

    def field_labels(self, obj: JsonObject) -> dict[str, str]:
        return {"spec.unschedulable": "true" if (obj.get("spec") or {}).get("unschedulable") else "false"}


class LeaseStrategy(BuiltinStrategy):
    allows_unconditional_update = False
    allows_create_on_update = True

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_lease(obj)


class PriorityClassStrategy(BuiltinStrategy):
    has_generation = True
    generation_fields = ()

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_priority_class(obj)

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_priority_class_update(obj, old)


class RuntimeClassStrategy(BuiltinStrategy):
    allows_unconditional_update = False
    allows_create_on_update = True

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_runtime_class(obj)

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_runtime_class_update(obj, old)


class FlowControlStrategy(BuiltinStrategy):
    has_generation = True
    allows_unconditional_update = False


class SigningRequestStrategy(BuiltinStrategy):
    labels: ClassVar[LabelPaths] = {"spec.signerName": ("spec", "signerName")}

    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        """The requester is the user who sent the request, whatever the body claims."""
        super().prepare_create(ctx, obj)
        spec = obj.setdefault("spec", {})
        for name in ("username", "uid", "groups", "extra"):
            spec.pop(name, None)
        spec["username"] = ctx.user.name
        if ctx.user.uid:
            spec["uid"] = ctx.user.uid
        if ctx.user.groups:
            spec["groups"] = list(ctx.user.groups)
        if ctx.user.extra:
            spec["extra"] = {key: list(values) for key, values in ctx.user.extra.items()}

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_signing_request(obj)

    def prepare_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> None:
        """The main endpoint changes metadata only; `approval` the approval conditions; `status` all the others."""
        keep(obj, old, "spec")
        if ctx.subresource == "":
            keep(obj, old, "status")
        elif ctx.subresource == "approval":
            conditions = (obj.get("status") or {}).get("conditions")
            keep(obj, old, "status")
            obj["status"] = {**(obj.get("status") or {}), "conditions": conditions or []}
        if ctx.subresource:
            self._date_conditions(ctx, obj, old)

    def _date_conditions(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> None:
        """A new condition gets the current time; a known one keeps its transition time."""
        now = ctx.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        known = {item.get("type"): item for item in (old.get("status") or {}).get("conditions") or ()}
        dated = []
        for item in (obj.get("status") or {}).get("conditions") or ():
            since = known.get(item.get("type"), {}).get("lastTransitionTime") or now
            times = {"lastUpdateTime": item.get("lastUpdateTime") or now}
            dated.append({**item, **times, "lastTransitionTime": item.get("lastTransitionTime") or since})
        if dated:
            obj["status"] = {**obj["status"], "conditions": dated}
