"""Argo Rollouts' analysis functions: conditions, phases, schedules, arguments, rules, validation."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from argosy.analysis.assessment import assess, bad_phase, metric_phase
from argosy.analysis.conditions import ConditionError, evaluate_condition, evaluate_result
from argosy.analysis.schedule import deleted_at, due_metrics, next_time
from argosy.apis.rollouts.metrics import (
    Metric,
    MetricError,
    dry_run_metrics,
    resolved_metric,
    resolved_quoted,
    resolved_text,
    retention_limits,
    validate_metric,
    validate_metrics,
)
from argosy.expr.exprlang import Int64, floats, strings
from argosy.machinery import timestamps

from .outcome import Outcome, unreadable
from .reading import each

FAMILY = "rollouts/analysis"
FILES = (
    "analysis-assess",
    "analysis-schedule",
    "analysis-args",
    "analysis-templates",
    "metric-validation",
    "condition-expressions",
)


def run(data: Path) -> Iterator[Outcome]:
    for name in FILES:
        if not (data / f"rollouts/vectors/{name}.json").exists():
            continue
        path = data / f"rollouts/vectors/{name}.json"
        try:
            cases = json.loads(path.read_text())["cases"] if path.exists() else ()
        except (ValueError, KeyError, TypeError) as error:
            yield unreadable(f"rollouts/{name}", error)
            continue
        yield from each(f"rollouts/{name}", cases, _played, lambda case: case["id"])


def _played(case: dict[str, Any]) -> Iterator[Outcome]:
    if (play := PLAYS.get(case["op"])) is not None:
        detail = play(case["in"], case["out"], _now(case))
        yield Outcome(FAMILY, case["id"], passed=detail == "", detail=detail)


def _now(case: dict[str, Any]) -> datetime:
    text = case.get("now", "2026-01-01T00:00:00Z")
    return timestamps.parse(re.sub(r"(\.\d{6})\d+", r"\1", text)).astimezone(UTC)


def _same(found: Any, wanted: Any) -> str:
    return "" if found == wanted else f"{found!r} is not {wanted!r}"


def _metrics(given: list[dict[str, Any]] | None) -> list[Metric]:
    return [Metric(one) for one in given or ()]


def _metric_phase(given: Any, wanted: Any, now: datetime) -> str:
    return _same(
        metric_phase(Metric(given["metric"]), given["result"], terminating=given["terminating"]), wanted["phase"]
    )


def _bad_phase(given: Any, wanted: Any, now: datetime) -> str:
    return _same(bad_phase(Metric(given["metric"]), given["result"]), (wanted["phase"], wanted["message"]))


def _run_phase(given: Any, wanted: Any, now: datetime) -> str:
    spec, status = given["run"].get("spec") or {}, given["run"].get("status") or {}
    dry_run = frozenset(name for name, is_dry in (given.get("dryRun") or {}).items() if is_dry)
    found = assess(spec, status, _metrics(given["metrics"]), dry_run)
    detail = _same((found.phase, found.message), (wanted["phase"], wanted["message"]))
    expected = {key: value for key, value in wanted["status"].items() if key not in ("phase", "message", "startedAt")}
    ours = {key: value for key, value in found.status.items() if key not in ("phase", "message", "startedAt")}
    return detail or _same(ours, expected)


def _due(given: Any, wanted: Any, now: datetime) -> str:
    run = given["run"]
    now = now.replace(microsecond=0) - timedelta(microseconds=1)  # recorded times have no fractions, but had them
    tasks = due_metrics(run.get("spec") or {}, run.get("status") or {}, _metrics(given["metrics"]), now)
    found = [{"metric": task.metric.name, "resume": task.is_resumed} for task in tasks]
    return _same(found, wanted["tasks"] or [])


def _next(given: Any, wanted: Any, now: datetime) -> str:
    found = next_time(given["run"].get("status") or {}, _metrics(given["metrics"]), now)
    expected = timestamps.parse(wanted["time"]).replace(microsecond=0) if wanted.get("time") else None
    return _same(found, expected)  # recorded times within objects have no fractions


def _ttl(given: Any, wanted: Any, now: datetime) -> str:
    at = deleted_at(given["run"].get("spec") or {}, given["run"].get("status") or {})
    return _same(at is not None and at <= now, wanted["result"])


def _resolving(resolve: Callable[[Any, Any], Any], field: str) -> Callable[[Any, Any, datetime], str]:
    def play(given: Any, wanted: Any, now: datetime) -> str:
        try:
            found = resolve(given["metric" if field == "metric" else "template"], given.get("args") or ())
        except MetricError as error:
            return _same(str(error), wanted.get("error"))
        return _same(found.raw if isinstance(found, Metric) else found, wanted.get(field))

    return play


def _dry_run(given: Any, wanted: Any, now: datetime) -> str:
    names = [metric["name"] for metric in given["metrics"]]
    try:
        found = dry_run_metrics(given.get("dryRun") or (), names)
    except MetricError as error:
        return _same(str(error), wanted.get("error"))
    return _same(dict.fromkeys(found, True), wanted["result"])


def _retention(given: Any, wanted: Any, now: datetime) -> str:
    names = [metric["name"] for metric in given["metrics"]]
    rules = given.get("measurementRetention") or given.get("retention") or ()
    try:
        found = retention_limits(rules, names)
    except MetricError as error:
        return _same(str(error), wanted.get("error"))
    return _same(found, {name: one["limit"] for name, one in wanted["result"].items()})


def _validate(validate: Callable[[Any], None], field: str) -> Callable[[Any, Any, datetime], str]:
    def play(given: Any, wanted: Any, now: datetime) -> str:
        value = given[field]
        try:
            validate(_metrics(value) if field == "metrics" else Metric(value))
        except MetricError as error:
            return _same(str(error), wanted.get("error"))
        return _same(None, wanted.get("error"))

    return play


def value_of(go_type: str, value: Any) -> Any:
    """A recorded result with the type that it had."""
    if isinstance(value, dict) and "$float" in value:
        return float(value["$float"].replace("Inf", "inf"))
    if isinstance(value, list) and go_type == "[]float64":
        return floats(float(value_of("float64", item)) for item in value)
    if isinstance(value, list) and go_type == "[]string":
        return strings(value)
    if go_type in ("float64", "*float64") and value is not None:
        return float(value)
    if go_type == "int64":
        return Int64(value)
    if go_type in ("int", "string", "bool"):
        return value
    return _decoded(value)


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _decoded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _condition(given: Any, wanted: Any, now: datetime) -> str:
    try:
        found = evaluate_condition(value_of(given["goType"], given["result"]), given["condition"])
    except ConditionError as error:
        return _same(str(error), wanted.get("errorText")) if wanted.get("error") else f"error {error}, not {wanted}"
    return _same({"result": found}, wanted)


def _result(given: Any, wanted: Any, now: datetime) -> str:
    metric = Metric({"successCondition": given["successCondition"], "failureCondition": given["failureCondition"]})
    try:
        found = evaluate_result(value_of(given["goType"], given["result"]), metric)
    except ConditionError as error:
        return _same(str(error), wanted.get("errorText")) if wanted.get("error") else f"error {error}, not {wanted}"
    return _same({"phase": found}, wanted)


PLAYS: dict[str, Callable[[Any, Any, datetime], str]] = {
    "metric_phase": _metric_phase,
    "metric_bad_phase": _bad_phase,
    "run_phase": _run_phase,
    "due_metrics": _due,
    "next_time": _next,
    "ttl_exceeded": _ttl,
    "resolve_metric": _resolving(resolved_metric, "metric"),
    "resolve_string": _resolving(resolved_text, "result"),
    "resolve_quoted": _resolving(resolved_quoted, "result"),
    "dry_run_metrics": _dry_run,
    "retention_metrics": _retention,
    "validate_metric": _validate(validate_metric, "metric"),
    "validate_metrics": _validate(validate_metrics, "metrics"),
    "eval_condition": _condition,
    "evaluate_result": _result,
}
