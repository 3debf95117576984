"""Job: Pods that end, counted once each by a finalizer (kinds sheet 5.4).

A finished Pod is noted in `uncountedTerminatedPods`, loses its finalizer, and is then counted: no crash between the
steps counts it twice or never.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from argosy.cluster.workloads.decision import (
    NOTHING,
    Controller,
    Decision,
    Happening,
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
INDEX = "batch.kubernetes.io/job-completion-index"
FIRST_RETRY, LONGEST_RETRY = 10.0, 600.0


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
    spec, pods = job["spec"], view.owned("pods", job)
    parallel = int(spec.get("parallelism", 1))
    indexed: dict[int, str] = {}
    if spec.get("completionMode") == "Indexed":
        for index in range(int(spec.get("completions") or 0)):
            indexed[index] = view.free_pod_names(job, f"{key.name}-{index}-", 1)[0]
    return Seen(
        job=job,
        pods=tuple(pods),
        names=view.free_pod_names(job, f"{key.name}-", parallel),
        indexed_names=indexed,
    )


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
        spec = self.job["spec"]
        active = [pod for pod in self.seen.pods if is_active(pod)]
        if spec.get("suspend"):
            self._suspend(status, active)
            active = []
        else:
            self._resume(status)
            ending = self._verdict(status)
            if ending is not None:
                self._end(status, ending, active)
                active = [] if ending[0] != "Complete" else active
            else:
                active = self._scale(status, active)
        self._fill(status, active)
        if status != before:
            self.steps.insert(0, with_status(self.job, status))
        self.steps += [_released(pod) for pod in counted]
        return Decision(tuple(self.steps), self.wake_at)

    # -- counting ----------------------------------------------------------------------------------------------------

    def _count(self, status: JsonObject) -> list[JsonObject]:
        """Moves ended Pods to the counts; returns those whose finalizer goes now. In place."""
        uncounted = {name: list(uids) for name, uids in (status.get("uncountedTerminatedPods") or {}).items()}
        tracked = {pod["metadata"]["uid"]: pod for pod in self.seen.pods if _is_tracked(pod)}
        for name in ("succeeded", "failed"):
            done = [uid for uid in uncounted.get(name, ()) if uid not in tracked]
            if done:
                status[name] = (status.get(name) or 0) + len(done)
                uncounted[name] = [uid for uid in uncounted[name] if uid in tracked]
        for uid, pod in tracked.items():
            name = _outcome(pod)
            if name and uid not in uncounted.get(name, ()):
                if name == "succeeded" and self._is_indexed() and _index(pod) in self._completed(status):
                    continue
                uncounted.setdefault(name, []).append(uid)
        status["uncountedTerminatedPods"] = {name: uids for name, uids in uncounted.items() if uids}
        if self._is_indexed():
            ended = {_index(pod) for pod in self.seen.pods if _outcome(pod) == "succeeded"}
            text = ranges(self._completed(status) | {index for index in ended if index is not None})
            if text:
                status["completedIndexes"] = text
        return [pod for pod in tracked.values() if _outcome(pod)]

    def _is_indexed(self) -> bool:
        return bool(self.job["spec"].get("completionMode") == "Indexed")

    def _completed(self, status: JsonObject) -> set[int]:
        return unranges(status.get("completedIndexes") or "")

    def _totals(self, status: JsonObject) -> tuple[int, int]:
        """(succeeded, failed), those included that are not counted yet."""
        uncounted = status.get("uncountedTerminatedPods") or {}
        succeeded = (status.get("succeeded") or 0) + len(uncounted.get("succeeded", ()))
        if self._is_indexed():
            succeeded = len(self._completed(status))
        return succeeded, (status.get("failed") or 0) + len(uncounted.get("failed", ()))

    # -- ending ------------------------------------------------------------------------------------------------------

    def _verdict(self, status: JsonObject) -> tuple[str, str, str] | None:
        """(condition, reason, message) when the Job is over."""
        for early, final in (("SuccessCriteriaMet", "Complete"), ("FailureTarget", "Failed")):
            found = condition(self.job, early)
            if found is not None and found["status"] == "True":
                return final, found.get("reason", ""), found.get("message", "")
        spec = self.job["spec"]
        succeeded, failed = self._totals(status)
        if (rule := self._pod_failure_rule()) is not None:
            return "Failed", "PodFailurePolicy", rule
        if failed + self._restarts() > spec.get("backoffLimit", 6):
            return "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"
        deadline = spec.get("activeDeadlineSeconds")
        if deadline is not None and status.get("startTime"):
            due = seconds_after(status["startTime"], deadline)
            if self.now >= due:
                return "Failed", "DeadlineExceeded", "Job was active longer than specified deadline"
            self.wake_at = earliest(self.wake_at, due)
        completions = spec.get("completions")
        active = any(is_active(pod) for pod in self.seen.pods)
        enough = succeeded >= completions if completions is not None else succeeded > 0 and not active
        if enough:
            return "Complete", "CompletionsReached", "Reached expected number of succeeded pods"
        return None

    def _restarts(self) -> int:
        """Restarts inside of Pods count as failures with restartPolicy OnFailure."""
        if self.job["spec"]["template"]["spec"].get("restartPolicy") != "OnFailure":
            return 0
        statuses = [
            item
            for pod in self.seen.pods
            if is_active(pod)
            for item in (pod.get("status") or {}).get("containerStatuses") or ()
        ]
        waiting = sum("waiting" in item["state"] and bool(item.get("lastState")) for item in statuses)
        return sum(item.get("restartCount") or 0 for item in statuses) + waiting

    def _pod_failure_rule(self) -> str | None:
        rules = (self.job["spec"].get("podFailurePolicy") or {}).get("rules") or ()
        for pod in self.seen.pods:
            if phase(pod) != "Failed":
                continue
            for number, rule in enumerate(rules):
                code = _matching_code(rule.get("onExitCodes"), pod)
                if code is None:
                    continue
                if rule["action"] != "FailJob":
                    break
                where = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
                text = f"Container {code[0]} for pod {where} failed with exit code {code[1]}"
                return f"{text} matching FailJob rule at index {number}"
        return None

    def _end(self, status: JsonObject, ending: tuple[str, str, str], active: list[JsonObject]) -> None:
        final, reason, message = ending
        self._set(status, "SuccessCriteriaMet" if final == "Complete" else "FailureTarget", reason, message)
        self.steps += [delete(pod) for pod in active]
        open_pods = [pod for pod in self.seen.pods if not _outcome(pod) or _is_tracked(pod)]
        if open_pods or status.get("uncountedTerminatedPods"):
            return
        self._set(status, final, reason, message)
        if final == "Complete":
            status["completionTime"] = stamp(self.now)
            self._say("Completed", "Job completed")
        else:
            self._say(reason, message, warning=True)

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
            self._say("Suspended", "Job suspended")
        status.pop("startTime", None)
        for pod in active:
            self.steps.append(delete(pod))
            self._say("SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")

    def _resume(self, status: JsonObject) -> None:
        if is_true(self.job, "Suspended"):
            self._set(status, "Suspended", "JobResumed", "Job resumed", "False")
            self._say("Resumed", "Job resumed")
        status.setdefault("startTime", stamp(self.now))

    def _scale(self, status: JsonObject, active: list[JsonObject]) -> list[JsonObject]:
        spec = self.job["spec"]
        succeeded, _ = self._totals(status)
        target = int(spec.get("parallelism", 1))
        if spec.get("completions") is not None:
            target = min(target, spec["completions"] - succeeded)
        elif succeeded:
            target = len(active)
        if len(active) > target:
            for pod in active[target:]:
                self.steps.append(delete(pod))
                self._say("SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
            return active[:target]
        if len(active) == target or not self._may_retry():
            return active
        return [*active, *self._create(status, active, target - len(active))]

    def _may_retry(self) -> bool:
        failures = sorted(filter(None, (_ended_at(pod) for pod in self.seen.pods if phase(pod) == "Failed")))
        since = max(filter(None, (_ended_at(pod) for pod in self.seen.pods if phase(pod) == "Succeeded")), default="")
        row = [moment for moment in failures if moment > since]
        if not row:
            return True
        due = seconds_after(row[-1], min(FIRST_RETRY * 2 ** (len(row) - 1), LONGEST_RETRY))
        if self.now < due:
            self.wake_at = earliest(self.wake_at, due)
        return self.now >= due

    def _create(self, status: JsonObject, active: list[JsonObject], count: int) -> list[JsonObject]:
        if self._is_indexed():
            taken = self._completed(status) | {_index(pod) for pod in active}
            free = [index for index in self.seen.indexed_names if index not in taken][:count]
            made = [self._pod(self.seen.indexed_names[index], index) for index in free]
        else:
            made = [self._pod(name, None) for name in self.seen.names[:count]]
        for pod in made:
            self.steps.append(create(pod))
            self._say("SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
        return made

    def _pod(self, name: str, index: int | None) -> JsonObject:
        pod = from_template(self.job, self.job["spec"]["template"], name, name[:-5])
        metadata = pod["metadata"]
        metadata["finalizers"] = [*metadata.get("finalizers", ()), TRACKING]
        if index is not None:
            metadata["labels"] = {**(metadata.get("labels") or {}), INDEX: str(index)}
            metadata["annotations"] = {**(metadata.get("annotations") or {}), INDEX: str(index)}
            hostname = f"{self.job['metadata']['name']}-{index}"
            pod["spec"] = {**pod["spec"], "hostname": hostname}
        return pod

    def _fill(self, status: JsonObject, active: list[JsonObject]) -> None:
        if active:
            status["active"] = len(active)
        else:
            status.pop("active", None)
        status["ready"] = sum(map(is_ready, active))
        status["terminating"] = sum(is_deleting(pod) and not _outcome(pod) for pod in self.seen.pods)

    def _say(self, reason: str, message: str, *, warning: bool = False) -> None:
        component = "job-controller"
        self.steps.append(
            Happening(about=self.job, reason=reason, message=message, component=component, warning=warning)
        )


def _outcome(pod: JsonObject) -> str:
    if phase(pod) == "Succeeded":
        return "succeeded"
    return "failed" if phase(pod) == "Failed" else ""


def _index(pod: JsonObject) -> int | None:
    text = (pod["metadata"].get("annotations") or {}).get(INDEX, "")
    return int(text) if text.isdigit() else None


def _ended_at(pod: JsonObject) -> str:
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return max((item["state"].get("terminated", {}).get("finishedAt") or "" for item in statuses), default="")


def _matching_code(wanted: JsonObject | None, pod: JsonObject) -> tuple[str, int] | None:
    if wanted is None:
        return None
    for item in (pod.get("status") or {}).get("containerStatuses") or ():
        code = item["state"].get("terminated", {}).get("exitCode")
        if not code or wanted.get("containerName", item["name"]) != item["name"]:
            continue
        if (code in wanted["values"]) is (wanted["operator"] == "In"):
            return item["name"], code
    return None


def ranges(indexes: Iterable[int]) -> str:
    """`{0, 1, 2, 5}` as `0-2,5`."""
    parts: list[list[int]] = []
    for index in sorted(indexes):
        if parts and parts[-1][1] == index - 1:
            parts[-1][1] = index
        else:
            parts.append([index, index])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in parts)


def unranges(text: str) -> set[int]:
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        low, _, high = part.partition("-")
        found |= set(range(int(low), int(high or low) + 1))
    return found


CONTROLLER = Controller(name="job", look=look, decide=decide, routes={"jobs": itself, "pods": owner_of_kind("Job")})
