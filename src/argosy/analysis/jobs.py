"""Metrics that are Jobs: created here, and assessed by their outcome. They need no outside request.

A Job is named after the run's uid and the number of the measurement, so that the same one is found after a crash.
Source: spec/rollouts-analysis-traffic.md 11.6; argo-rollouts: metricproviders/job/job.go.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.analysis.phases import ERROR, FAILED, INCONCLUSIVE, RUNNING, SUCCESSFUL
from argosy.analysis.results import number_of_next, time_of
from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.apis.rollouts.metrics import Metric
from argosy.machinery import timestamps
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.requests import Write, create, delete

JOBS: Final = Resource("batch", "v1", "jobs", "Job")
PODS: Final = Resource("", "v1", "pods", "Pod")

UID: Final = "analysisrun.argoproj.io/uid"
NAME: Final = "analysisrun.argoproj.io/name"
NAMESPACE: Final = "analysisrun.argoproj.io/namespace"
METRIC_NAME: Final = "analysisrun.argoproj.io/metric-name"
LONGEST_NAME: Final = 63
MISSING_GRACE: Final = timedelta(seconds=30)
"""A Job that is missing so soon after its creation may just not be in the cache yet."""
_STUCK: Final = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName"})


@dataclass(frozen=True, slots=True)
class Sight:
    """The Jobs of a run by name, and the Pods of unfinished ones."""

    jobs: dict[str, JsonObject]
    pods: tuple[JsonObject, ...]


NO_SIGHT: Final = Sight({}, ())


def seen_jobs(snapshot: Snapshot, run: AnalysisRun, namespace: str, *, with_pods: bool) -> Sight:
    selector = f"{UID}={run.metadata.uid}"
    jobs = snapshot.objects(JOBS, namespace, selector)
    pods = snapshot.objects(PODS, namespace, selector) if with_pods else ()
    return Sight({str(job["metadata"]["name"]): job for job in jobs}, pods)


def job_name(run: AnalysisRun, status: JsonObject, metric: str) -> str:
    """Used as a label: at most 63 characters, so the metric's name is cut."""
    number = number_of_next(status, metric)
    name = f"{run.metadata.uid}.{metric}.{number}"
    over = len(name) - LONGEST_NAME
    return name if over <= 0 else f"{run.metadata.uid}.{metric[: max(0, len(metric) - over)]}.{number}"


def new_job(run: AnalysisRun, metric: Metric, name: str, namespace: str) -> JsonObject:
    given: Any = copy.deepcopy(metric.provider["job"])
    metadata = given.get("metadata") or {}
    spec = given.get("spec") or {}
    template = spec.setdefault("template", {})
    pod_metadata = template.get("metadata") or {}
    template["metadata"] = {**pod_metadata, "labels": {**(pod_metadata.get("labels") or {}), UID: run.metadata.uid}}
    told = {NAME: run.metadata.name, NAMESPACE: run.metadata.namespace, METRIC_NAME: metric.name}
    job: JsonObject = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {**(metadata.get("labels") or {}), UID: run.metadata.uid},
            "annotations": {**(metadata.get("annotations") or {}), **told},
        },
        "spec": spec,
    }
    if namespace == run.metadata.namespace:  # an owner in another namespace would have it garbage-collected at once
        job["metadata"]["ownerReferences"] = [
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "AnalysisRun",
                "name": run.metadata.name,
                "uid": run.metadata.uid,
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]
    return job


def started(
    run: AnalysisRun, status: JsonObject, metric: Metric, sight: Sight, namespace: str, now: datetime
) -> tuple[tuple[Write, ...], JsonObject]:
    """The write that creates the Job, unless it exists, and the measurement for it."""
    name = job_name(run, status, metric.name)
    steps = () if name in sight.jobs else (create(JOBS, new_job(run, metric, name, namespace)),)
    measurement: JsonObject = {
        "phase": RUNNING,
        "startedAt": timestamps.seconds(now),
        "resumeAt": timestamps.seconds(now),
        "metadata": {"job-name": name, "job-namespace": namespace},
    }
    return steps, measurement


def refused(now: datetime, message: str) -> JsonObject:
    """The measurement for a Job that the API server refused."""
    at = timestamps.seconds(now)
    return {"phase": ERROR, "startedAt": at, "finishedAt": at, "message": message}


def judged(measurement: JsonObject, sight: Sight, now: datetime) -> JsonObject | None:
    """The finished measurement, or None while the Job runs."""
    name = str((measurement.get("metadata") or {}).get("job-name") or "")
    if not name:
        return _finished(measurement, ERROR, now, "job metadata reference missing")
    job = sight.jobs.get(name)
    if job is None:
        since = time_of(measurement.get("startedAt"))
        if since is not None and now < since + MISSING_GRACE:
            return None
        return _finished(measurement, ERROR, now, f'job.batch "{name}" not found')
    for condition in (job.get("status") or {}).get("conditions") or ():
        phase = {"Complete": SUCCESSFUL, "Failed": FAILED}.get(str(condition.get("type")))
        if phase is not None and condition.get("status") != "False":
            return _finished(measurement, phase, now)
    if reason := _stuck_reason(sight.pods, name):
        return _finished(measurement, INCONCLUSIVE, now, reason)
    return None


def missing_until(measurement: JsonObject, sight: Sight) -> datetime | None:
    """When a Job that is missing counts as lost."""
    name = str((measurement.get("metadata") or {}).get("job-name") or "")
    since = time_of(measurement.get("startedAt"))
    return since + MISSING_GRACE if since is not None and name not in sight.jobs else None


def terminated(measurement: JsonObject, sight: Sight, now: datetime) -> tuple[tuple[Write, ...], JsonObject]:
    """The write that deletes the Job, and the measurement without an outcome."""
    job = sight.jobs.get(str((measurement.get("metadata") or {}).get("job-name") or ""))
    steps = () if job is None or _is_going(job) else (delete(JOBS, job, propagation="Foreground", exact=False),)
    return steps, _finished(measurement, INCONCLUSIVE, now, "Metric Terminated")


def surplus(metric: str, sight: Sight, limit: int) -> Sequence[Write]:
    """Deletes the oldest Jobs of the metric beyond the limit; upstream also counts those of other metrics."""
    jobs = [job for job in sight.jobs.values() if (job["metadata"].get("annotations") or {}).get(METRIC_NAME) == metric]
    jobs.sort(key=lambda job: (str(job["metadata"].get("creationTimestamp")), str(job["metadata"]["name"])))
    old = jobs[:-limit] if len(jobs) > limit else []
    return [delete(JOBS, job, propagation="Foreground", exact=False) for job in old if not _is_going(job)]


def _is_going(job: JsonObject) -> bool:
    return bool(job["metadata"].get("deletionTimestamp"))


def _finished(measurement: JsonObject, phase: str, now: datetime, message: str = "") -> JsonObject:
    done = {**measurement, "phase": phase, "finishedAt": timestamps.seconds(now)}
    return {**done, "message": message} if message else done


def _stuck_reason(pods: Sequence[JsonObject], job: str) -> str:
    """Why a Pod of the Job will never run by itself, or ""."""
    for pod in pods:
        if (pod["metadata"].get("labels") or {}).get("job-name") != job:
            continue
        status = pod.get("status") or {}
        for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
            waiting = (container.get("state") or {}).get("waiting") or {}
            if waiting.get("reason") in _STUCK:
                return (
                    f"Pod {pod['metadata']['name']}, container {container.get('name')} has terminal error "
                    f"({waiting['reason']}): {waiting.get('message', '')}\n"
                )
    return ""
