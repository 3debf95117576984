"""A Rollout with all of its objects as JSON, in the form of upstream's dashboard: `argosy rollout get -o json`.

Empty, zero and false values are left out, as there.
"""

from __future__ import annotations

from typing import Any

from argosy.apis.rollouts import Rollout
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject
from argosy.rollouts.commands.info import RUN_ICONS, Info, Node

TAGS = ("canary", "stable", "active", "preview", "ping", "pong")
JOB_NAME, JOB_NAMESPACE = "job-name", "job-namespace"


def view_of(rollout: Rollout, info: Info) -> JsonObject:
    canary, template = rollout.spec.strategy.canary, (rollout.spec.template or {}).get("spec") or {}
    metadata = rollout.raw["metadata"]
    names = ("name", "namespace", "labels", "annotations", "uid", "generation", "creationTimestamp", "resourceVersion")
    counts = {name: info.counts[name.title()] for name in ("desired", "ready", "current", "updated", "available")}
    return _full(
        {
            "objectMeta": _full({name: metadata.get(name) for name in names}),
            "status": info.status,
            "message": info.message,
            "icon": info.icon,
            "strategy": info.strategy,
            "step": info.step,
            "steps": list(_steps(rollout)) if canary is not None and info.step else None,
            "setWeight": info.set_weight,
            "actualWeight": info.actual_weight,
            **counts,
            "restartedAt": _go_time(rollout.status.restarted_at),
            "generation": rollout.status.observed_generation,
            "replicaSets": [_set(one) for one in info.sets],
            "experiments": [_experiment(one) for one in info.experiments],
            "analysisRuns": [_run(one) for one in info.runs],
            "containers": _containers(template.get("containers")),
            "initContainers": _containers(template.get("initContainers")),
        }
    )


def _steps(rollout: Rollout) -> Any:
    return (((rollout.raw.get("spec") or {}).get("strategy") or {}).get("canary") or {}).get("steps") or ()


def _full(parts: JsonObject) -> JsonObject:
    return {
        name: value for name, value in parts.items() if value not in (None, "", 0, [], {}, ()) and value is not False
    }


def _go_time(text: str | None) -> str:
    return timestamps.parse(text).strftime("%Y-%m-%d %H:%M:%S +0000 UTC") if text else "Never"


def _containers(found: Any) -> list[JsonObject]:
    return [_full({"name": one.get("name"), "image": one.get("image")}) for one in found or ()]


def _meta(node: Node) -> JsonObject:
    metadata = node.raw["metadata"]
    return _full({name: metadata.get(name) for name in ("name", "namespace", "uid", "creationTimestamp")})


def _common(node: Node) -> JsonObject:
    return {"objectMeta": _meta(node), "status": node.status, "icon": node.icon, "revision": node.revision}


def _set(node: Node) -> JsonObject:
    spec = ((node.raw.get("spec") or {}).get("template") or {}).get("spec") or {}
    template = next((tag.removeprefix("Σ:") for tag in node.tags if tag.startswith("Σ:")), "")
    return _full(
        {
            **_common(node),
            **{tag: True for tag in TAGS if tag in node.tags},
            "template": template,
            "scaleDownDeadline": node.deadline,
            "replicas": node.replicas,
            "available": node.available,
            "images": list(node.images),
            "initContainerImages": [one.get("image") for one in spec.get("initContainers") or ()],
            "pods": [_pod(one) for one in node.children],
        }
    )


def _pod(node: Node) -> JsonObject:
    notes = dict(note.split(":", 1) for note in node.notes)
    restarts = int(notes.get("restarts") or 0)
    return _full({**_common(node), "ready": notes.get("ready"), "restarts": restarts, "revision": 0})


def _experiment(node: Node) -> JsonObject:
    return _full(
        {
            **_common(node),
            "message": (node.raw.get("status") or {}).get("message"),
            "replicaSets": [_set(one) for one in node.children if one.kind == "ReplicaSet"],
            "analysisRuns": [_run(one) for one in node.children if one.kind == "AnalysisRun"],
        }
    )


def _run(node: Node) -> JsonObject:
    spec, status = node.raw.get("spec") or {}, node.raw.get("status") or {}
    results = status.get("metricResults") or ()
    counts = {
        name: sum(int(one.get(name) or 0) for one in results)
        for name in ("successful", "failed", "inconclusive", "error")
    }
    taken = [(str(one["name"]), measurement) for one in results for measurement in one.get("measurements") or ()]
    return _full(
        {
            **_common(node),
            **counts,
            "jobs": [_job(node, name, one) for name, one in taken if JOB_NAME in (one.get("metadata") or {})],
            "nonJobInfo": [_measurement(name, one) for name, one in taken if one.get("metadata") is None],
            "metrics": [_metric(one) for one in spec.get("metrics") or ()],
            "specAndStatus": {"spec": spec, "status": status},
        }
    )


def _metric(metric: JsonObject) -> JsonObject:
    limits = {name: metric.get(name) for name in ("count", "inconclusiveLimit", "failureLimit")}
    numbers = {name: value for name, value in limits.items() if isinstance(value, int)}
    return _full({"name": metric.get("name"), "successCondition": metric.get("successCondition"), **numbers})


def _measurement(metric: str, measurement: JsonObject) -> JsonObject:
    parts = {"value": measurement.get("value"), "status": measurement.get("phase"), "metricName": metric}
    return _full({**parts, "startedAt": measurement.get("startedAt")})


def _job(node: Node, metric: str, measurement: JsonObject) -> JsonObject:
    notes, phase = measurement["metadata"], str(measurement.get("phase") or "")
    namespace = notes.get(JOB_NAMESPACE) or node.raw["metadata"].get("namespace")
    metadata = {"name": notes[JOB_NAME], "namespace": namespace, "creationTimestamp": measurement.get("startedAt")}
    parts = {"objectMeta": _full(metadata), "status": phase, "icon": RUN_ICONS.get(phase, " "), "metricName": metric}
    return _full({**parts, "startedAt": measurement.get("startedAt")})
