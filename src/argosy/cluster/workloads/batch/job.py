"""Job: Pods that run to completion, each counted once by means of a finalizer (kinds sheet 5.4).

A finished Pod is listed in `uncountedTerminatedPods`, loses its finalizer, and is then counted: a crash between the
steps never counts it twice or not at all. `job_verdict.py` decides when a Job ends, `job_failures.py` about failures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from argosy.cluster.workloads.batch.job_failures import failed_indexes, failures_by_index, judge, retry_at
from argosy.cluster.workloads.batch.job_indexes import (
    FAILURES,
    INDEX,
    index_of,
    is_indexed,
    open_indexes,
    ranges,
    unranges,
)
from argosy.cluster.workloads.batch.job_verdict import Verdict, deadline_of, totals, verdict
from argosy.cluster.workloads.decision import (
    NOTHING,
    Controller,
    Decision,
    Event,
    Step,
    create,
    delete,
    earliest,
    merge,
    seconds_after,
    stamp,
    with_status,
)
from argosy.cluster.workloads.matching import itself, owner_of_kind
from argosy.cluster.workloads.pods import condition, from_template, is_active, is_deleting, is_ready, is_true, phase
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key

TRACKING = "batch.kubernetes.io/job-tracking"
BURST = 500
"""Maximum Pods created in one step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    job: JsonObject
    pods: tuple[JsonObject, ...]
    names: tuple[str, ...]
    indexed_names: dict[int, str]


def look(view: View, key: Key) -> Seen | tuple[JsonObject, ...] | None:
    """The Job, or Pods that it left behind with their finalizers."""
    job = view.get("jobs", key)
    if job is None:
        left = [pod for pod in view.within("pods", key.namespace) if _left_behind(view, pod, key.name)]
        return tuple(left) or None
    pods = view.owned("pods", job)
    room = max(0, min(int(job["spec"].get("parallelism", 1)), BURST, view.pods_per_owner - len(pods)))
    if not is_indexed(job):
        names = view.free_pod_names(job, f"{key.name}-", room)
        return Seen(job=job, pods=tuple(pods), names=names, indexed_names={})
    open_now = islice(open_indexes(job, pods), room + len(pods))
    indexed = {index: view.free_pod_names(job, f"{key.name}-{index}-", 1)[0] for index in open_now}
    return Seen(job=job, pods=tuple(pods), names=(), indexed_names=indexed)


def _left_behind(view: View, pod: JsonObject, job: str) -> bool:
    labels = pod["metadata"].get("labels") or {}
    return TRACKING in (pod["metadata"].get("finalizers") or ()) and labels.get("batch.kubernetes.io/job-name") == job


def decide(seen: Seen | tuple[JsonObject, ...], now: datetime) -> Decision:
    if isinstance(seen, tuple):
        return Decision(tuple(map(_released, seen)))
    finished = is_true(seen.job, "Complete") or is_true(seen.job, "Failed")
    if is_deleting(seen.job):
        return Decision(tuple(_released(pod) for pod in seen.pods if _is_tracked(pod)))
    if finished:
        return _after_end(seen, now)
    return _Sync(seen, now).decide()


def _is_tracked(pod: JsonObject) -> bool:
    return TRACKING in (pod["metadata"].get("finalizers") or ())


def _released(pod: JsonObject) -> Step:
    kept = [name for name in pod["metadata"].get("finalizers") or () if name != TRACKING]
    return merge(pod, {"metadata": {"finalizers": kept or None}})


def _after_end(seen: Seen, now: datetime) -> Decision:
    steps: list[Step] = [_released(pod) for pod in seen.pods if _is_tracked(pod)]
    ttl = seen.job["spec"].get("ttlSecondsAfterFinished")
    if ttl is None:
        return Decision(tuple(steps)) if steps else NOTHING
    ended = condition(seen.job, "Complete") or condition(seen.job, "Failed") or {}
    due = seconds_after(ended["lastTransitionTime"], ttl)
    if now >= due:
        steps.append(delete(seen.job, policy="Foreground"))
        return Decision(tuple(steps))
    return Decision(tuple(steps), due)


