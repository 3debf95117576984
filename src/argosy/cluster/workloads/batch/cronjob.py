"""CronJob: creates Jobs on a schedule (kinds sheet 5.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from argosy.cluster.workloads.decision import (
    Controller,
    Decision,
    Event,
    Step,
    create,
    delete,
    earlier,
    instant,
    with_status,
)
from argosy.cluster.workloads.matching import itself, owner_of_kind, reference_to
from argosy.cluster.workloads.pods import is_deleting, is_true
from argosy.cluster.workloads.view import View
from argosy.machinery import duration, timestamps
from argosy.machinery.objects import JsonObject, Key

SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
MANY = 100
_WORDS = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    owner: JsonObject
    jobs: tuple[JsonObject, ...]
    zone: str


def times_after(schedule: str, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The scheduled times after `after`, in UTC. Raises CronSimError for an invalid schedule."""
    if schedule.startswith("@every "):
        step = duration.parse(schedule.removeprefix("@every ").strip())
        moment = after
        while True:
            moment += max(step, timedelta(seconds=1))
            yield moment
    text = _WORDS.get(schedule, schedule).replace("?", "*")
    for found in CronSim(text, after.astimezone(zone)):
        yield found.astimezone(UTC)


def decide(seen: Seen, now: datetime) -> Decision:
    owner, spec = seen.owner, seen.owner["spec"]
    if is_deleting(owner):
        return Decision()
    steps: list[Step] = []
    status = _followed(seen, steps)
    steps += _history(seen)
    wake_at: datetime | None = None
    if not spec.get("suspend"):
        wake_at = _run(seen, status, steps, now)
    if status != (owner.get("status") or {}):
        steps.append(with_status(owner, status))
    return Decision(tuple(steps), wake_at)


def _event(owner: JsonObject, reason: str, message: str, *, warning: bool = False) -> Event:
    component = "cronjob-controller"
    return Event(owner, reason, message, "Warning" if warning else "Normal", component=component)


def _finished(job: JsonObject) -> str:
    return next((kind for kind in ("Complete", "Failed") if is_true(job, kind)), "")


def _followed(seen: Seen, steps: list[Step]) -> JsonObject:
    """The status with `active` updated from the Jobs; finished and missing ones become Events."""
    status = dict(seen.owner.get("status") or {})
    by_uid = {job["metadata"]["uid"]: job for job in seen.jobs}
    active = []
    for reference in status.get("active") or ():
        job = by_uid.get(reference["uid"])
        if job is None:
            text = f"Active job went missing: {reference['name']}"
            steps.append(_event(seen.owner, "MissingJob", text))
        elif kind := _finished(job):
            name = job["metadata"]["name"]
            steps.append(_event(seen.owner, "SawCompletedJob", f"Saw completed job: {name}, condition: {kind}"))
            if kind == "Complete":
                ended = (job.get("status") or {}).get("completionTime") or ""
                status["lastSuccessfulTime"] = max(ended, status.get("lastSuccessfulTime") or "")
        else:
            active.append(reference)
    listed = {reference["uid"] for reference in status.get("active") or ()}
    for job in seen.jobs:
        if job["metadata"]["uid"] not in listed and not _finished(job) and not is_deleting(job):
            text = f"Saw a job that the controller did not create or forgot: {job['metadata']['name']}"
            steps.append(_event(seen.owner, "UnexpectedJob", text, warning=True))
    _set_active(status, active)
    return status


def _set_active(status: JsonObject, active: list[JsonObject]) -> None:
    if active:
        status["active"] = active
    else:
        status.pop("active", None)


def _history(seen: Seen) -> list[Step]:
    steps: list[Step] = []
    spec = seen.owner["spec"]
    for kind, limit in (
        ("Complete", spec.get("successfulJobsHistoryLimit", 3)),
        ("Failed", spec.get("failedJobsHistoryLimit", 1)),
    ):
        ended = [job for job in seen.jobs if _finished(job) == kind and not is_deleting(job)]
        ended.sort(key=lambda job: ((job.get("status") or {}).get("startTime") or "", job["metadata"]["name"]))
        for job in ended[: max(0, len(ended) - limit)]:
            steps.append(delete(job))
            steps.append(_event(seen.owner, "SuccessfulDelete", f"Deleted job {job['metadata']['name']}"))
    return steps


