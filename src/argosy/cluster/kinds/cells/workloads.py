"""Rows of the workload kinds, and of the kinds that limit and scale them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from argosy.cluster.kinds.cells.plain import NONE, UNKNOWN, UNSET, age, age_since, human_duration, moment
from argosy.machinery.objects import JsonObject, JsonValue

_METRICS_SHOWN = 2


def containers_cells(template: JsonObject) -> list[JsonValue]:
    """Names and images, each joined by commas."""
    containers = (template.get("spec") or {}).get("containers") or ()
    return [
        ",".join(item.get("name", "") for item in containers),
        ",".join(item.get("image", "") for item in containers),
    ]


def labels_text(labels: JsonObject | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items()))


def selector_text(selector: JsonObject | None) -> str:
    """A label selector as a query: `a=b,c in (d,e),!f`; requirements sorted by key."""
    parts = [(key, f"{key}={value}") for key, value in ((selector or {}).get("matchLabels") or {}).items()]
    for item in (selector or {}).get("matchExpressions") or ():
        key, values = item.get("key", ""), ",".join(sorted(item.get("values") or ()))
        match item.get("operator"):
            case "In":
                parts.append((key, f"{key} in ({values})"))
            case "NotIn":
                parts.append((key, f"{key} notin ({values})"))
            case "DoesNotExist":
                parts.append((key, f"!{key}"))
            case _:
                parts.append((key, key))
    return ",".join(text for _, text in sorted(parts))


def _name(obj: JsonObject) -> JsonValue:
    return obj["metadata"].get("name", "")


def deployment_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec, status = obj["spec"], obj.get("status") or {}
    return [
        _name(obj),
        f"{status.get('readyReplicas') or 0}/{spec.get('replicas') or 0}",
        status.get("updatedReplicas") or 0,
        status.get("availableReplicas") or 0,
        age(obj, now),
        *containers_cells(spec.get("template") or {}),
        selector_text(spec.get("selector")),
    ]


def replica_set_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec, status = obj["spec"], obj.get("status") or {}
    counts = [spec.get("replicas") or 0, status.get("replicas") or 0, status.get("readyReplicas") or 0]
    template = containers_cells(spec.get("template") or {})
    return [_name(obj), *counts, age(obj, now), *template, selector_text(spec.get("selector")) or NONE]


def replication_controller_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    return [*replica_set_cells(obj, now)[:-1], labels_text(obj["spec"].get("selector")) or NONE]


def stateful_set_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec, status = obj["spec"], obj.get("status") or {}
    ready = f"{status.get('readyReplicas') or 0}/{spec.get('replicas') or 0}"
    return [_name(obj), ready, age(obj, now), *containers_cells(spec.get("template") or {})]


_DAEMON_COUNTS = (
    "desiredNumberScheduled",
    "currentNumberScheduled",
    "numberReady",
    "updatedNumberScheduled",
    "numberAvailable",
)


def daemon_set_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec, status = obj["spec"], obj.get("status") or {}
    template = spec.get("template") or {}
    nodes = labels_text((template.get("spec") or {}).get("nodeSelector")) or NONE
    counts = [status.get(name) or 0 for name in _DAEMON_COUNTS]
    return [
        _name(obj),
        *counts,
        nodes,
        age(obj, now),
        *containers_cells(template),
        selector_text(spec.get("selector")) or NONE,
    ]


def pod_template_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    template = obj.get("template") or {}
    labels = labels_text((template.get("metadata") or {}).get("labels"))
    return [_name(obj), *containers_cells(template), labels or NONE]


def controller_revision_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    owner = next((item for item in obj["metadata"].get("ownerReferences") or () if item.get("controller")), None)
    controller = NONE
    if owner is not None:
        group = owner.get("apiVersion", "").rpartition("/")[0]
        kind = owner.get("kind", "").lower()
        controller = f"{kind}.{group}/{owner.get('name')}" if group else f"{kind}/{owner.get('name')}"
    return [_name(obj), controller, obj.get("revision") or 0, age(obj, now)]


def job_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec, status = obj["spec"], obj.get("status") or {}
    return [
        _name(obj),
        _job_status(obj, status),
        _completions(spec, status),
        _job_duration(status, now),
        age(obj, now),
        *containers_cells(spec.get("template") or {}),
        selector_text(spec.get("selector")),
    ]


def _job_status(obj: JsonObject, status: JsonObject) -> str:
    met = {item.get("type") for item in status.get("conditions") or () if item.get("status") == "True"}
    for name in ("Complete", "Failed"):
        if name in met:
            return name
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    return next((name for name in ("Suspended", "FailureTarget", "SuccessCriteriaMet") if name in met), "Running")


def _completions(spec: JsonObject, status: JsonObject) -> str:
    done = status.get("succeeded") or 0
    if spec.get("completions") is not None:
        return f"{done}/{spec['completions']}"
    parallelism = spec.get("parallelism") or 0
    return f"{done}/1 of {parallelism}" if parallelism > 1 else f"{done}/1"


def _job_duration(status: JsonObject, now: datetime) -> str:
    started, ended = status.get("startTime"), status.get("completionTime")
    if not started:
        return ""
    return human_duration(((moment(ended) if ended else now) - moment(started)).total_seconds())


def cron_job_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec, status = obj["spec"], obj.get("status") or {}
    last = status.get("lastScheduleTime")
    job = (spec.get("jobTemplate") or {}).get("spec") or {}
    return [
        _name(obj),
        spec.get("schedule", ""),
        spec.get("timeZone") or NONE,
        {True: "True", False: "False", None: UNSET}[spec.get("suspend")],
        len(status.get("active") or ()),
        age_since(last, now) if last else NONE,
        age(obj, now),
        *containers_cells(job.get("template") or {}),
        selector_text(job.get("selector")) or NONE,
    ]


def disruption_budget_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    bounds = ["N/A" if spec.get(name) is None else str(spec[name]) for name in ("minAvailable", "maxUnavailable")]
    return [_name(obj), *bounds, status.get("disruptionsAllowed") or 0, age(obj, now)]


def autoscaler_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    """The v2 form."""
    spec, status = obj["spec"], obj.get("status") or {}
    target = spec.get("scaleTargetRef") or {}
    minimum = spec.get("minReplicas")
    return [
        _name(obj),
        f"{target.get('kind', '')}/{target.get('name', '')}",
        _metrics(spec.get("metrics") or (), status.get("currentMetrics") or ()),
        UNSET if minimum is None else str(minimum),
        spec.get("maxReplicas") or 0,
        status.get("currentReplicas") or 0,
        age(obj, now),
    ]


_METRIC_SOURCES = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
}


def _metrics(specs: Iterable[JsonObject], statuses: Iterable[JsonObject]) -> str:
    known = list(statuses)
    texts = [_metric(spec, known[index] if index < len(known) else {}) for index, spec in enumerate(specs)]
    if not texts:
        return NONE
    more = len(texts) - _METRICS_SHOWN
    shown = ", ".join(texts[:_METRICS_SHOWN])
    return f"{shown} + {more} more..." if more > 0 else shown


def _metric(spec: JsonObject, status: JsonObject) -> str:
    source = _METRIC_SOURCES.get(spec.get("type", ""), "")
    wanted = spec.get(source) or {}
    target, current = wanted.get("target") or {}, (status.get(source) or {}).get("current") or {}
    prefix = f"{wanted.get('name')}: " if source in ("resource", "containerResource") else ""
    if source in ("resource", "containerResource") and target.get("averageUtilization") is not None:
        now = current.get("averageUtilization")
        return f"{prefix}{UNKNOWN if now is None else f'{now}%'}/{target['averageUtilization']}%"
    if target.get("averageValue") is not None:
        suffix = " (avg)" if source in ("object", "external") else ""
        return f"{prefix}{current.get('averageValue') or UNKNOWN}/{target['averageValue']}{suffix}"
    return f"{prefix}{current.get('value') or UNKNOWN}/{target.get('value', '<auto>')}"
