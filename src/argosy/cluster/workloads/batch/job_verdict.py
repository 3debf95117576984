"""Whether a Job is finished, and why (kinds sheet 5.4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from argosy.cluster.workloads.batch.job_failures import judge
from argosy.cluster.workloads.batch.job_indexes import is_indexed, unranges
from argosy.cluster.workloads.decision import seconds_after
from argosy.cluster.workloads.pods import condition, is_active, phase
from argosy.machinery.objects import JsonObject


class Verdict(NamedTuple):
    final: str
    """Complete or Failed."""
    reason: str
    message: str


def totals(job: JsonObject, status: JsonObject) -> tuple[int, int]:
    """(succeeded, failed), including those that are not counted yet."""
    uncounted = status.get("uncountedTerminatedPods") or {}
    succeeded = (status.get("succeeded") or 0) + len(uncounted.get("succeeded", ()))
    if is_indexed(job):
        succeeded = len(unranges(status.get("completedIndexes")))
    return succeeded, (status.get("failed") or 0) + len(uncounted.get("failed", ()))


def deadline_of(job: JsonObject, status: JsonObject) -> datetime | None:
    seconds = job["spec"].get("activeDeadlineSeconds")
    return seconds_after(status["startTime"], seconds) if seconds is not None and status.get("startTime") else None


def verdict(job: JsonObject, pods: Sequence[JsonObject], status: JsonObject, now: datetime) -> Verdict | None:
    """`status` as it is about to be written. None while the Job continues."""
    return (
        _reached_before(job)
        or _success_policy(job, status)
        or _failed(job, pods, status, now)
        or _completed(job, pods, status)
    )


def _reached_before(job: JsonObject) -> Verdict | None:
    """Once the outcome is decided nothing changes it any more."""
    for early, final in (("SuccessCriteriaMet", "Complete"), ("FailureTarget", "Failed")):
        found = condition(job, early)
        if found is not None and found["status"] == "True":
            return Verdict(final, found.get("reason", ""), found.get("message", ""))
    return None


def _success_policy(job: JsonObject, status: JsonObject) -> Verdict | None:
    done = unranges(status.get("completedIndexes")) if is_indexed(job) else set()
    for number, rule in enumerate((job["spec"].get("successPolicy") or {}).get("rules") or ()):
        wanted = unranges(rule["succeededIndexes"]) if rule.get("succeededIndexes") else None
        met = done if wanted is None else done & wanted
        needed = rule.get("succeededCount") or (len(wanted) if wanted is not None else None)
        if needed is not None and len(met) >= needed:
            return Verdict("Complete", "SuccessPolicy", f"Matched rules at index {number}")
    return None


def _failed(job: JsonObject, pods: Sequence[JsonObject], status: JsonObject, now: datetime) -> Verdict | None:
    spec = job["spec"]
    for pod in pods:
        if phase(pod) == "Failed" and (judged := judge(job, pod)).action == "FailJob":
            return Verdict("Failed", "PodFailurePolicy", judged.why)
    if totals(job, status)[1] + _restarts(job, pods) > spec.get("backoffLimit", 6):
        return Verdict("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    due = deadline_of(job, status)
    if due is not None and now >= due:
        return Verdict("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")
    lost = len(unranges(status.get("failedIndexes")))
    if spec.get("maxFailedIndexes") is not None and lost > spec["maxFailedIndexes"]:
        text = "Job has exceeded the specified maximal number of failed indexes"
        return Verdict("Failed", "MaxFailedIndexesExceeded", text)
    if lost and lost + totals(job, status)[0] >= spec["completions"]:
        return Verdict("Failed", "FailedIndexes", "Job has failed indexes")
    return None


def _restarts(job: JsonObject, pods: Sequence[JsonObject]) -> int:
    """Container restarts count as failures with restartPolicy OnFailure."""
    if job["spec"]["template"]["spec"].get("restartPolicy") != "OnFailure":
        return 0
    statuses = [
        item for pod in pods if is_active(pod) for item in (pod.get("status") or {}).get("containerStatuses") or ()
    ]
    return sum(item.get("restartCount") or 0 for item in statuses)


def _completed(job: JsonObject, pods: Sequence[JsonObject], status: JsonObject) -> Verdict | None:
    completions, succeeded = job["spec"].get("completions"), totals(job, status)[0]
    none_runs = succeeded > 0 and not any(map(is_active, pods))
    enough = none_runs if completions is None else succeeded >= completions
    return Verdict("Complete", "CompletionsReached", "Reached expected number of succeeded pods") if enough else None
