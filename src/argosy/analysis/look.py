"""Gathers the inputs of an AnalysisRun's turn: its metrics with arguments filled in, answers, Jobs.

Questions are asked here, for the measurements that the last decision remembered as in flight. If this memory is lost
with the process, the measurement is repeated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from argosy.analysis import jobs
from argosy.analysis.arguments import Arguments, arguments_of
from argosy.analysis.credentials import credentials_of
from argosy.analysis.phases import COMPLETED
from argosy.analysis.ports import Answer, Measure, Operation
from argosy.analysis.results import is_metric_completed, last_measurement, number_of_next, time_of
from argosy.analysis.settings import AnalysisSettings
from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.apis.rollouts.metrics import (
    Metric,
    MetricError,
    dry_run_metrics,
    resolved_metric,
    retention_limits,
    validate_metrics,
)
from argosy.machinery import timestamps
from argosy.machinery.controller import Failed, Hidden, Pending, Refusal, Snapshot
from argosy.machinery.objects import JsonObject, Key

INSTANCE_ID: Final = "argo-rollouts.argoproj.io/controller-instance-id"
NO_ARGUMENTS: Final = Arguments((), (), ())


@dataclass(frozen=True, slots=True)
class Flight:
    """A question in flight, for the measurement with this number."""

    operation: Operation
    number: int
    asked_at: datetime


Flights = Mapping[str, Flight]


@dataclass(frozen=True, slots=True)
class Plan:
    """The metrics to measure, or why they are invalid."""

    metrics: tuple[Metric, ...] = ()
    """Validated, without Secrets' values."""
    filled: Mapping[str, Metric] = field(default_factory=dict, repr=False)
    dry_run: frozenset[str] = frozenset()
    retention: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    run: AnalysisRun
    settings: AnalysisSettings
    plan: Plan = Plan()
    arguments: Arguments = NO_ARGUMENTS
    flights: Flights = field(default_factory=dict)
    answers: Mapping[str, Answer | Failed | Pending] = field(default_factory=dict)
    sight: jobs.Sight = jobs.NO_SIGHT
    refusal: Refusal | None = None

    @property
    def status(self) -> JsonObject:
        return self.run.status or {}


def look(snapshot: Snapshot, key: Key, settings: AnalysisSettings) -> Seen | None:
    run = snapshot.get(AnalysisRun, key)
    if run is None or run.metadata.labels.get(INSTANCE_ID, "") != settings.instance_id:
        return None
    status = run.status or {}
    if run.metadata.deletion_timestamp or status.get("phase") in COMPLETED:
        return Seen(run=run, settings=settings)
    arguments = arguments_of(snapshot, run.spec.args, key.namespace)
    plan = planned(run, arguments)
    if plan.problem or arguments.problem:
        return Seen(run=run, settings=settings, plan=plan, arguments=arguments)
    flights: Flights = snapshot.memory or {}
    flights = {name: flight for name, flight in flights.items() if _is_in_flight(status, name, flight)}
    answers = {
        name: snapshot.ask(_question(snapshot, run, plan.filled[name], flight, settings))
        for name, flight in flights.items()
        if name in plan.filled
    }
    return Seen(
        run=run,
        settings=settings,
        plan=plan,
        arguments=arguments,
        flights=flights,
        answers=answers,
        sight=_seen_jobs(snapshot, run, plan, settings),
        refusal=snapshot.refusal,
    )


def planned(run: AnalysisRun, arguments: Arguments) -> Plan:
    try:
        metrics = tuple(resolved_metric(metric, arguments.public) for metric in run.spec.metrics)
    except MetricError as error:
        return Plan(problem=f"Unable to resolve metric arguments: {error}")
    names = [metric.name for metric in metrics]
    try:
        validate_metrics(metrics)
        dry_run = dry_run_metrics(run.spec.dry_run, names)
        retention = retention_limits(run.spec.measurement_retention, names)
    except MetricError as error:
        return Plan(problem=f"Analysis spec invalid: {error}")
    if arguments.problem:
        return Plan(metrics, {}, dry_run, retention)
    filled: dict[str, Metric] = {}
    for metric, given in zip(metrics, run.spec.metrics, strict=True):
        try:
            filled[metric.name] = resolved_metric(given, arguments.filled)
        except MetricError as error:
            return Plan(problem=f"Unable to resolve metric arguments: {arguments.masked(str(error))}")
    return Plan(metrics, filled, dry_run, retention)


def _is_in_flight(status: JsonObject, name: str, flight: Flight) -> bool:
    """Whether the answer is still needed: its measurement is not in the status yet."""
    if is_metric_completed(status, name) or flight.number != number_of_next(status, name):
        return False
    last = last_measurement(status, name)
    is_unfinished = last is not None and not last.get("finishedAt")
    if flight.operation == "run":
        return not is_unfinished
    resume_at = time_of(last.get("resumeAt")) if last is not None else None
    return is_unfinished and (resume_at is None or resume_at <= flight.asked_at or flight.operation == "terminate")


def _question(
    snapshot: Snapshot, run: AnalysisRun, metric: Metric, flight: Flight, settings: AnalysisSettings
) -> Measure:
    status = run.status or {}
    about = {
        "name": run.metadata.name,
        "namespace": run.metadata.namespace,
        "uid": run.metadata.uid,
        "startedAt": status.get("startedAt") or timestamps.seconds(flight.asked_at),
        "measurement": last_measurement(status, metric.name) if flight.operation != "run" else None,
    }
    return Measure(
        uid=run.metadata.uid,
        metric=metric.name,
        number=flight.number,
        operation=flight.operation,
        asked_at=flight.asked_at,
        provider=metric.provider_name,
        place=place_of(metric),
        spec=Hidden(json.dumps(metric.raw, sort_keys=True)),
        run=Hidden(json.dumps(about, sort_keys=True)),
        credentials=credentials_of(snapshot, metric, run.metadata.namespace, settings),
    )


def place_of(metric: Metric) -> str:
    spec: Any = metric.provider.get(metric.provider_name) or {}
    address = str(spec.get("address") or spec.get("url") or next(iter(spec), ""))
    try:
        return f"{metric.provider_name} {urlsplit(address).hostname or ''}"
    except ValueError:
        return metric.provider_name


def _seen_jobs(snapshot: Snapshot, run: AnalysisRun, plan: Plan, settings: AnalysisSettings) -> jobs.Sight:
    names = [metric.name for metric in plan.metrics if metric.provider_name == "job"]
    if not names:
        return jobs.NO_SIGHT
    status = run.status or {}
    last = [last_measurement(status, name) for name in names]
    is_running = any(one is not None and not one.get("finishedAt") for one in last)
    return jobs.seen_jobs(snapshot, run, settings.job_namespace or run.metadata.namespace, with_pods=is_running)
