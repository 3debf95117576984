"""Workloads whose controllers create Pods: Deployment, ReplicaSet, StatefulSet, DaemonSet and similar kinds."""

from __future__ import annotations

from typing import ClassVar

from argosy.cluster.kind import WriteContext
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy, LabelPaths
from argosy.cluster.kinds.validation import workloads as rules
from argosy.cluster.kinds.validation.causes import immutable
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"


class PodTemplateStrategy(BuiltinStrategy):
    has_generation = True
    generation_fields = ("template",)


class ReplicationControllerStrategy(BuiltinStrategy):
    has_generation = True
    labels: ClassVar[LabelPaths] = {"status.replicas": ("status", "replicas")}

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_replication_controller(obj)


class ReplicaSetStrategy(BuiltinStrategy):
    has_generation = True
    labels: ClassVar[LabelPaths] = {"status.replicas": ("status", "replicas")}

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_replica_set(obj)

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_selector_update(obj, old)


class DeploymentStrategy(BuiltinStrategy):
    has_generation = True
    status_metadata = frozenset({"labels"})

    def spec_changed(self, obj: JsonObject, old: JsonObject) -> bool:
        """Annotations count too: tools store their rollout decisions there (spec 8.3)."""
        annotations = obj["metadata"].get("annotations") or {}
        return annotations != (old["metadata"].get("annotations") or {}) or super().spec_changed(obj, old)

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_deployment(obj)

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_selector_update(obj, old)


class StatefulSetStrategy(BuiltinStrategy):
    has_generation = True

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_stateful_set(obj)

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_stateful_set_update(obj, old)


class DaemonSetStrategy(BuiltinStrategy):
    has_generation = True

    def default(self, obj: JsonObject) -> None:
        """Upstream's conversion writes the count of templates into an annotation, which the writer then owns."""
        super().default(obj)
        if TEMPLATE_GENERATION not in (obj["metadata"].get("annotations") or {}):
            _set_template_generation(obj, 0)

    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        super().prepare_create(ctx, obj)
        _set_template_generation(obj, max(1, template_generation(obj)))

    def prepare_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> None:
        super().prepare_update(ctx, obj, old)
        if ctx.subresource == "status":
            return
        generation = template_generation(old)
        fresh = self.canonical_copy(obj)
        changed = fresh["spec"].get("template") != old["spec"].get("template")
        _set_template_generation(obj, generation + 1 if changed else generation)

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_daemon_set(obj)

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_selector_update(obj, old)


def template_generation(obj: JsonObject) -> int:
    text = (obj["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, "")
    return int(text) if text.isdigit() else 0


def _set_template_generation(obj: JsonObject, generation: int) -> None:
    metadata = obj["metadata"]
    metadata["annotations"] = {**(metadata.get("annotations") or {}), TEMPLATE_GENERATION: str(generation)}


class ControllerRevisionStrategy(BuiltinStrategy):
    """A revision's data never changes; only its number does."""

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return immutable("data", obj.get("data"), old.get("data"))


class DisruptionBudgetStrategy(BuiltinStrategy):
    has_generation = True
    allows_unconditional_update = False

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_disruption_budget(obj)
