"""The inputs of a Promotion's decision, and how they are gathered: its next steps are visited as far as possible.

The results of one look's visits are folded twice (see `execution`): here without the time, to find the next step to
ask for, and in `running` with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from argosy.apis.kargo import Freight, Promotion, Stage
from argosy.apis.kargo.artifacts import FreightCollection, FreightReference
from argosy.apis.kargo.promotion import PromotionStatus
from argosy.machinery.controller import PENDING, Failed, Pending, Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.admission.stages import read_request
from argosy.promotion.freight.entries import note_upstream, piece_named
from argosy.promotion.freight.references import reference
from argosy.promotion.names import ABORT, SHARD
from argosy.promotion.promotions.asking import question
from argosy.promotion.promotions.context import collected, context_of, job_of
from argosy.promotion.promotions.evaluation import Context
from argosy.promotion.promotions.execution import BAD, Execution, Visit, after, resumed
from argosy.promotion.promotions.questions import RemoveDirectory
from argosy.promotion.promotions.visiting import visit
from argosy.promotion.settings import Settings
from argosy.promotion.stages.order import is_terminal
from argosy.promotion.steps.catalogue import STEPS
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, Status, StepFault, Writes

HARMLESS: Final = frozenset({"GET", "HEAD"})
"""Methods of `http` without side effects."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The current step runs, or will be retried, at `due`; `run` was its last."""

    index: int
    run: int
    due: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """The current step may run again, as run number `run`."""

    index: int
    run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    promotion: Promotion
    stage: Stage | None
    freight: Freight | None
    memory: Waiting | Due | None = None
    visits: tuple[Visit, ...] = ()
    pending: bool = False
    writes: Writes | None = None
    applications: str = "argocd"
    collection: FreightCollection | None = None
    reference: FreightReference | None = None

    @property
    def status(self) -> PromotionStatus:
        return self.promotion.status

    @property
    def is_to_end(self) -> bool:
        """A user's request in a form that upstream does not accept is ignored."""
        return bool(read_request(self.annotation(ABORT), "action").get("action") == "terminate")

    @property
    def execution(self) -> Execution:
        """The progress, by its status."""
        return resumed(self.promotion.spec.steps, STEPS, self.status)

    def annotation(self, name: str) -> str:
        return self.promotion.metadata.annotations.get(name) or ""

    def is_waiting(self, execution: Execution) -> bool:
        return isinstance(self.memory, Waiting) and self.memory.index == execution.current

    def run_of(self, execution: Execution) -> int:
        """The number of earlier runs of the current step."""
        return self.memory.run if isinstance(self.memory, Due) and self.memory.index == execution.current else 0


class Looking:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def look(self, snapshot: Snapshot, key: Key) -> Seen | None:
        promotion = snapshot.get(Promotion, key)
        if promotion is None or promotion.metadata.deletion_timestamp:
            return None
        if not self._settings.owns(promotion.metadata.labels.get(SHARD) or ""):
            return None
        if is_terminal(promotion):
            return _look_at_end(snapshot, promotion)
        stage = snapshot.get(Stage, Key(key.namespace, promotion.spec.stage))
        freight = piece_named(snapshot, key.namespace, promotion.spec.freight)
        memory = snapshot.memory if isinstance(snapshot.memory, Waiting | Due) else None
        place = self._settings.argocd_namespace
        seen = Seen(promotion=promotion, stage=stage, freight=freight, memory=memory, applications=place)
        if promotion.status.phase != "Running" or stage is None or freight is None or seen.is_to_end:
            return seen
        if not seen.status.step_execution_metadata:
            note_upstream(snapshot, stage)
        return self._run(snapshot, seen, stage, freight)

    def _run(self, snapshot: Snapshot, seen: Seen, stage: Stage, freight: Freight) -> Seen:
        held = seen.status.freight_collection or collected(stage, freight)
        seen = replace(seen, collection=held, reference=seen.status.freight or reference(freight))
        execution = seen.execution
        context = context_of(snapshot, self._settings, seen.promotion, stage, freight, held)
        visits: list[Visit] = []
        while not execution.done and not execution.waiting:
            kind = STEPS.get(execution.steps[execution.current].uses)
            if kind and kind.sort is not Sort.CLUSTER and seen.is_waiting(execution):
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
        kind = STEPS[execution.steps[execution.current].uses]
        job = job_of(seen.promotion, context, execution, config)
        try:
            if kind.sort is Sort.PURE:
                pure: Result = kind.run(Run(job=job, directory=Path(), tools=None))
                return pure
            if kind.sort is Sort.CLUSTER:
                if seen.is_waiting(execution) and _retries(seen):
                    return PENDING
                found: Result | Writes = kind.run(job, snapshot, None)
                return found
        except StepFault as fault:
            return Result(status=fault.status, error=str(fault), terminal=fault.terminal)
        run = seen.run_of(execution)
        answer = snapshot.ask(question(snapshot, self._settings, context, execution, kind, job, run))
        if isinstance(answer, Failed):
            return Result(status=Status.ERRORED, error=f"the step could not be run: {answer.reason}")
        return answer


def _look_at_end(snapshot: Snapshot, promotion: Promotion) -> Seen:
    if snapshot.memory is not None:
        snapshot.ask(RemoveDirectory(promotion.metadata.uid))
    return Seen(promotion=promotion, stage=None, freight=None)


def _retries(seen: Seen) -> bool:
    metadata = seen.status.step_execution_metadata
    return bool(metadata) and metadata[-1].status in (Status.FAILED, Status.ERRORED)


def _must_be_kept(kind: Kind, result: Result, execution: Execution) -> bool:
    """A later run cannot detect its effect: its result is stored before anything follows."""
    if not kind.repeats_harm or execution.done or result.status in BAD:
        return False  # after a failure only steps that always run follow
    config = (execution.steps[execution.current - 1].config if execution.current else None) or {}
    return kind.name != "http" or str(config.get("method") or "GET") not in HARMLESS
