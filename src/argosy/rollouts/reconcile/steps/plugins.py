"""Steps that a plug-in does: run, terminated on a full promotion, aborted on an abort. Section 15.

A plug-in is called through a question of the engine (`ports.RunStep`); its answers are stored in
status.canary.stepPluginStatuses, so that each operation runs once, whatever happens to the process.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.status import StepPluginStatus
from argosy.machinery import timestamps
from argosy.machinery.controller import PENDING, Failed
from argosy.machinery.duration import DurationError, spelled
from argosy.machinery.duration import parse as parse_duration
from argosy.machinery.objects import JsonObject
from argosy.rollouts.arithmetic.weights import current_step
from argosy.rollouts.ports import RunStep, StepAnswer
from argosy.rollouts.reconcile.turn import Turn

TRANSIENT = timedelta(seconds=30)
GRACE = timedelta(seconds=5)
"""Upstream waits this much longer than the plug-in asks for."""
AT_ONCE = timedelta(microseconds=1)
"""`look` asks questions: the next look is this much later."""


def wanted_operation(rollout: Rollout, *, aborted: bool) -> RunStep | None:
    """The operation to ask a plug-in for now, if any: `look` asks, the turn reads the answer."""
    status, canary = rollout.status, rollout.spec.strategy.canary
    if canary is None:
        return None
    statuses = status.canary.step_plugin_statuses
    if aborted:
        for found in reversed(statuses):
            if found.operation == "Run" and _is_open(found) and not _has(statuses, found.index, "Abort"):
                return _question(rollout, found.index, "Abort", found)
        return None
    if not status.stable_rs:
        return None  # the first deployment has no steps
    if status.promote_full or status.stable_rs == status.current_pod_hash:
        running = next((s for s in reversed(statuses) if s.operation == "Run" and s.phase == "Running"), None)
        if running is None or _has(statuses, running.index, "Terminate"):
            return None
        return _question(rollout, running.index, "Terminate", running)
    step, index = current_step(rollout)
    if step is None or step.plugin is None or index is None or status.phase != "Progressing":
        return None
    before = next((s for s in statuses if (s.index, s.operation) == (index, "Run")), None)
    if before is not None and (before.disabled or before.phase in ("Successful", "Failed")):
        return None
    return _question(rollout, index, "Run", before)


def _is_open(found: StepPluginStatus) -> bool:
    return found.phase in ("Running", "Successful") and not found.disabled


def _has(statuses: Sequence[StepPluginStatus], index: int, operation: str) -> bool:
    return any((found.index, found.operation) == (index, operation) for found in statuses)


def _question(rollout: Rollout, index: int, operation: str, before: StepPluginStatus | None) -> RunStep | None:
    canary = rollout.spec.strategy.canary
    if canary is None or index >= len(canary.steps) or (plugin := canary.steps[index].plugin) is None:
        return None
    number = before.executions + 1 if before is not None and operation == "Run" else 1
    state = before.status if before is not None else None
    return RunStep.about(rollout, index, plugin.name, operation, number, config=plugin.config, state=state)


def sync_step_plugin(turn: Turn) -> None:
    """Writes the answer, if there is one, to the status."""
    statuses: list[JsonObject] = [found.raw for found in turn.rollout.status.canary.step_plugin_statuses]
    turn.status.setdefault("canary", {})["stepPluginStatuses"] = _without_old(turn, statuses)
    question = wanted_operation(turn.rollout, aborted=turn.pauses.is_aborted)
    if question is None:
        return
    before = next((s for s in statuses if (s["index"], s["operation"]) == (question.index, question.operation)), None)
    if before is not None and (due := _next_run(before)) is not None and due > turn.now:
        turn.wake(due)
        return
    answer = turn.seen.plugins.get(question.index)
    if answer is None:
        turn.execution = question.index, question.operation, question.execution
        turn.wake(turn.now + AT_ONCE)
    if answer is PENDING or answer is None:
        turn.plugin_failed = True
        return
    if isinstance(answer, Failed) or not isinstance(answer, StepAnswer) or answer.problem:
        reason = answer.reason if isinstance(answer, Failed) else getattr(answer, "problem", "unknown answer")
        turn.event("ReconciliationError", f"Reconciliation failed with error: {reason}", "Warning")
        turn.plugin_failed = True
        turn.wake(turn.now + TRANSIENT)
        return
    _take(turn, question, before, answer)


def _take(turn: Turn, question: RunStep, before: JsonObject | None, answer: StepAnswer) -> None:
    now = timestamps.seconds(turn.now)
    phase = answer.phase if question.operation == "Run" or answer.phase != "Running" else "Failed"
    fresh: JsonObject = {
        "index": question.index,
        "name": question.plugin,
        "operation": question.operation,
        "phase": phase,
        "message": answer.message,
        "startedAt": (before or {}).get("startedAt") or now,
        "updatedAt": now,
        "executions": int((before or {}).get("executions") or 0) + 1,
        "status": answer.state,
        "disabled": answer.disabled,
    }
    if phase in ("Running", "Error"):
        wait = (
            max(answer.requeue_after, timedelta(seconds=30))
            if answer.requeue_after <= timedelta(seconds=10)
            else answer.requeue_after
        )
        fresh["backoff"] = spelled(wait)
        turn.wake(turn.now + wait + GRACE)
    else:
        fresh["finishedAt"] = now
    if answer.disabled:
        fresh = {name: fresh[name] for name in ("index", "name", "operation", "disabled")}
    fresh = {name: value for name, value in fresh.items() if value not in ("", None) and value is not False}
    part = turn.status["canary"]
    kept = [
        s for s in part["stepPluginStatuses"] if (s["index"], s["operation"]) != (question.index, question.operation)
    ]
    part["stepPluginStatuses"] = (
        [*kept, fresh] if before is None else [fresh if s is before else s for s in part["stepPluginStatuses"]]
    )
    if (before or {}).get("phase") != phase:
        _report(turn, question, phase, disabled=answer.disabled)
    if question.operation == "Run" and phase == "Failed":
        turn.pauses.abort_message = f"Step Plugin {question.index + 1} ({question.plugin}) failed: {answer.message}"


def _report(turn: Turn, question: RunStep, phase: str, *, disabled: bool) -> None:
    if disabled or (question.operation == "Run" and phase == "Successful"):
        return
    name, number = question.plugin, question.index + 1
    text = {
        "Run": f"Step plugin {name} (step {number}) transitioned to {phase}",
        "Abort": f"Step plugin {name} (step {number}) aborted ({phase})",
        "Terminate": f"Step plugin {name} (step {number}) terminated ({phase})",
    }[question.operation]
    turn.event("StepPluginTransition", text, "Warning" if phase in ("Error", "Failed") else "Normal")


def _next_run(before: JsonObject) -> datetime | None:
    if before.get("operation") != "Run" or before.get("phase") not in ("Running", "Error"):
        return None
    try:
        wait = parse_duration(str(before.get("backoff") or "0"))
        return timestamps.parse(str(before.get("updatedAt"))) + wait + GRACE
    except (DurationError, ValueError):
        return None


def _without_old(turn: Turn, statuses: list[JsonObject]) -> list[JsonObject]:
    """A retry starts over at the first step with an empty status."""
    step, index = current_step(turn.rollout)
    status = turn.rollout.status
    if status.abort or turn.pauses.is_aborted or step is None or index or not statuses:
        return statuses
    if status.stable_rs == status.current_pod_hash or status.promote_full:
        return statuses
    return [] if step.plugin is None or step_plugin_is_done(statuses, 0) else statuses


def step_plugin_is_done(statuses: Sequence[JsonObject], index: int) -> bool:
    """Whether the step is complete."""
    by_operation = {s["operation"]: s for s in statuses if s["index"] == index}
    ran = by_operation.get("Run")
    if ran is None:
        return False
    if ran.get("disabled") or ran.get("phase") in ("Successful", "Failed"):
        return True
    return ran.get("phase") == "Running" and bool({"Terminate", "Abort"} & set(by_operation))
