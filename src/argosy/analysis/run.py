"""Takes the measurements of an AnalysisRun as often as it says, and assesses them.

Owns the status of argoproj.io/v1alpha1 AnalysisRun and the Jobs of its `job` metrics. Wakes when a metric is due, when
an answer arrives or a Job changes, and when its time to live is over.

A due metric is first remembered as in flight, then asked by the next look; the answers to questions that were asked
together are written together, unless one takes longer than `TOGETHER`. Source: spec/rollouts-analysis-traffic.md 11.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from argosy.analysis import jobs
from argosy.analysis.assessment import assess
from argosy.analysis.look import Flight, Seen
from argosy.analysis.measuring import ended, measurement_of
from argosy.analysis.phases import COMPLETED, ERROR, FAILED
from argosy.analysis.ports import Operation
from argosy.analysis.results import (
    is_terminating,
    last_measurement,
    limit_of,
    number_of_next,
    result_of,
    time_of,
    trimmed,
    with_measurement,
)
from argosy.analysis.schedule import Task, deleted_at, due_metrics, next_time
from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.apis.rollouts.metrics import Metric
from argosy.machinery import timestamps
from argosy.machinery.controller import NOTHING, Decision, Event, Pending, Step
from argosy.machinery.objects import JsonObject
from argosy.machinery.patches.mergepatch import create_merge_patch
from argosy.machinery.requests import Write, delete, merge

TOGETHER: Final = timedelta(seconds=1)
"""How long the answers to questions that were asked together wait for one another."""
SECRET_GRACE: Final = timedelta(seconds=10)
"""A Secret that is missing so soon after the run was created may just not be in the cache yet."""
AT_ONCE: Final = timedelta(microseconds=1)
"""`look` asks questions: what was only remembered is asked this much later."""
_QUERY_METADATA: Final = {"prometheus": "ResolvedPrometheusQuery", "newRelic": "ResolvedNewRelicQuery"}
_TERMINABLE: Final = frozenset({"job", "plugin"})
"""Providers whose unfinished measurements can be stopped."""


def decide(seen: Seen, now: datetime) -> Decision:
    run, status = seen.run, seen.status
    if run.metadata.deletion_timestamp:
        return NOTHING
    if status.get("phase") in COMPLETED:
        return _outlived(seen, now)
    if seen.plan.problem:
        return _invalid(seen, seen.plan.problem)
    if seen.arguments.problem:
        return _lacking(seen, now)
    turn = _Turn(seen, now)
    turn.take_answers()
    turn.go_on()
    return turn.decision()


def _outlived(seen: Seen, now: datetime) -> Decision:
    at = deleted_at(seen.run.raw.get("spec") or {}, seen.status)
    if at is None or now < at:
        return Decision(wake_at=at)
    return Decision((delete(AnalysisRun, seen.run),))


def _lacking(seen: Seen, now: datetime) -> Decision:
    created = time_of(seen.run.metadata.creation_timestamp)
    until = created + SECRET_GRACE if created is not None else now
    if now < until:
        return Decision(wake_at=until)
    return _invalid(seen, f"Unable to resolve metric arguments: {seen.arguments.problem}")


def _invalid(seen: Seen, message: str) -> Decision:
    """Without startedAt and completedAt, as upstream."""
    status = {"runSummary": {}, **seen.status, "phase": ERROR, "message": message}
    writes = status_writes(seen.run, status)
    return Decision((*writes, _run_event(seen.run, ERROR)))


def status_writes(run: AnalysisRun, status: JsonObject) -> tuple[Write, ...]:
    """One patch with the differences, or nothing. The kind has no status subresource, as in upstream's CRD."""
    patch = create_merge_patch(run.status or {}, status)
    return (merge(AnalysisRun, run, {"status": patch}),) if patch else ()


def _run_event(run: AnalysisRun, phase: str) -> Event:
    return _event(run, f"AnalysisRun{phase}", f"Analysis Completed. Result: {phase}", phase)


