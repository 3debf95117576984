"""Runs Promotions: from waiting for their turn to their end, step by step.

Owns the status of kargo.akuity.io Promotions. Reads their Stage, Freight, Warehouses, and what their steps' expressions
name; steps on the cluster read and patch Applications, Stages and Freight. Wakes when the Stage gives it its turn, when
a step's run ends, when a poll or a retry is due, and when somebody asks for a refresh or an abort.

What happened at the steps of one look is folded twice (see `execution`): in `look` without the time, to find the next
step that must be asked for, and in `decide` with it. The status is written when a step waits, when it may not be
repeated, and at the end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from argosy.machinery import timestamps
from argosy.machinery.controller import (
    KEEP,
    NOTHING,
    PENDING,
    Controller,
    Decision,
    Event,
    Failed,
    Pending,
    Snapshot,
)
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write, merge
from argosy.promotion.admission.stages import read_request
from argosy.promotion.events import promotion_event
from argosy.promotion.freight.availability import availability
from argosy.promotion.freight.entries import note_upstream, piece_named
from argosy.promotion.freight.references import freight_names, reference
from argosy.promotion.kinds import FREIGHT, PROMOTIONS, STAGES
from argosy.promotion.names import ABORT, REFRESH, REVERIFY, SHARD
from argosy.promotion.promotions.asking import question
from argosy.promotion.promotions.context import collected, context_of, job_of
from argosy.promotion.promotions.evaluation import Context
from argosy.promotion.promotions.execution import (
    BAD,
    Execution,
    Visit,
    aborted,
    after,
    passed_over,
    resumed,
    timeout_at,
    verdict,
)
from argosy.promotion.promotions.questions import RemoveDirectory
from argosy.promotion.promotions.visiting import visit
from argosy.promotion.settings import Settings
from argosy.promotion.stages.order import TERMINAL
from argosy.promotion.status_patch import status
from argosy.promotion.steps.catalogue import STEPS
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, Status, StepFault, Writes

AGAIN: Final = timedelta(milliseconds=1)
"""A step whose time is up is looked at once more, now."""
LONGEST_POLL: Final = timedelta(minutes=5)
SHORTEST_POLL: Final = timedelta(seconds=10)
LONGEST_RETRY: Final = timedelta(minutes=5)
LATE: Final = timedelta(seconds=15)
"""How much later than a Promotion our views of what it names may come. Admission has seen it all."""
HARMLESS: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """The current step runs, or is to be tried again, at `due`; `run` was its last."""

    index: int
    run: int
    due: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """The current step may run again, for the `run`-th time."""

    index: int
    run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    promotion: JsonObject
    stage: JsonObject | None
    freight: JsonObject | None
    memory: Waiting | Due | None = None
    visits: tuple[Visit, ...] = ()
    pending: bool = False
    writes: Writes | None = None
    applications: str = "argocd"
    collection: JsonObject | None = None
    reference: JsonObject | None = None
    has_directory: bool = False

    @property
    def status(self) -> Mapping[str, Any]:
        return self.promotion.get("status") or {}

    @property
    def phase(self) -> str:
        return str(self.status.get("phase") or "")

    @property
    def is_to_end(self) -> bool:
        """A user's request in other words than upstream's is none."""
        return bool(read_request(self.annotation(ABORT), "action").get("action") == "terminate")

    def annotation(self, name: str) -> str:
        return str((self.promotion["metadata"].get("annotations") or {}).get(name) or "")


class Promoting:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def controller(self) -> Controller[Seen]:
        return Controller(
            name="promotion-controller",
            kind=PROMOTIONS,
            look=self.look,
            decide=decide,
            owns=(STAGES, FREIGHT),
            manager="kargo",
            workers=16,
        )

    # -- look --------------------------------------------------------------------------------------------------------

    def look(self, snapshot: Snapshot, key: Key) -> Seen | None:
        promotion = snapshot.object(PROMOTIONS, key)
        if promotion is None or promotion["metadata"].get("deletionTimestamp"):
            return None
        if not self._settings.owns((promotion["metadata"].get("labels") or {}).get(SHARD) or ""):
            return None
        if (promotion.get("status") or {}).get("phase") in TERMINAL:
            return self._look_at_end(snapshot, promotion)
        stage = snapshot.object(STAGES, Key(key.namespace, promotion["spec"]["stage"]))
        freight = piece_named(snapshot, key.namespace, promotion["spec"].get("freight") or "")
        seen = Seen(promotion=promotion, stage=stage, freight=freight, memory=_memory(snapshot, promotion))
        seen = replace(seen, applications=self._settings.argocd_namespace)
        if seen.phase != "Running" or stage is None or freight is None or seen.is_to_end:
            return seen
        if not seen.status.get("stepExecutionMetadata"):
            note_upstream(snapshot, stage)
        return self._run(snapshot, seen, stage, freight)

    def _look_at_end(self, snapshot: Snapshot, promotion: JsonObject) -> Seen:
        if snapshot.memory is not None:
            snapshot.ask(RemoveDirectory(promotion["metadata"]["uid"]))
        return Seen(promotion=promotion, stage=None, freight=None)

    def _run(self, snapshot: Snapshot, seen: Seen, stage: JsonObject, freight: JsonObject) -> Seen:
        held = seen.status.get("freightCollection") or collected(stage, freight)
        target = seen.status.get("freight") or reference(freight)
        seen = replace(seen, collection=held, reference=target)
        execution = resumed(seen.promotion["spec"]["steps"], STEPS, seen.status)
        context = context_of(snapshot, self._settings, seen.promotion, stage, freight, held)
        visits: list[Visit] = []
        while not execution.done and not execution.waiting:
            kind = STEPS.get(execution.steps[execution.current]["uses"])
            if kind and kind.sort is not Sort.CLUSTER and _is_waiting(seen, execution):
                return replace(seen, visits=tuple(visits), pending=True)
            found = visit(execution, context, partial(self._step, snapshot, seen, context, execution))
            if isinstance(found, Writes):
                return replace(seen, visits=tuple(visits), writes=found)
            if isinstance(found, Pending):
                return replace(seen, visits=tuple(visits), pending=True)
            visits.append(found)
            execution = after(execution, found, None)
            if kind and found.what == "ran" and _must_be_kept(kind, found.result, execution):
                break
        return replace(seen, visits=tuple(visits))

    def _step(
        self, snapshot: Snapshot, seen: Seen, context: Context, execution: Execution, config: JsonObject
    ) -> Result | Writes | Pending:
        step = execution.steps[execution.current]
        kind = STEPS[step["uses"]]
        job = job_of(seen.promotion, context, execution, config)
        try:
            if kind.sort is Sort.PURE:
                pure: Result = kind.run(Run(job=job, directory=Path(), tools=None))
                return pure
            if kind.sort is Sort.CLUSTER:
                if isinstance(seen.memory, Waiting) and seen.memory.index == execution.current and _retries(seen):
                    return PENDING
                found: Result | Writes = kind.run(job, snapshot, None)
                return found
        except StepFault as fault:
            return Result(status=fault.status, error=str(fault), terminal=fault.terminal)
        run = seen.memory.run if isinstance(seen.memory, Due) and seen.memory.index == execution.current else 0
        answer = snapshot.ask(question(snapshot, self._settings, context, execution, kind, job, run))
        if isinstance(answer, Failed):
            return Result(status=Status.ERRORED, error=f"the step could not be run: {answer.reason}")
        return answer


def _memory(snapshot: Snapshot, promotion: JsonObject) -> Waiting | Due | None:
    return snapshot.memory if isinstance(snapshot.memory, Waiting | Due) else None


def _is_waiting(seen: Seen, execution: Execution) -> bool:
    return isinstance(seen.memory, Waiting) and seen.memory.index == execution.current


def _retries(seen: Seen) -> bool:
    metadata: list[Any] = seen.status.get("stepExecutionMetadata") or []
    return bool(metadata) and metadata[-1].get("status") in (Status.FAILED, Status.ERRORED)


def _must_be_kept(kind: Kind, result: Result, execution: Execution) -> bool:
    """Its effect cannot be found again by a later run: what it came to is stored before anything follows."""
    if not kind.repeats_harm or execution.done or result.status in BAD:
        return False  # after a failure only what is asked for in any case follows
    step = execution.steps[execution.current - 1] if execution.current else {}
    method = str((step.get("config") or {}).get("method") or "GET")
    return kind.name != "http" or method not in HARMLESS


# -- decide ------------------------------------------------------------------------------------------------------------


def decide(seen: Seen, now: datetime) -> Decision:
    if seen.phase in TERMINAL:
        return NOTHING
    if seen.is_to_end:
        return _ended_by_hand(seen, now)
    if not seen.phase:
        return Decision(_write(seen, {**seen.status, "phase": "Pending"}))
    if seen.phase == "Pending":
        return _begun(seen, now) if _is_its_turn(seen) else _refreshed(seen)
    return _progress(seen, now)


def _is_its_turn(seen: Seen) -> bool:
    current = ((seen.stage or {}).get("status") or {}).get("currentPromotion") or {}
    return bool(current.get("name") == seen.promotion["metadata"]["name"])


def _begun(seen: Seen, now: datetime) -> Decision:
    return Decision(_write(seen, {**seen.status, "phase": "Running", "startedAt": timestamps.seconds(now)}))


def _refreshed(seen: Seen) -> Decision:
    token = seen.annotation(REFRESH)
    if not token or seen.status.get("lastHandledRefresh") == token:
        return NOTHING
    return Decision(_write(seen, {**seen.status, "lastHandledRefresh": token}))


def _write(seen: Seen, wanted: JsonObject) -> tuple[Write, ...]:
    return status(PROMOTIONS, seen.promotion, wanted)


def _ended_by_hand(seen: Seen, now: datetime) -> Decision:
    request = read_request(seen.annotation(ABORT), "action")
    actor = request.get("actor")
    message = f"Promotion terminated by {actor}" if actor else "Promotion terminated"
    execution = aborted(resumed(seen.promotion["spec"]["steps"], STEPS, seen.status), now)
    wanted = {**seen.status, "phase": "Aborted", "message": message, "finishedAt": timestamps.seconds(now)}
    if execution.metadata:
        wanted["stepExecutionMetadata"] = list(execution.metadata)
    event = promotion_event(seen.promotion, seen.freight, "PromotionAborted", message, applications=seen.applications)
    return Decision((*_write(seen, wanted), event), memory=Due(-1, 0))


def _progress(seen: Seen, now: datetime) -> Decision:
    if problem := _impossible(seen, now):
        known_at = timestamps.parse(seen.status["startedAt"]) + LATE
        if now < known_at:
            return Decision(wake_at=known_at)
        return _ended(seen, {**seen.status}, "Errored", problem, now)
    execution = resumed(seen.promotion["spec"]["steps"], STEPS, seen.status)
    last = Result()
    for found in seen.visits:
        if execution.done or execution.waiting:
            break
        execution, last = after(execution, found, now), found.result
    execution = passed_over(execution, now)
    if seen.writes is not None:
        return _written(seen, execution, now)
    if execution.done:
        told = verdict(execution)
        return _ended(seen, _progressed(seen, execution), told.phase, told.message, now)
    if execution.waiting:
        return _waits(seen, execution, last, now)
    if seen.pending:
        return _still(seen, execution, now)
    return Decision(_write(seen, _progressed(seen, execution)), memory=Due(execution.current, 0))


def _impossible(seen: Seen, now: datetime) -> str:
    """Asked once, before the first step."""
    if seen.stage is None:
        return f'Stage "{seen.promotion["spec"]["stage"]}" not found'
    if seen.freight is None:
        return f'Freight "{seen.promotion["spec"].get("freight")}" not found'
    if seen.status.get("stepExecutionMetadata"):
        return ""
    if availability(seen.stage, seen.freight, now):
        return ""
    name = seen.promotion["spec"].get("freight")
    return f'Freight "{name}" is not available to Stage "{seen.promotion["spec"]["stage"]}"'


def _written(seen: Seen, execution: Execution, now: datetime) -> Decision:
    """The writes of a step on the cluster, and what is known by then."""
    assert seen.writes is not None
    steps: list[Write | Event] = [*seen.writes.steps]
    if seen.writes.result is not None and seen.writes.result.status == Status.RUNNING:
        waiting = after(execution, Visit("ran", seen.writes.result), now)
        steps += _write(seen, _progressed(seen, waiting))
    elif seen.visits:
        steps += _write(seen, _progressed(seen, execution)) if _is_kept_before_writes(execution) else ()
    return Decision(tuple(steps))


def _is_kept_before_writes(execution: Execution) -> bool:
    """Nothing that was done outside is lost when the writes are done and the process dies."""
    return any(
        STEPS[step["uses"]].repeats_harm for step in execution.steps[: execution.current] if step["uses"] in STEPS
    )


def _progressed(seen: Seen, execution: Execution) -> JsonObject:
    state = {alias: output for alias, output in execution.state.items() if output is not None}
    wanted: JsonObject = {
        **{name: value for name, value in seen.status.items() if name != "message"},
        "freight": seen.reference,
        "freightCollection": seen.collection,
        "state": state if execution.state or "state" in seen.status else None,
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


def _ended(seen: Seen, wanted: JsonObject, phase: str, message: str, now: datetime) -> Decision:
    wanted = {**wanted, "phase": phase, "finishedAt": timestamps.seconds(now)}
    if message:
        wanted["message"] = message
    told = f"Promotion {phase}" + (f": {message}" if message else "")
    pending = "true" if phase == "Succeeded" and _is_verified_later(seen) else "false"
    more = {"verification_pending": pending} if phase == "Succeeded" else {}
    event = promotion_event(
        seen.promotion, seen.freight, f"Promotion{phase}", told, applications=seen.applications, **more
    )
    again = _verified_again(seen) if phase == "Succeeded" else ()
    return Decision((*again, *_write(seen, wanted), event), memory=Due(-1, 0))


def _verified_again(seen: Seen) -> tuple[Write, ...]:
    """What the Stage held before is verified anew: it asks for that."""
    history: list[Any] = ((seen.stage or {}).get("status") or {}).get("freightHistory") or []
    if seen.stage is None or not history or (seen.reference or {}).get("name") not in freight_names(history[0]):
        return ()
    verified: list[Any] = history[0].get("verificationHistory") or []
    current = verified[0].get("id") if verified else None
    if not current:
        return ()
    request = json.dumps({"id": current, "controlPlane": True}, separators=(",", ":"))
    return (merge(STAGES, seen.stage, {"metadata": {"annotations": {REVERIFY: request}}}, exact=False),)


def _is_verified_later(seen: Seen) -> bool:
    return bool(((seen.stage or {}).get("spec") or {}).get("verification"))


def _waits(seen: Seen, execution: Execution, last: Result, now: datetime) -> Decision:
    """A step that runs is looked at again when it says, one to be retried after a growing wait."""
    meta = execution.metadata[-1]
    wanted = _progressed(seen, execution)
    retried = bool(last.error)
    if retried:
        wanted["message"] = str(meta.get("message") or "").removesuffix("; step will be retried")
    step = execution.steps[execution.current]
    on_cluster = STEPS[step["uses"]].sort is Sort.CLUSTER
    due = now + (_retry_wait(int(meta.get("errorCount") or 1)) if retried else _poll(last))
    if limit := timeout_at(execution):
        due = min(due, max(limit, now + AGAIN))
    run = seen.memory.run if isinstance(seen.memory, Due) and seen.memory.index == execution.current else 0
    memory = Waiting(execution.current, run, due) if retried or not on_cluster else KEEP
    return Decision(_write(seen, wanted), wake_at=due, memory=memory)


def _poll(result: Result) -> timedelta:
    return max(SHORTEST_POLL, min(result.poll, LONGEST_POLL)) if result.poll else LONGEST_POLL


def _retry_wait(errors: int) -> timedelta:
    return min(LONGEST_RETRY, timedelta(seconds=2.0 ** min(errors - 1, 10)))


def _still(seen: Seen, execution: Execution, now: datetime) -> Decision:
    """A run is under way, or the next one is not due."""
    waiting = seen.memory
    if not isinstance(waiting, Waiting) or waiting.index != execution.current:
        return NOTHING
    token = seen.annotation(REFRESH)
    asked = bool(token) and seen.status.get("lastHandledRefresh") != token
    if now >= waiting.due or asked:
        # What was asked is told as handled with what comes of it.
        return Decision(memory=Due(waiting.index, waiting.run + 1))
    return Decision(wake_at=waiting.due)
