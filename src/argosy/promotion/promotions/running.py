"""Runs Promotions, step by step, from waiting for their turn to their end.

Owns the status of kargo.akuity.io Promotions. Reads their Stage, Freight, Warehouses, and whatever their steps'
expressions refer to; steps on the cluster read and patch Applications, Stages and Freight. Wakes when the Stage gives
it its turn, when a step's run finishes, when a poll or a retry is due, and when a refresh or an abort is requested.

`seen` visits the steps; this module decides what follows. The status is written when a step waits, when it must not be
repeated, and at the end.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from argosy.machinery import timestamps
from argosy.machinery.controller import KEEP, NOTHING, Controller, Decision, Event
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write
from argosy.promotion.freight.availability import availability
from argosy.promotion.kinds import FREIGHT, PROMOTIONS, STAGES
from argosy.promotion.names import REFRESH
from argosy.promotion.promotions.execution import Execution, Visit, after, passed_over, timeout_at, verdict
from argosy.promotion.promotions.outcome import ended, ended_by_hand
from argosy.promotion.promotions.seen import Due, Looking, Seen, Waiting
from argosy.promotion.settings import Settings
from argosy.promotion.stages.order import is_terminal
from argosy.promotion.status_patch import status
from argosy.promotion.steps.catalogue import STEPS
from argosy.promotion.steps.kind import Result, Sort, Status

AGAIN: Final = timedelta(milliseconds=1)
"""A step that has timed out is visited once more, now."""
LONGEST_POLL: Final = timedelta(minutes=5)
SHORTEST_POLL: Final = timedelta(seconds=10)
LONGEST_RETRY: Final = timedelta(minutes=5)
LATE: Final = timedelta(seconds=15)
"""How much later than a Promotion our cache may receive what it refers to. Admission has seen all of it."""


def controller(settings: Settings) -> Controller[Seen]:
    return Controller(
        name="promotion-controller",
        kind=PROMOTIONS,
        look=Looking(settings).look,
        decide=decide,
        owns=(STAGES, FREIGHT),
        manager="kargo",
        workers=16,
    )


def decide(seen: Seen, now: datetime) -> Decision:
    if is_terminal(seen.promotion):
        return NOTHING
    if seen.is_to_end:
        return ended_by_hand(seen, now)
    if not seen.status.phase:
        return Decision(_write(seen, {**seen.status.raw, "phase": "Pending"}))
    if seen.status.phase == "Pending":
        return _started(seen, now) if _is_its_turn(seen) else _refreshed(seen)
    return _progress(seen, now)


def _is_its_turn(seen: Seen) -> bool:
    current = seen.stage.status.current_promotion if seen.stage else None
    return current is not None and current.name == seen.promotion.metadata.name


def _started(seen: Seen, now: datetime) -> Decision:
    return Decision(_write(seen, {**seen.status.raw, "phase": "Running", "startedAt": timestamps.seconds(now)}))


def _refreshed(seen: Seen) -> Decision:
    token = seen.annotation(REFRESH)
    if not token or seen.status.last_handled_refresh == token:
        return NOTHING
    return Decision(_write(seen, {**seen.status.raw, "lastHandledRefresh": token}))


def _write(seen: Seen, wanted: JsonObject) -> tuple[Write, ...]:
    return status(PROMOTIONS, seen.promotion.raw, wanted)


def _progress(seen: Seen, now: datetime) -> Decision:
    if problem := _impossible(seen, now):
        known_at = timestamps.parse(seen.status.started_at) + LATE
        if now < known_at:
            return Decision(wake_at=known_at)
        return ended(seen, seen.status.raw, "Errored", problem, now)
    execution, last = seen.execution, Result()
    for found in seen.visits:
        if execution.done or execution.waiting:
            break
        execution, last = after(execution, found, now), found.result
    execution = passed_over(execution, now)
    if seen.writes is not None:
        return _written(seen, execution, now)
    if execution.done:
        outcome = verdict(execution)
        return ended(seen, _progressed(seen, execution), outcome.phase, outcome.message, now)
    if execution.waiting:
        return _waits(seen, execution, last, now)
    if seen.pending:
        return _still(seen, execution, now)
    return Decision(_write(seen, _progressed(seen, execution)), memory=Due(execution.current, 0))


def _impossible(seen: Seen, now: datetime) -> str:
    """Asked once, before the first step."""
    spec = seen.promotion.spec
    if seen.stage is None:
        return f'Stage "{spec.stage}" not found'
    if seen.freight is None:
        return f'Freight "{spec.freight}" not found'
    if seen.status.step_execution_metadata or availability(seen.stage, seen.freight, now):
        return ""
    return f'Freight "{spec.freight}" is not available to Stage "{spec.stage}"'


def _written(seen: Seen, execution: Execution, now: datetime) -> Decision:
    """A cluster step's writes, and the progress by then."""
    assert seen.writes is not None
    steps: list[Write | Event] = [*seen.writes.steps]
    if seen.writes.result is not None and seen.writes.result.status == Status.RUNNING:
        waiting = after(execution, Visit("ran", seen.writes.result), now)
        steps += _write(seen, _progressed(seen, waiting))
    elif seen.visits:
        steps += _write(seen, _progressed(seen, execution)) if _is_kept_before_writes(execution) else ()
    return Decision(tuple(steps))


