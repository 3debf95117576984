"""HorizontalPodAutoscaler: stored as autoscaling/v2, also served as the older v1."""

from __future__ import annotations

from datetime import datetime

from argosy.cluster.kind import WriteContext
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy
from argosy.cluster.kinds.validation.workloads import check_autoscaler
from argosy.cluster.kinds.views import autoscaler_to_v2
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.status import Cause


class AutoscalerStrategy(BuiltinStrategy):
    """autoscaling/v2."""

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return check_autoscaler(obj)


class OldAutoscalerStrategy(BuiltinStrategy):
    """autoscaling/v1."""

    def default(self, obj: JsonObject) -> None:
        spec = obj.setdefault("spec", {})
        if spec.get("minReplicas") is None:
            spec["minReplicas"] = 1

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return check_autoscaler(autoscaler_to_v2(obj))

    def cells(self, obj: JsonObject, now: datetime) -> list[JsonValue]:
        return super().cells(autoscaler_to_v2(obj), now)
