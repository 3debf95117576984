"""Events in their two shapes (kinds sheet 3): v1 is stored, events.k8s.io is a view of the same objects."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from argosy.cluster.kind import WriteContext
from argosy.cluster.kinds.cells.cluster import event_cells
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy, LabelPaths
from argosy.cluster.kinds.validation.cluster import check_event, check_new_event
from argosy.cluster.kinds.views import event_to_v1
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.status import Cause

_REFERENCE = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")


class EventStrategy(BuiltinStrategy):
    allows_create_on_update = True
    labels: ClassVar[LabelPaths] = {
        **{f"involvedObject.{name}": ("involvedObject", name) for name in _REFERENCE},
        "reason": ("reason",),
        "type": ("type",),
    }

    def field_labels(self, obj: JsonObject) -> dict[str, str]:
        labels = dict(super().field_labels(obj))
        component = (obj.get("source") or {}).get("component") or ""
        labels["source"] = component or obj.get("reportingComponent") or ""
        labels["reportingComponent"] = obj.get("reportingComponent") or component
        return labels

    def field_label_names(self) -> frozenset[str]:
        return frozenset({*self.labels, "source", "reportingComponent"})

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return check_event(obj)


class NewEventStrategy(BuiltinStrategy):
    """events.k8s.io/v1."""

    allows_create_on_update = True
    labels: ClassVar[LabelPaths] = {
        **{f"regarding.{name}": ("regarding", name) for name in _REFERENCE},
        "reason": ("reason",),
        "reportingController": ("reportingController",),
        "type": ("type",),
    }

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return check_new_event(obj)

    def cells(self, obj: JsonObject, now: datetime) -> list[JsonValue]:
        return event_cells(event_to_v1(obj), now)