def _is_kept_before_writes(execution: Execution) -> bool:
    """Nothing done outside is lost if the process dies after the writes."""
    return any(STEPS[step.uses].repeats_harm for step in execution.steps[: execution.current] if step.uses in STEPS)


def _progressed(seen: Seen, execution: Execution) -> JsonObject:
    state = {alias: output for alias, output in execution.state.items() if output is not None}
    wanted: JsonObject = {
        **{name: value for name, value in seen.status.raw.items() if name != "message"},
        "freight": seen.reference.raw if seen.reference else None,
        "freightCollection": seen.collection.raw if seen.collection else None,
        "state": state if execution.state or "state" in seen.status.raw else None,
        "stepExecutionMetadata": list(execution.metadata),
    }
    current = min(execution.current, len(execution.steps) - 1)
    if current > 0:
        wanted["currentStep"] = current
    if execution.health:
        wanted["healthChecks"] = list(execution.health)
    if token := seen.annotation(REFRESH):
        wanted["lastHandledRefresh"] = token
    return wanted


def _waits(seen: Seen, execution: Execution, last: Result, now: datetime) -> Decision:
    """A running step is visited again when it asks for it, one to be retried after a growing wait."""
    meta = execution.metadata[-1]
    wanted = _progressed(seen, execution)
    retried = bool(last.error)
    if retried:
        wanted["message"] = str(meta.get("message") or "").removesuffix("; step will be retried")
    on_cluster = STEPS[execution.steps[execution.current].uses].sort is Sort.CLUSTER
    due = now + (_retry_wait(int(meta.get("errorCount") or 1)) if retried else _poll(last))
    if limit := timeout_at(execution):
        due = min(due, max(limit, now + AGAIN))
    memory = Waiting(execution.current, seen.run_of(execution), due) if retried or not on_cluster else KEEP
    return Decision(_write(seen, wanted), wake_at=due, memory=memory)


def _poll(result: Result) -> timedelta:
    return max(SHORTEST_POLL, min(result.poll, LONGEST_POLL)) if result.poll else LONGEST_POLL


def _retry_wait(errors: int) -> timedelta:
    return min(LONGEST_RETRY, timedelta(seconds=2.0 ** min(errors - 1, 10)))


def _still(seen: Seen, execution: Execution, now: datetime) -> Decision:
    """A run is in progress, or the next one is not due."""
    waiting = seen.memory
    if not isinstance(waiting, Waiting) or waiting.index != execution.current:
        return NOTHING
    token = seen.annotation(REFRESH)
    asked = bool(token) and seen.status.last_handled_refresh != token
    if now >= waiting.due or asked:
        # A request is marked as handled together with its result.
        return Decision(memory=Due(waiting.index, waiting.run + 1))
    return Decision(wake_at=waiting.due)
