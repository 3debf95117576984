"""Defaults of the kinds that run Pods, and of the kinds that scale them (kinds sheet 2.2)."""

from __future__ import annotations

from argosy.apis.kubernetes.defaults.filling import fill, fill_empty, items, struct
from argosy.apis.kubernetes.defaults.pods import default_template
from argosy.machinery.objects import JsonObject

_MANY_RETRIES = 2147483647


def default_deployment(obj: JsonObject) -> None:
    spec = struct(obj, "spec")
    default_template(struct(spec, "template"))
    fill(spec, {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600})
    strategy = struct(spec, "strategy")
    fill_empty(strategy, {"type": "RollingUpdate"})
    if strategy["type"] == "RollingUpdate":
        fill(struct(strategy, "rollingUpdate"), {"maxSurge": "25%", "maxUnavailable": "25%"})


def default_replica_set(obj: JsonObject) -> None:
    spec = struct(obj, "spec")
    default_template(struct(spec, "template"))
    fill(spec, {"replicas": 1})


def default_replication_controller(obj: JsonObject) -> None:
    """The one workload whose selector and labels come from its template."""
    spec = struct(obj, "spec")
    fill(spec, {"replicas": 1})
    template = spec.get("template")
    if template is None:
        return
    default_template(template)
    labels = template["metadata"].get("labels")
    if labels:
        fill_empty(spec, {"selector": dict(labels)})
        fill_empty(struct(obj, "metadata"), {"labels": dict(labels)})


def default_stateful_set(obj: JsonObject) -> None:
    spec = struct(obj, "spec")
    default_template(struct(spec, "template"))
    fill_empty(spec, {"podManagementPolicy": "OrderedReady"})
    update = struct(spec, "updateStrategy")
    if not update.get("type"):
        update["type"] = "RollingUpdate"
        fill(update, {"rollingUpdate": {}})
    if update["type"] == "RollingUpdate" and update.get("rollingUpdate") is not None:
        fill(update["rollingUpdate"], {"partition": 0, "maxUnavailable": 1})
    retention = struct(spec, "persistentVolumeClaimRetentionPolicy")
    fill_empty(retention, {"whenDeleted": "Retain", "whenScaled": "Retain"})
    fill(spec, {"replicas": 1, "revisionHistoryLimit": 10})
    for claim in items(spec, "volumeClaimTemplates"):
        fill_empty(claim, {"apiVersion": "v1", "kind": "PersistentVolumeClaim"})
        fill(struct(claim, "spec"), {"volumeMode": "Filesystem"})
        fill_empty(struct(claim, "status"), {"phase": "Pending"})


def default_daemon_set(obj: JsonObject) -> None:
    spec = struct(obj, "spec")
    default_template(struct(spec, "template"))
    update = struct(spec, "updateStrategy")
    fill_empty(update, {"type": "RollingUpdate"})
    if update["type"] == "RollingUpdate":
        fill(struct(update, "rollingUpdate"), {"maxUnavailable": 1, "maxSurge": 0})
    fill(spec, {"revisionHistoryLimit": 10})


def default_job(obj: JsonObject) -> None:
    spec = struct(obj, "spec")
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = spec["parallelism"] = 1
    fill(spec, {"parallelism": 1})
    _default_job_spec(spec)
    labels = spec["template"]["metadata"].get("labels")
    if labels:
        fill_empty(struct(obj, "metadata"), {"labels": dict(labels)})


def _default_job_spec(spec: JsonObject) -> None:
    default_template(struct(spec, "template"))
    per_index = spec.get("backoffLimitPerIndex") is not None
    replaced = "Failed" if spec.get("podFailurePolicy") is not None else "TerminatingOrFailed"
    fill(
        spec,
        {
            "backoffLimit": _MANY_RETRIES if per_index else 6,
            "completionMode": "NonIndexed",
            "suspend": False,
            "manualSelector": False,
            "podReplacementPolicy": replaced,
        },
    )
    for rule in items(spec.get("podFailurePolicy") or {}, "rules"):
        for pattern in items(rule, "onPodConditions"):
            fill_empty(pattern, {"status": "True"})


def default_cron_job(obj: JsonObject) -> None:
    """Only the Pod template inside the job template is defaulted: the Job's own defaults are set on its creation."""
    spec = struct(obj, "spec")
    fill_empty(spec, {"concurrencyPolicy": "Allow"})
    fill(spec, {"suspend": False, "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1})
    job = struct(spec, "jobTemplate")
    struct(job, "metadata")
    default_template(struct(struct(job, "spec"), "template"))


def default_autoscaler(obj: JsonObject) -> None:
    """HorizontalPodAutoscaler in autoscaling/v2, the stored version."""
    spec = struct(obj, "spec")
    fill(spec, {"minReplicas": 1})
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    behavior = spec.get("behavior")
    if behavior is None:
        return
    up = struct(behavior, "scaleUp")
    fill(up, {"stabilizationWindowSeconds": 0, "selectPolicy": "Max"})
    fill_empty(up, {"policies": [_policy("Pods", 4), _policy("Percent", 100)]})
    down = struct(behavior, "scaleDown")
    fill(down, {"selectPolicy": "Max"})
    fill_empty(down, {"policies": [_policy("Percent", 100)]})


def _policy(kind: str, value: int) -> JsonObject:
    return {"type": kind, "value": value, "periodSeconds": 15}
