"""Assesses measurements: the phase and message of each metric, and of the run.

A metric's phase is final once it is completed. The run's phase is that of its worst metric that counts. Source:
spec/rollouts-analysis-traffic.md 11.3, steps 5 to 7; argo-rollouts: analysis/analysis.go, assessRunStatus.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from argosy.analysis.phases import (
    COMPLETED,
    ERROR,
    FAILED,
    INCONCLUSIVE,
    PENDING,
    RUNNING,
    SUCCESSFUL,
    is_worse,
)
from argosy.analysis.results import is_terminating, result_of, with_result
from argosy.apis.rollouts.metrics import Metric
from argosy.machinery.objects import JsonObject

TERMINATED: Final = "Run Terminated"
_SUMMARY: Final = {ERROR: "error", FAILED: "failed", INCONCLUSIVE: "inconclusive"}


@dataclass(frozen=True, slots=True)
class Assessment:
    """`status` has the phases of metrics and the summaries, not yet the run's own phase."""

    phase: str
    message: str
    status: JsonObject
    completed: tuple[tuple[str, str], ...]
    """(metric, phase) of those that finished in this turn, in order."""


def metric_phase(metric: Metric, result: JsonObject, *, terminating: bool) -> str:
    phase = str(result.get("phase") or "")
    if phase in COMPLETED:
        return phase
    measurements = result.get("measurements") or ()
    if not measurements:
        return SUCCESSFUL if terminating else PENDING
    if measurements[-1].get("phase") not in COMPLETED:
        return RUNNING
    bad, _ = bad_phase(metric, result)
    if bad:
        return bad
    wanted = metric.number("consecutiveSuccessLimit") or 0
    if wanted > 0 and _count(result, "consecutiveSuccess") >= wanted:
        return SUCCESSFUL
    count = metric.effective_count
    if count is not None and _count(result, "count") >= count:
        return _phase_at_count(metric, wanted)
    return SUCCESSFUL if terminating else RUNNING


def _phase_at_count(metric: Metric, wanted_successes: int) -> str:
    """All measurements are taken, no limit is exceeded, and any required consecutive successes did not occur."""
    if wanted_successes <= 0:
        return SUCCESSFUL
    limit = metric.number("failureLimit")
    return INCONCLUSIVE if limit is None or limit >= 0 else FAILED


def bad_phase(metric: Metric, result: JsonObject) -> tuple[str, str]:
    """The phase for an exceeded limit, and its message; the last rule wins. ("", "") if none is exceeded."""
    found = ("", "")
    failed, limit = _count(result, "failed"), metric.number("failureLimit") or 0
    if limit >= 0 and failed > limit:
        found = (FAILED, f"failed ({failed}) > failureLimit ({limit})")
    unclear, limit = _count(result, "inconclusive"), metric.number("inconclusiveLimit") or 0
    if unclear > limit:
        found = (INCONCLUSIVE, f"inconclusive ({unclear}) > inconclusiveLimit ({limit})")
    errors, limit = _count(result, "consecutiveError"), metric.consecutive_error_limit
    if errors > limit:
        found = (ERROR, f"consecutiveErrors ({errors}) > consecutiveErrorLimit ({limit})")
    return found


def _count(result: JsonObject, field: str) -> int:
    return int(result.get(field) or 0)


def assess(spec: JsonObject, status: JsonObject, metrics: Sequence[Metric], dry_run: frozenset[str]) -> Assessment:
    terminating = is_terminating(spec, status)
    worst, message = "", TERMINATED if spec.get("terminate") else ""
    summaries: dict[bool, JsonObject] = {False: {}, True: {}}
    completed: list[tuple[str, str]] = []
    is_all_completed = True
    for metric in metrics:
        is_dry = metric.name in dry_run
        _add(summaries[is_dry], "count")
        result = result_of(status, metric.name)
        if result is None:
            is_all_completed = False
            continue
        phase = metric_phase(metric, result, terminating=terminating)
        result = _with_phase(result, phase)
        if result["phase"] != (result_of(status, metric.name) or {}).get("phase") and phase in COMPLETED:
            completed.append((metric.name, phase))
        if phase not in COMPLETED:
            is_all_completed = False
        else:
            bad, reason = bad_phase(metric, result)
            _add(summaries[is_dry], _SUMMARY.get(bad, "successful"))
            if is_dry:
                worst = worst or SUCCESSFUL
                if reason:
                    result = {**result, "message": f"Metric assessed {phase} due to {reason}"}
            elif worst == "" or is_worse(worst, phase):
                worst = phase
                message = _worst_message(metric, phase, reason, result) or message
        status = with_result(status, result)
    status = {**status, "runSummary": summaries[False], "dryRunSummary": summaries[True]}
    if terminating:
        return Assessment(worst or SUCCESSFUL, message.strip(), status, tuple(completed))
    if not is_all_completed or not worst:
        return Assessment(RUNNING, "", status, tuple(completed))
    return Assessment(worst, message.strip(), status, tuple(completed))


def _with_phase(result: JsonObject, phase: str) -> JsonObject:
    """A new phase takes the message of the last measurement."""
    if result.get("phase") == phase:
        return result
    changed = {**result, "phase": phase}
    measurements = result.get("measurements") or ()
    if measurements:
        changed.pop("message", None)
        if text := measurements[-1].get("message"):
            changed["message"] = text
    return changed


def _worst_message(metric: Metric, phase: str, reason: str, result: JsonObject) -> str:
    if not reason:
        return ""
    text = f'Metric "{metric.name}" assessed {phase} due to {reason}'
    return f'{text}: "Error Message: {result["message"]}"' if result.get("message") else text


def _add(summary: JsonObject, field: str) -> None:
    summary[field] = int(summary.get(field) or 0) + 1
