"""The status of a run as JSON: finding a metric's result and measurements, counting a measurement, trimming.

Counters: Successful, Failed and Inconclusive also count as taken; an Error only counts as an error, and is retried.
Source: spec/rollouts-analysis-traffic.md 11.3, steps 3, 4 and 7.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from argosy.analysis.phases import BAD, COMPLETED, ERROR, FAILED, INCONCLUSIVE, RUNNING, SUCCESSFUL
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject

KEPT: Final = 10
"""How many measurements of a metric are kept, unless a retention rule says otherwise."""
_COUNTERS: Final = {SUCCESSFUL: "successful", FAILED: "failed", INCONCLUSIVE: "inconclusive", ERROR: "error"}


def result_of(status: JsonObject, name: str) -> JsonObject | None:
    return next((one for one in status.get("metricResults") or () if one.get("name") == name), None)


def last_measurement(status: JsonObject, name: str) -> JsonObject | None:
    measurements = (result_of(status, name) or {}).get("measurements") or ()
    return measurements[-1] if measurements else None


def is_metric_completed(status: JsonObject, name: str) -> bool:
    return ((result_of(status, name) or {}).get("phase") or "") in COMPLETED


def is_terminating(spec: JsonObject, status: JsonObject) -> bool:
    """Termination was requested, or a metric that counts has failed."""
    if spec.get("terminate"):
        return True
    return any(one.get("phase") in BAD and not one.get("dryRun") for one in status.get("metricResults") or ())


def number_of_next(status: JsonObject, name: str) -> int:
    """One more than the number of all measurements that ever finished."""
    result = result_of(status, name) or {}
    return int(result.get("count") or 0) + int(result.get("error") or 0) + 1


def time_of(value: object) -> datetime | None:
    return timestamps.parse(value) if isinstance(value, str) and value else None


def with_measurement(
    status: JsonObject,
    name: str,
    measurement: JsonObject,
    *,
    is_dry_run: bool,
    metadata: JsonObject | None = None,
) -> JsonObject:
    """The status with one more measurement, or its unfinished one replaced; `metadata` is for a first one."""
    before = result_of(status, name)
    result: JsonObject = dict(before) if before is not None else {"name": name, "phase": RUNNING}
    if before is None:
        if is_dry_run:
            result["dryRun"] = True
        if metadata:
            result["metadata"] = metadata
    _count(result, str(measurement.get("phase") or ""))
    measurements = list(result.get("measurements") or ())
    if measurements and not measurements[-1].get("finishedAt"):
        measurements[-1] = measurement
    else:
        measurements.append(measurement)
    result["measurements"] = measurements
    return with_result(status, result)


def with_result(status: JsonObject, result: JsonObject) -> JsonObject:
    results = list(status.get("metricResults") or ())
    for index, one in enumerate(results):
        if one.get("name") == result["name"]:
            results[index] = result
            return {**status, "metricResults": results}
    return {**status, "metricResults": [*results, result]}


def _count(result: JsonObject, phase: str) -> None:
    if phase not in COMPLETED:
        return
    counted = [_COUNTERS[phase]]
    if phase == ERROR:
        counted.append("consecutiveError")
    else:
        counted.append("count")
        result.pop("consecutiveError", None)
    if phase == SUCCESSFUL:
        counted.append("consecutiveSuccess")
    else:
        result.pop("consecutiveSuccess", None)
    for field in counted:
        result[field] = int(result.get(field) or 0) + 1


def trimmed(status: JsonObject, limits: dict[str, int]) -> JsonObject:
    """Without the oldest measurements beyond each metric's limit."""
    results = []
    for result in status.get("metricResults") or ():
        measurements = result.get("measurements") or ()
        limit = limit_of(limits, str(result.get("name")))
        results.append({**result, "measurements": measurements[-limit:]} if len(measurements) > limit else result)
    return {**status, "metricResults": results} if "metricResults" in status else status


def limit_of(limits: dict[str, int], name: str) -> int:
    return limits[name] if limits.get(name, 0) > 0 else KEPT
