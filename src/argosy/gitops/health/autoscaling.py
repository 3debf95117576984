"""HorizontalPodAutoscaler (spec 9.2)."""

from __future__ import annotations

import json

from argosy.gitops.health.verdict import Health, degraded, healthy, progressing
from argosy.gitops.keys import annotations_of
from argosy.machinery.objects import JsonObject

ANNOTATION = "autoscaling.alpha.kubernetes.io/conditions"
FAILURES = {
    "AbleToScale": {"FailedGetScale", "FailedUpdateScale"},
    "ScalingActive": {
        "FailedGetResourceMetric",
        "FailedGetObjectMetric",
        "FailedGetPodsMetric",
        "FailedGetExternalMetric",
        "FailedComputeMetricsReplicas",
        "InvalidSelector",
    },
}


def autoscaler(obj: JsonObject) -> Health:
    """In v1 the conditions are JSON in an annotation."""
    if obj.get("apiVersion") == "autoscaling/v1":
        text = annotations_of(obj).get(ANNOTATION)
        found = json.loads(text) if text else []
    else:
        found = (obj.get("status") or {}).get("conditions") or []
    for item in found:
        if item.get("reason") in FAILURES.get(str(item.get("type")), ()):
            return degraded(item.get("message") or "")
    for item in found:
        if item.get("type") in ("AbleToScale", "ScalingLimited") and item.get("status") == "True":
            return healthy(item.get("message") or "")
    return progressing("Waiting to Autoscale")