def _run(seen: Seen, status: JsonObject, steps: list[Step], now: datetime) -> datetime | None:
    """Starts the Job that is due, if any; returns the next time to check."""
    owner, spec = seen.owner, seen.owner["spec"]
    try:
        zone = ZoneInfo(spec.get("timeZone") or seen.zone)
    except (ZoneInfoNotFoundError, ValueError):
        text = f"invalid timeZone: {spec.get('timeZone')!r}"
        steps.append(_event(owner, "UnknownTimeZone", text, warning=True))
        return None
    last = instant(status.get("lastScheduleTime") or owner["metadata"]["creationTimestamp"])
    deadline = spec.get("startingDeadlineSeconds")
    since = last if deadline is None else max(last, earlier(now, deadline))
    try:
        missed, due, following = _missed(spec["schedule"], since, now, zone)
        too_late = _missed(spec["schedule"], last, since, zone)[1] if due is None and last < since else None
    except (CronSimError, ValueError) as problem:
        steps.append(_event(owner, "UnparseableSchedule", f"unparseable schedule: {problem}", warning=True))
        return None
    if too_late is not None:
        text = f"Missed scheduled time to start a job: {too_late.strftime('%a, %d %b %Y %H:%M:%S +0000')}"
        steps.append(_event(owner, "MissSchedule", text, warning=True))
    if due is None:
        return following
    if missed > MANY:
        text = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
        steps.append(_event(owner, "TooManyMissedTimes", text, warning=True))
    _start(seen, status, steps, due)
    return following


def _missed(
    schedule: str, since: datetime, now: datetime, zone: ZoneInfo
) -> tuple[int, datetime | None, datetime | None]:
    """(how many times were missed, the latest of them, the next one)."""
    count, latest = 0, None
    for moment in times_after(schedule, since, zone):
        if moment > now:
            return count, latest, moment
        count, latest = count + 1, moment
        if count > MANY:
            near = max(since, now - timedelta(days=1))
            for later in times_after(schedule, near, zone):
                if later > now:
                    return count, latest, later
                latest = max(latest, later)
    return count, latest, None


def _start(seen: Seen, status: JsonObject, steps: list[Step], due: datetime) -> None:
    owner, spec = seen.owner, seen.owner["spec"]
    active = list(status.get("active") or ())
    policy = spec.get("concurrencyPolicy", "Allow")
    if active and policy == "Forbid":
        text = "Not starting job because prior execution is running and concurrency policy is Forbid"
        steps.append(_event(owner, "JobAlreadyActive", text))
        status["lastScheduleTime"] = timestamps.seconds(due)
        return
    if policy == "Replace":
        for job in seen.jobs:
            if not _finished(job) and not is_deleting(job):
                steps.append(delete(job))
                steps.append(_event(owner, "SuccessfulDelete", f"Deleted job {job['metadata']['name']}"))
        active = []
    job = _job(owner, due)
    name = job["metadata"]["name"]
    if all(other["metadata"]["name"] != name for other in seen.jobs):
        steps.append(create(job))
        steps.append(_event(owner, "SuccessfulCreate", f"Created job {name}"))
    status["lastScheduleTime"] = timestamps.seconds(due)
    _set_active(status, active)


def _job(owner: JsonObject, due: datetime) -> JsonObject:
    template = owner["spec"]["jobTemplate"]
    metadata: JsonObject = {
        "name": f"{owner['metadata']['name']}-{int(due.timestamp()) // 60}",
        "namespace": owner["metadata"]["namespace"],
        "annotations": {
            **((template.get("metadata") or {}).get("annotations") or {}),
            SCHEDULED: timestamps.seconds(due),
        },
        "ownerReferences": [reference_to(owner)],
    }
    labels = (template.get("metadata") or {}).get("labels")
    if labels:
        metadata["labels"] = labels
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"]}


def _is_scheduled(job: JsonObject) -> bool:
    """Whether the name is that of its scheduled time: manually created Jobs have other names."""
    text = (job["metadata"].get("annotations") or {}).get(SCHEDULED)
    return bool(text) and job["metadata"]["name"].endswith(f"-{int(instant(text).timestamp()) // 60}")


def adopt_active(seen: Seen) -> JsonObject | None:
    """The status that lists every running Job started by this CronJob; None when it does so already."""
    status = seen.owner.get("status") or {}
    known = {reference["uid"] for reference in status.get("active") or ()}
    fresh = [
        {
            "kind": "Job",
            "namespace": job["metadata"]["namespace"],
            "name": job["metadata"]["name"],
            "uid": job["metadata"]["uid"],
            "apiVersion": "batch/v1",
            "resourceVersion": job["metadata"]["resourceVersion"],
        }
        for job in seen.jobs
        if job["metadata"]["uid"] not in known and _is_scheduled(job) and not _finished(job) and not is_deleting(job)
    ]
    return {**status, "active": [*(status.get("active") or ()), *fresh]} if fresh else None


def make_controller(zone: str) -> Controller:
    def look(view: View, key: Key) -> Seen | None:
        owner = view.get("cronjobs", key)
        return None if owner is None else Seen(owner, tuple(view.owned("jobs", owner)), zone)

    def decide_all(seen: Seen, now: datetime) -> Decision:
        adopted = adopt_active(seen)
        if adopted is not None:
            return Decision((with_status(seen.owner, adopted),))
        return decide(seen, now)

    return Controller(
        name="cronjob",
        background=True,
        look=look,
        decide=decide_all,
        routes={"cronjobs": itself, "jobs": owner_of_kind("CronJob")},
    )
