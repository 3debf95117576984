"""Kinds that show the objects of another version: autoscaling/v1 over v2, events.k8s.io over v1 Events.

A view's strategy works in the view's own version throughout; `to_storage` and `from_storage` convert between it and
the store.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from argosy.cluster.kind import Kind
from argosy.machinery.objects import JsonObject

_EVENT_FIELDS: Mapping[str, str] = {
    "regarding": "involvedObject",
    "note": "message",
    "reportingController": "reportingComponent",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}
"""events.k8s.io name -> v1 name; all other fields are the same in both (kinds sheet 3)."""
_EVENT_FIELDS_BACK = {old: new for new, old in _EVENT_FIELDS.items()}
_EVENT_ALWAYS: JsonObject = {
    "involvedObject": {},
    "source": {},
    "firstTimestamp": None,
    "lastTimestamp": None,
    "eventTime": None,
    "reportingComponent": "",
    "reportingInstance": "",
}
"""Fields that Go prints in v1 even when empty and that events.k8s.io may omit."""
_EVENT_OPTIONAL = ("note", "reportingController", "reportingInstance", "deprecatedCount")

METRICS = "autoscaling.alpha.kubernetes.io/metrics"
CURRENT_METRICS = "autoscaling.alpha.kubernetes.io/current-metrics"
BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior"
CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions"
_ANNOTATIONS = (METRICS, CURRENT_METRICS, BEHAVIOR, CONDITIONS)


class EventView(Kind):
    def to_storage(self, obj: JsonObject) -> JsonObject:
        return event_to_v1(obj)

    def from_storage(self, obj: JsonObject) -> JsonObject:
        return event_from_v1(obj)


class AutoscalerView(Kind):
    def to_storage(self, obj: JsonObject) -> JsonObject:
        return autoscaler_to_v2(obj)

    def from_storage(self, obj: JsonObject) -> JsonObject:
        return autoscaler_from_v2(obj)


def event_to_v1(obj: JsonObject) -> JsonObject:
    renamed = {_EVENT_FIELDS.get(name, name): value for name, value in obj.items()}
    return {**_EVENT_ALWAYS, **renamed, "apiVersion": "v1"}


def event_from_v1(obj: JsonObject) -> JsonObject:
    renamed = {_EVENT_FIELDS_BACK.get(name, name): value for name, value in obj.items()}
    for name in _EVENT_OPTIONAL:
        if not renamed.get(name):
            renamed.pop(name, None)
    return {**renamed, "apiVersion": "events.k8s.io/v1"}


def autoscaler_to_v2(obj: JsonObject) -> JsonObject:
    """The CPU target becomes the last metric; fields that v1 lacks are restored from its annotations."""
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    metadata, kept = _without_annotations(obj["metadata"])
    metrics = list(kept.get(METRICS) or ())
    percent = spec.pop("targetCPUUtilizationPercentage", None)
    if percent is not None:
        metrics.append(_cpu("target", "averageUtilization", percent))
    if not metrics:
        metrics.append(_cpu("target", "averageUtilization", 80))
    spec["metrics"] = metrics
    if BEHAVIOR in kept:
        spec["behavior"] = kept[BEHAVIOR]
    current = list(kept.get(CURRENT_METRICS) or ())
    used = status.pop("currentCPUUtilizationPercentage", None)
    if used is not None:
        current.append(_cpu("current", "averageUtilization", used))
    status["currentMetrics"] = current or None
    if CONDITIONS in kept:
        status["conditions"] = kept[CONDITIONS]
    status.setdefault("desiredReplicas", 0)
    if not status.get("currentReplicas"):
        status.pop("currentReplicas", None)
    return {**obj, "apiVersion": "autoscaling/v2", "metadata": metadata, "spec": spec, "status": status}


def _cpu(place: str, measure: str, value: int) -> JsonObject:
    amounts: JsonObject = {"type": "Utilization"} if place == "target" else {}
    return {"type": "Resource", "resource": {"name": "cpu", place: {**amounts, measure: value}}}


def _without_annotations(metadata: JsonObject) -> tuple[JsonObject, JsonObject]:
    """(metadata without the four annotations, their parsed values); unreadable ones are dropped."""
    annotations = dict(metadata.get("annotations") or {})
    kept: JsonObject = {}
    for name in _ANNOTATIONS:
        text = annotations.pop(name, None)
        if text is None:
            continue
        try:
            kept[name] = json.loads(text)
        except ValueError:
            continue
    rest = {name: value for name, value in metadata.items() if name != "annotations"}
    return ({**rest, "annotations": annotations} if annotations else rest), kept


def autoscaler_from_v2(obj: JsonObject) -> JsonObject:
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    annotations = dict(obj["metadata"].get("annotations") or {})
    percent, others = _split_cpu(spec.pop("metrics", None) or [], "target")
    used, other_current = _split_cpu(status.pop("currentMetrics", None) or [], "current")
    texts = {
        METRICS: others,
        CURRENT_METRICS: other_current,
        BEHAVIOR: spec.pop("behavior", None),
        CONDITIONS: status.pop("conditions", None),
    }
    annotations.update({name: json.dumps(value, separators=(",", ":")) for name, value in texts.items() if value})
    if percent is not None:
        spec["targetCPUUtilizationPercentage"] = percent
    if used is not None:
        status["currentCPUUtilizationPercentage"] = used
    status.setdefault("currentReplicas", 0)
    status.setdefault("desiredReplicas", 0)
    metadata = {**obj["metadata"], "annotations": annotations} if annotations else obj["metadata"]
    return {**obj, "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": status}


def _split_cpu(metrics: list[JsonObject], place: str) -> tuple[int | None, list[JsonObject]]:
    """The utilisation of the first plain cpu metric, and all other metrics."""
    for index, metric in enumerate(metrics):
        resource = metric.get("resource") or {}
        if metric.get("type") == "Resource" and resource.get("name") == "cpu":
            value = (resource.get(place) or {}).get("averageUtilization")
            if value is not None:
                return int(value), metrics[:index] + metrics[index + 1 :]
    return None, metrics