def _event(run: AnalysisRun, reason: str, message: str, phase: str) -> Event:
    return Event(run.raw, reason, message, type="Warning" if phase in (ERROR, FAILED) else "Normal")


class _Turn:
    """The status at the end of this turn, and the steps to take before it is written."""

    def __init__(self, seen: Seen, now: datetime) -> None:
        self.seen, self.now = seen, now
        self.run, self.plan = seen.run, seen.plan
        self.spec: JsonObject = seen.run.raw.get("spec") or {}
        self.status: JsonObject = seen.status
        self.flights = dict(seen.flights)
        self.before: list[Step] = []
        self.made_jobs: list[str] = []
        """Metrics whose Job is created in `before`, and so not in the cache yet."""
        self.is_waiting = False

    # -- answers -------------------------------------------------------------------------------------------------------

    def take_answers(self) -> None:
        """Together, or as they arrive once `TOGETHER` is over. Answers that are no longer needed are dropped."""
        if is_terminating(self.spec, self.status):
            self.flights = {name: flight for name, flight in self.flights.items() if flight.operation == "terminate"}
        missing = [name for name in self.flights if isinstance(self.seen.answers.get(name, Pending.PENDING), Pending)]
        young = [self.flights[name].asked_at for name in missing if self.now < self.flights[name].asked_at + TOGETHER]
        if young:
            self.is_waiting = True
            return
        for name in list(self.flights):
            if name not in missing:
                self._take(name, self.flights.pop(name))

    def _take(self, name: str, flight: Flight) -> None:
        answer = self.seen.answers[name]
        assert not isinstance(answer, Pending)
        last = last_measurement(self.status, name)
        started: JsonObject = {"startedAt": timestamps.seconds(flight.asked_at)}
        before = started if flight.operation == "run" or last is None else last
        measurement = measurement_of(answer, self.plan.filled[name], before, self.seen.arguments, self.now)
        self._record(name, ended(measurement) if flight.operation == "terminate" else measurement)

    def _record(self, name: str, measurement: JsonObject) -> None:
        metadata = self._metadata(name) if result_of(self.status, name) is None else None
        self.status = with_measurement(
            self.status, name, measurement, is_dry_run=name in self.plan.dry_run, metadata=metadata
        )

    def _metadata(self, name: str) -> JsonObject:
        metric = self.plan.filled[name]
        key = _QUERY_METADATA.get(metric.provider_name)
        query = str((metric.provider.get(metric.provider_name) or {}).get("query") or "")
        return {key: self.seen.arguments.masked_value(query)} if key and query else {}

    # -- tasks ---------------------------------------------------------------------------------------------------------

    def go_on(self) -> None:
        """Starts what is due: Jobs at once, all else with a question."""
        for task in due_metrics(self.spec, self.status, self.plan.metrics, self.now):
            if task.metric.name in self.flights:
                continue
            if task.metric.provider_name == "job":
                self._job(task)
            else:
                self._fly(task)

    def _fly(self, task: Task) -> None:
        name = task.metric.name
        operation: Operation = "run"
        if task.is_resumed:
            terminating = is_terminating(self.spec, self.status)
            if terminating and task.metric.provider_name not in _TERMINABLE:
                return
            operation = "terminate" if terminating else "resume"
        self.flights[name] = Flight(operation, number_of_next(self.status, name), self.now)
        self.is_waiting = True

    def _job(self, task: Task) -> None:
        name, sight = task.metric.name, self.seen.sight
        namespace = self.seen.settings.job_namespace or self.run.metadata.namespace
        if task.is_resumed:
            last = last_measurement(self.status, name) or {}
            if is_terminating(self.spec, self.status):
                steps, measurement = jobs.terminated(last, sight, self.now)
                self.before += steps
                self._record(name, measurement)
            elif (done := jobs.judged(last, sight, self.now)) is not None:
                self._record(name, self._masked(done))
            return
        refusal = self.seen.refusal
        wanted = jobs.job_name(self.run, self.status, name)
        if refusal is not None and refusal.write.resource == jobs.JOBS and refusal.write.key.name == wanted:
            self._record(name, self._masked(jobs.refused(self.now, refusal.message)))
            return
        steps, measurement = jobs.started(self.run, self.status, self.plan.filled[name], sight, namespace, self.now)
        self.before += steps
        self.made_jobs += [name] * len(steps)
        self._record(name, measurement)

    def _masked(self, measurement: JsonObject) -> JsonObject:
        if "message" not in measurement:
            return measurement
        return {**measurement, "message": self.seen.arguments.masked(str(measurement["message"]))}

    # -- the decision --------------------------------------------------------------------------------------------------

    def decision(self) -> Decision:
        if self.is_waiting and not self.before and self.status == self.seen.status:
            return Decision(wake_at=self._asked_again(), memory=dict(self.flights))
        if self._is_ending_pending():
            return Decision(tuple(self.before), wake_at=self._asked_again(), memory=dict(self.flights))
        return self._assessed()

    def _is_ending_pending(self) -> bool:
        """A plug-in has not answered yet that a measurement is terminated."""
        return any(flight.operation == "terminate" for flight in self.flights.values())

    def _asked_again(self) -> datetime | None:
        """New flights are asked by the next look; old ones wait for each other, or for their answer."""
        times = [flight.asked_at + TOGETHER for flight in self.flights.values()]
        if any(self.seen.flights.get(name) != flight for name, flight in self.flights.items()):
            return self.now + AT_ONCE
        return min((at for at in times if at > self.now), default=None)

    def _assessed(self) -> Decision:
        begun = min((flight.asked_at for flight in self.seen.flights.values()), default=self.now)
        started: JsonObject = {"startedAt": timestamps.seconds(begun)}
        found = assess(self.spec, {**started, **self.status}, self.plan.metrics, self.plan.dry_run)
        status = found.status
        events = [self._metric_event(name, phase) for name, phase in found.completed]
        if found.phase != (status.get("phase") or ""):
            status = {**status, "phase": found.phase}
            status.pop("message", None)
            if found.message:
                status["message"] = found.message
            if found.phase in COMPLETED:
                status.setdefault("completedAt", timestamps.seconds(self.now))
                events.append(_run_event(self.run, found.phase))
        collected = self._surplus_jobs(status)
        status = trimmed(status, dict(self.plan.retention))
        writes = status_writes(self.run, status)
        steps = (*self.before, *writes, *events, *collected)
        if found.phase in COMPLETED:
            return Decision(steps, wake_at=deleted_at(self.spec, status), memory=None)
        return Decision(steps, wake_at=self._next(status, has_steps=bool(steps)), memory=dict(self.flights))

    def _metric_event(self, name: str, phase: str) -> Event:
        return _event(self.run, f"Metric{phase}", f"Metric '{name}' Completed. Result: {phase}", phase)

    def _surplus_jobs(self, status: JsonObject) -> list[Step]:
        found: list[Step] = []
        for metric in self.plan.metrics:
            limit = limit_of(dict(self.plan.retention), metric.name)
            measurements = (result_of(status, metric.name) or {}).get("measurements") or ()
            if metric.provider_name == "job" and len(measurements) > limit:
                made = sum(metric.name == name for name in self.made_jobs)
                found += jobs.surplus(metric.name, self.seen.sight, limit - made)
        return found

    def _next(self, status: JsonObject, *, has_steps: bool) -> datetime | None:
        times: list[datetime | None] = [self._asked_again() if self.flights else None]
        rest: Sequence[Metric] = [metric for metric in self.plan.metrics if metric.name not in self.flights]
        running = [metric for metric in rest if metric.provider_name == "job" and _is_running(status, metric.name)]
        times += [jobs.missing_until(last_measurement(status, one.name) or {}, self.seen.sight) for one in running]
        times.append(next_time(status, [metric for metric in rest if metric not in running], self.now))
        ahead = [at for at in times if at is not None and (has_steps or at > self.now)]
        return min(ahead, default=None)


def _is_running(status: JsonObject, name: str) -> bool:
    last = last_measurement(status, name)
    return last is not None and not last.get("finishedAt")
