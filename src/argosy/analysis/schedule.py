"""When which metric is measured, when the run is looked at again, and when it is deleted.

Source: spec/rollouts-analysis-traffic.md 11.3, steps 2 and 7; argo-rollouts: analysis/analysis.go, generateMetricTasks,
calculateNextReconcileTime, isAnalysisRunTtlExceeded. A deadline counts when it is reached, not only when it is past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from argosy.analysis.phases import COMPLETED, ERROR, FAILED, SUCCESSFUL
from argosy.analysis.results import is_metric_completed, is_terminating, last_measurement, result_of, time_of
from argosy.apis.rollouts.metrics import RETRY, Metric
from argosy.machinery.objects import JsonObject


@dataclass(frozen=True, slots=True)
class Task:
    """A metric to measure now, or whose unfinished measurement is to be resumed."""

    metric: Metric
    is_resumed: bool


def due_metrics(spec: JsonObject, status: JsonObject, metrics: Sequence[Metric], now: datetime) -> list[Task]:
    terminating = is_terminating(spec, status)
    found: list[Task] = []
    for metric in metrics:
        if is_metric_completed(status, metric.name):
            continue
        last = last_measurement(status, metric.name)
        if last is not None and not last.get("finishedAt"):
            resume_at = time_of(last.get("resumeAt"))
            if terminating or resume_at is None or resume_at <= now:
                found.append(Task(metric, is_resumed=True))
        elif not terminating and _is_due(status, metric, last, now):
            found.append(Task(metric, is_resumed=False))
    return found


def _is_due(status: JsonObject, metric: Metric, last: JsonObject | None, now: datetime) -> bool:
    if last is None:
        if metric.initial_delay is None:
            return not metric.raw.get("initialDelay")
        started = time_of(status.get("startedAt"))
        return started is not None and started + metric.initial_delay <= now
    at = _next_of(status, metric, last, default=RETRY)
    return at is not None and at <= now


def _next_of(status: JsonObject, metric: Metric, last: JsonObject, *, default: timedelta | None) -> datetime | None:
    """After a finished measurement; None if its count is reached."""
    count = metric.effective_count
    taken = int((result_of(status, metric.name) or {}).get("count") or 0)
    if count is not None and taken >= count:
        return None
    if last.get("phase") == ERROR:
        wait: timedelta | None = RETRY
    elif metric.raw.get("interval"):
        wait = metric.interval
    else:
        wait = default
    finished = time_of(last.get("finishedAt"))
    return finished + wait if wait is not None and finished is not None else None


def next_time(status: JsonObject, metrics: Sequence[Metric], now: datetime) -> datetime | None:
    """The earliest time at which a metric is due, or resumed."""
    times = [
        at
        for metric in metrics
        if not is_metric_completed(status, metric.name) and (at := _time_of(status, metric, now)) is not None
    ]
    return min(times, default=None)


def _time_of(status: JsonObject, metric: Metric, now: datetime) -> datetime | None:
    last = last_measurement(status, metric.name)
    if last is None:
        if metric.initial_delay is None:
            return None
        return (time_of(status.get("startedAt")) or now) + metric.initial_delay
    if not last.get("finishedAt"):
        return time_of(last.get("resumeAt"))
    return _next_of(status, metric, last, default=None)


def deleted_at(spec: JsonObject, status: JsonObject) -> datetime | None:
    """When a finished run's `ttlStrategy` expires: once more than that many whole seconds have passed."""
    strategy, phase = spec.get("ttlStrategy"), status.get("phase")
    completed = time_of(status.get("completedAt"))
    if phase not in COMPLETED or not strategy or completed is None:
        return None
    seconds = None
    if phase == SUCCESSFUL:
        seconds = strategy.get("secondsAfterSuccess")
    elif phase == FAILED:
        seconds = strategy.get("secondsAfterFailure")
    if seconds is None:
        seconds = strategy.get("secondsAfterCompletion")
    return None if seconds is None else completed + timedelta(seconds=int(seconds) + 1)
