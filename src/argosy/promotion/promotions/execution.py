"""The step loop of a Promotion, as a pure fold over what is known and the result of visiting the next step.

Source: spec/kargo.md 6.2. The caller's `visit` says what happened at a step; `after` says what follows from it. The
loop runs twice for each look: once to find which question to ask, and once, with the time, to decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from argosy.apis.kargo.promotion import PromotionStatus
from argosy.apis.kargo.steps import PromotionStep
from argosy.machinery import duration, timestamps
from argosy.machinery.objects import JsonObject
from argosy.promotion.promotions.tasks import SEPARATOR
from argosy.promotion.steps.kind import SEVERITY, Kind, Result, Status

UNKNOWN_KIND: Final = (
    'step kind "{kind}" is not registered; verify the kind is correct; '
    "if you are a Kargo Enterprise user, you may need to enable the promotion controller"
)
FINAL: Final = frozenset({Status.SUCCEEDED, Status.SKIPPED})
BAD: Final = frozenset({Status.FAILED, Status.ERRORED})


@dataclass(frozen=True, slots=True)
class Visit:
    """The result of visiting a step. `skip` and the faults finish it before it ran."""

    what: Literal["ran", "skipped", "condition", "unknown", "context"]
    result: Result = field(default_factory=Result)
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """The progress of a Promotion; read from its status and written back to it."""

    steps: Sequence[PromotionStep]
    kinds: Mapping[str, Kind]
    current: int = 0
    metadata: tuple[JsonObject, ...] = ()
    state: JsonObject = field(default_factory=dict)
    health: tuple[JsonObject, ...] = ()
    waiting: bool = False
    """The current step is running, or will be retried."""

    @property
    def done(self) -> bool:
        return self.current >= len(self.steps)

    def meta(self) -> JsonObject:
        """Metadata of the current step; empty before it started."""
        if self.current < len(self.metadata):
            return dict(self.metadata[self.current])
        step = self.steps[self.current]
        fresh: JsonObject = {"alias": step.as_}
        return {**fresh, "continueOnError": True} if step.continue_on_error else fresh

    @property
    def started(self) -> bool:
        return self.current < len(self.metadata) and bool(self.metadata[self.current].get("startedAt"))


def resumed(steps: Sequence[PromotionStep], kinds: Mapping[str, Kind], status: PromotionStatus) -> Execution:
    return Execution(
        steps=steps,
        kinds=kinds,
        current=status.current_step,
        metadata=tuple(one.raw for one in status.step_execution_metadata),
        state=dict(status.state),
        health=tuple(one.raw for one in status.health_checks),
    )


def after(execution: Execution, visit: Visit, now: datetime | None) -> Execution:
    """`now` None is for `look`, which ignores times and time-outs."""
    meta = execution.meta()
    if visit.what == "skipped":
        return _next(execution, {**meta, "status": Status.SKIPPED})
    if visit.what in ("condition", "unknown"):
        return _next(execution, {**meta, "status": Status.ERRORED, "message": visit.message})
    started = _moment(visit.result.started_at, now)
    meta = meta if meta.get("startedAt") else _with(meta, startedAt=started)
    if visit.what == "context":
        return _next(execution, {**meta, "status": Status.ERRORED, "message": visit.message})
    return _ran(execution, meta, visit.result, now)


def passed_over(execution: Execution, now: datetime) -> Execution:
    """Steps that ask nothing are skipped after a failure, including a time-out that `look` did not see."""
    while not execution.done and not execution.waiting and not execution.started:
        earlier = execution.metadata[: execution.current]
        failed = any(meta["status"] in BAD and not meta.get("continueOnError") for meta in earlier)
        if not failed or execution.steps[execution.current].if_:
            break
        execution = after(execution, Visit("skipped"), now)
    return execution


def _ran(execution: Execution, meta: JsonObject, result: Result, now: datetime | None) -> Execution:
    step = execution.steps[execution.current]
    alias = step.as_
    execution = replace(execution, state=_output(execution, step, result))
    finished = _moment(result.finished_at, now)
    judged = _judged(meta, alias, result, _threshold(execution, step))
    over = judged.get("status") in FINAL or bool(judged.pop("over", False))
    if not over and (limit := _timeout(execution, step)) and _is_over(judged, limit, now):
        spelled = duration.spelled(limit)
        judged = {**judged, "status": Status.ERRORED, "message": f'step "{alias}" timed out after {spelled}'}
        over = True
    if not over:
        return replace(execution, metadata=_replaced(execution, judged), waiting=True)
    if judged["status"] == Status.SUCCEEDED and result.health:
        execution = replace(execution, health=(*execution.health, result.health))
    return _next(execution, _with(judged, finishedAt=finished))


def _judged(meta: JsonObject, alias: str, result: Result, threshold: int) -> JsonObject:
    """The metadata after a run; `over` if the step is finished although it did not succeed."""
    status = result.status
    clean = {key: value for key, value in meta.items() if key != "message"}
    if result.panicked:
        message = f'an unrecoverable error occurred: error running step "{alias}": step panicked: {result.error}'
        return {**clean, "status": Status.ERRORED, "message": message, "over": True}
    if status not in SEVERITY:
        message = f'step "{alias}" returned an invalid status: {status}'
        return {**clean, "status": Status.ERRORED, "message": message, "over": True}
    detail = {"message": result.message} if result.message else {}
    if not result.error:
        return {**clean, "status": status, **detail}
    failed = status == Status.FAILED
    status = Status.FAILED if failed else Status.ERRORED
    text = f'step "{alias}": {result.error}' if failed else f'error running step "{alias}": {result.error}'
    if result.terminal:
        text = text if failed else f"an unrecoverable error occurred: {text}"
        return {**clean, "status": status, "message": text, "over": True}
    count = int(meta.get("errorCount") or 0) + 1
    if count < threshold:
        return {**clean, "errorCount": count, "status": status, "message": f"{text}; step will be retried"}
    met = f'step "{alias}" met error threshold of {threshold}: {text}'
    return {**clean, "errorCount": count, "status": status, "message": met, "over": True}


def _threshold(execution: Execution, step: PromotionStep) -> int:
    kind = execution.kinds.get(step.uses)
    return (step.retry and step.retry.error_threshold) or (kind.error_threshold if kind else 1)


def _timeout(execution: Execution, step: PromotionStep) -> timedelta | None:
    if step.retry and step.retry.timeout:
        return duration.parse(step.retry.timeout) or None
    kind = execution.kinds.get(step.uses)
    return kind.timeout if kind else None


def timeout_at(execution: Execution) -> datetime | None:
    """When the current step times out."""
    limit = _timeout(execution, execution.steps[execution.current])
    started = execution.meta().get("startedAt")
    return timestamps.parse(started) + limit if limit and started else None


def _is_over(meta: Mapping[str, Any], limit: timedelta, now: datetime | None) -> bool:
    return now is not None and bool(meta.get("startedAt")) and now - timestamps.parse(meta["startedAt"]) >= limit


def _output(execution: Execution, step: PromotionStep, result: Result) -> JsonObject:
    """An output of `compose-output` within a task is also the task's own."""
    alias, given = step.as_, result.output
    if given is None and not result.error and alias in execution.state and result.status not in FINAL:
        given = execution.state[alias]
    state = {**execution.state, alias: given}
    if step.uses == "compose-output" and SEPARATOR in alias:
        task = alias.partition(SEPARATOR)[0]
        state[task] = {**(execution.state.get(task) or {}), **(given or {})} or None
    return state