@dataclass(slots=True)
class _Sync:
    seen: Seen
    now: datetime
    steps: list[Step] = field(default_factory=list)
    wake_at: datetime | None = None

    @property
    def job(self) -> JsonObject:
        return self.seen.job

    def decide(self) -> Decision:
        before = self.job.get("status") or {}
        status = dict(before)
        counted = self._count(status)
        active = [pod for pod in self.seen.pods if is_active(pod)]
        if self.job["spec"].get("suspend"):
            self._suspend(status, active)
            active = []
        else:
            active = self._go_on(status, active)
        self._fill(status, active)
        if status != before:
            self.steps.insert(0, with_status(self.job, status))
        self.steps += [_released(pod) for pod in counted]
        return Decision(tuple(self.steps), self.wake_at)

    def _go_on(self, status: JsonObject, active: list[JsonObject]) -> list[JsonObject]:
        """Returns the Pods that are active afterwards."""
        self._resume(status)
        ending = verdict(self.job, self.seen.pods, status, self.now)
        if ending is None:
            self.wake_at = earliest(self.wake_at, deadline_of(self.job, status))
            return self._scale(status, active)
        self._end(status, ending, active)
        return active if ending.reason == "CompletionsReached" else []

    # -- counting ----------------------------------------------------------------------------------------------------

    def _count(self, status: JsonObject) -> list[JsonObject]:
        """Adds finished Pods to the counts; returns those whose finalizer is removed now. In place."""
        uncounted = {name: list(uids) for name, uids in (status.get("uncountedTerminatedPods") or {}).items()}
        tracked = {pod["metadata"]["uid"]: pod for pod in self.seen.pods if _is_tracked(pod)}
        for name in ("succeeded", "failed"):
            done = [uid for uid in uncounted.get(name, ()) if uid not in tracked]
            if done:
                status[name] = (status.get(name) or 0) + len(done)
                uncounted[name] = [uid for uid in uncounted[name] if uid in tracked]
        for uid, pod in tracked.items():
            name = _outcome(pod)
            if name and uid not in uncounted.get(name, ()) and self._counts(pod, status):
                uncounted.setdefault(name, []).append(uid)
        status["uncountedTerminatedPods"] = {name: uids for name, uids in uncounted.items() if uids}
        if is_indexed(self.job):
            self._count_indexes(status)
        return [pod for pod in tracked.values() if _outcome(pod)]

    def _counts(self, pod: JsonObject, status: JsonObject) -> bool:
        """Not an index that succeeds a second time, nor a failure that the policy ignores."""
        if _outcome(pod) == "failed":
            return judge(self.job, pod).action != "Ignore"
        return not is_indexed(self.job) or index_of(pod) not in unranges(status.get("completedIndexes"))

    def _count_indexes(self, status: JsonObject) -> None:
        ended = {index_of(pod) for pod in self.seen.pods if _outcome(pod) == "succeeded"}
        done = unranges(status.get("completedIndexes")) | {index for index in ended if index is not None}
        lost = (unranges(status.get("failedIndexes")) | failed_indexes(self.job, self.seen.pods)) - done
        if done:
            status["completedIndexes"] = ranges(done)
        if self.job["spec"].get("backoffLimitPerIndex") is not None:
            status["failedIndexes"] = ranges(lost)

    # -- finishing ---------------------------------------------------------------------------------------------------

    def _end(self, status: JsonObject, ending: Verdict, active: list[JsonObject]) -> None:
        final, reason, message = ending
        self._set(status, "SuccessCriteriaMet" if final == "Complete" else "FailureTarget", reason, message)
        self.steps += [delete(pod) for pod in active]
        open_pods = [pod for pod in self.seen.pods if not _outcome(pod) or _is_tracked(pod)]
        if open_pods or status.get("uncountedTerminatedPods"):
            return
        self._set(status, final, reason, message)
        if final == "Complete":
            status["completionTime"] = stamp(self.now)
            self._record_event("Completed", "Job completed")
        else:
            self._record_event(reason, message, warning=True)

    def _set(self, status: JsonObject, kind: str, reason: str, message: str, truth: str = "True") -> None:
        conditions = status.get("conditions") or []
        current = next((item for item in conditions if item["type"] == kind), None)
        if current is not None and current["status"] == truth:
            return
        time = stamp(self.now)
        new = {
            "type": kind,
            "status": truth,
            "lastProbeTime": time,
            "lastTransitionTime": time,
            "reason": reason,
            "message": message,
        }
        status["conditions"] = [*(item for item in conditions if item["type"] != kind), new]

    # -- scaling -----------------------------------------------------------------------------------------------------

    def _suspend(self, status: JsonObject, active: list[JsonObject]) -> None:
        if not is_true(self.job, "Suspended"):
            self._set(status, "Suspended", "JobSuspended", "Job suspended")
            self._record_event("Suspended", "Job suspended")
        status.pop("startTime", None)
        for pod in active:
            self.steps.append(delete(pod))
            self._record_event("SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")

    def _resume(self, status: JsonObject) -> None:
        if is_true(self.job, "Suspended"):
            self._set(status, "Suspended", "JobResumed", "Job resumed", "False")
            self._record_event("Resumed", "Job resumed")
        status.setdefault("startTime", stamp(self.now))

    def _scale(self, status: JsonObject, active: list[JsonObject]) -> list[JsonObject]:
        target = self._target(status, active)
        if len(active) > target:
            for pod in active[target:]:
                self.steps.append(delete(pod))
                self._record_event("SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
            return active[:target]
        missing = target - len(active)
        if self.job["spec"].get("podReplacementPolicy") == "Failed":
            missing -= sum(is_deleting(pod) and not _outcome(pod) for pod in self.seen.pods)
        if missing <= 0:
            return active
        if is_indexed(self.job):
            return [*active, *self._create_indexed(missing)]
        if not self._may_retry(self.seen.pods):
            return active
        return [*active, *map(self._create, (self._pod(name) for name in self.seen.names[:missing]))]

    def _target(self, status: JsonObject, active: list[JsonObject]) -> int:
        spec, succeeded = self.job["spec"], totals(self.job, status)[0]
        if spec.get("completions") is None:
            return len(active) if succeeded else int(spec.get("parallelism", 1))
        left = spec["completions"] - succeeded - len(unranges(status.get("failedIndexes")))
        return int(min(spec.get("parallelism", 1), left))

    def _may_retry(self, pods: Sequence[JsonObject]) -> bool:
        due = retry_at(pods)
        if due is None or self.now >= due:
            return True
        self.wake_at = earliest(self.wake_at, due)
        return False

    def _create_indexed(self, count: int) -> list[JsonObject]:
        """With a limit per index each one backs off alone, else all wait after any failure."""
        own_limit = self.job["spec"].get("backoffLimitPerIndex") is not None
        if not own_limit and not self._may_retry(self.seen.pods):
            return []
        failures = failures_by_index(self.job, self.seen.pods) if own_limit else {}
        lost = failed_indexes(self.job, self.seen.pods)
        made: list[JsonObject] = []
        for index, name in self.seen.indexed_names.items():
            if len(made) == count:
                break
            own = [pod for pod in self.seen.pods if index_of(pod) == index] if index in failures else []
            if index not in lost and self._may_retry(own):
                made.append(self._create(self._indexed_pod(name, index, failures.get(index, 0))))
        return made

    def _create(self, pod: JsonObject) -> JsonObject:
        self.steps.append(create(pod))
        self._record_event("SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
        return pod

    def _pod(self, name: str) -> JsonObject:
        pod = from_template(self.job, self.job["spec"]["template"], name, name[:-5])
        pod["metadata"]["finalizers"] = [*pod["metadata"].get("finalizers", ()), TRACKING]
        return pod

    def _indexed_pod(self, name: str, index: int, failures: int) -> JsonObject:
        pod = self._pod(name)
        metadata, number = pod["metadata"], str(index)
        metadata["labels"] = {**(metadata.get("labels") or {}), INDEX: number}
        metadata["annotations"] = {**(metadata.get("annotations") or {}), INDEX: number}
        if self.job["spec"].get("backoffLimitPerIndex") is not None:
            metadata["annotations"][FAILURES] = str(failures)
        pod["spec"] = {**pod["spec"], "hostname": f"{self.job['metadata']['name']}-{index}"}
        return pod

    def _fill(self, status: JsonObject, active: list[JsonObject]) -> None:
        if active:
            status["active"] = len(active)
        else:
            status.pop("active", None)
        status["ready"] = sum(map(is_ready, active))
        status["terminating"] = sum(is_deleting(pod) and not _outcome(pod) for pod in self.seen.pods)

    def _record_event(self, reason: str, message: str, *, warning: bool = False) -> None:
        component = "job-controller"
        self.steps.append(Event(self.job, reason, message, "Warning" if warning else "Normal", component=component))


def _outcome(pod: JsonObject) -> str:
    if phase(pod) == "Succeeded":
        return "succeeded"
    return "failed" if phase(pod) == "Failed" else ""


CONTROLLER = Controller(name="job", look=look, decide=decide, routes={"jobs": itself, "pods": owner_of_kind("Job")})
