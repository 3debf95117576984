"""How a failed Pod affects its Job: podFailurePolicy, and the back-off before the next attempt (kinds sheet 5.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from argosy.cluster.workloads.batch.job_indexes import earlier_failures, index_of
from argosy.cluster.workloads.decision import seconds_after
from argosy.cluster.workloads.pods import phase
from argosy.machinery.objects import JsonObject

FIRST_RETRY, LONGEST_RETRY = 10.0, 600.0


class Judged(NamedTuple):
    """`action`: Count, Ignore, FailIndex or FailJob; `why` is the message of a FailJob."""

    action: str
    why: str = ""


def judge(job: JsonObject, pod: JsonObject) -> Judged:
    """The first rule that matches the failed Pod decides; without one it is counted."""
    for number, rule in enumerate((job["spec"].get("podFailurePolicy") or {}).get("rules") or ()):
        found = _by_exit_code(rule.get("onExitCodes"), pod) or _by_condition(rule.get("onPodConditions"), pod)
        if found:
            return Judged(rule["action"], f"{found} matching {rule['action']} rule at index {number}")
    return Judged("Count")


def _where(pod: JsonObject) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _by_exit_code(wanted: JsonObject | None, pod: JsonObject) -> str:
    if wanted is None:
        return ""
    status = pod.get("status") or {}
    for item in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        code = item["state"].get("terminated", {}).get("exitCode")
        if not code or (wanted.get("containerName") or item["name"]) != item["name"]:
            continue
        if (code in wanted["values"]) is (wanted["operator"] == "In"):
            return f"Container {item['name']} for pod {_where(pod)} failed with exit code {code}"
    return ""


def _by_condition(wanted: Sequence[JsonObject] | None, pod: JsonObject) -> str:
    said = {item["type"]: item.get("status") for item in (pod.get("status") or {}).get("conditions") or ()}
    for pattern in wanted or ():
        if said.get(pattern["type"]) == (pattern.get("status") or "True"):
            return f"Pod {_where(pod)} has condition {pattern['type']}"
    return ""


def failures_by_index(job: JsonObject, pods: Iterable[JsonObject]) -> dict[int, int]:
    """How often each index has failed, without failures that the policy ignores."""
    found: dict[int, int] = {}
    for pod in pods:
        index = index_of(pod)
        if index is not None and phase(pod) == "Failed":
            more = judge(job, pod).action != "Ignore"
            found[index] = max(found.get(index, 0), earlier_failures(pod) + more)
    return found


def failed_indexes(job: JsonObject, pods: Sequence[JsonObject]) -> set[int]:
    """Failed indexes; empty without backoffLimitPerIndex."""
    limit = job["spec"].get("backoffLimitPerIndex")
    if limit is None:
        return set()
    found = {index for index, count in failures_by_index(job, pods).items() if count > limit}
    at_once = (index_of(pod) for pod in pods if phase(pod) == "Failed" and judge(job, pod).action == "FailIndex")
    return found | {index for index in at_once if index is not None}


def retry_at(pods: Iterable[JsonObject]) -> datetime | None:
    """When the next Pod may be created after the failures since the last success."""
    ended = [(ended_at(pod), phase(pod)) for pod in pods]
    since = max((moment for moment, how in ended if how == "Succeeded"), default="")
    row = sorted(moment for moment, how in ended if how == "Failed" and moment > since)
    return seconds_after(row[-1], min(FIRST_RETRY * 2 ** min(len(row) - 1, 10), LONGEST_RETRY)) if row else None


def ended_at(pod: JsonObject) -> str:
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return max((item["state"].get("terminated", {}).get("finishedAt") or "" for item in statuses), default="")