def _moment(moment: datetime | None, now: datetime | None) -> str:
    found = moment or now
    return timestamps.seconds(found) if found else "?"


def _with(meta: JsonObject, **more: str) -> JsonObject:
    return {**meta, **more}


def _replaced(execution: Execution, meta: JsonObject) -> tuple[JsonObject, ...]:
    return (*execution.metadata[: execution.current], meta)


def _next(execution: Execution, meta: JsonObject) -> Execution:
    return replace(execution, metadata=_replaced(execution, meta), current=execution.current + 1)


@dataclass(frozen=True, slots=True)
class Verdict:
    phase: str
    message: str = ""


def verdict(execution: Execution) -> Verdict:
    """The result of a finished execution: the worst step, with its reason. Steps that may fail are ignored."""
    counted = [meta for meta in execution.metadata if not (meta.get("continueOnError") and meta["status"] in BAD)]
    worst = max(counted, key=lambda meta: SEVERITY[meta["status"]], default={"status": Status.SUCCEEDED})
    if SEVERITY[worst["status"]] < SEVERITY[Status.ABORTED]:
        return Verdict("Succeeded")
    return Verdict(str(worst["status"]), str(worst.get("message") or ""))


def aborted(execution: Execution, now: datetime) -> Execution:
    """The running step, if any, is aborted with the Promotion."""
    if execution.done or not execution.started or execution.meta().get("status") != Status.RUNNING:
        return execution
    meta = {**execution.meta(), "status": Status.ABORTED, "finishedAt": timestamps.seconds(now)}
    return replace(execution, metadata=_replaced(execution, {k: v for k, v in meta.items() if k != "message"}))
