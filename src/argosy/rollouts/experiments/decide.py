"""Decides one turn of an Experiment. Section 12."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from argosy.apis.rollouts import Experiment
from argosy.machinery.controller import NOTHING, Decision
from argosy.machinery.objects import JsonObject
from argosy.machinery.patches.mergepatch import create_merge_patch
from argosy.machinery.requests import merge
from argosy.rollouts.experiments.analyses import sync_analysis
from argosy.rollouts.experiments.look import Seen
from argosy.rollouts.experiments.rules import (
    RUN_ORDER,
    TEMPLATE_ORDER,
    ends_at,
    named,
    required_succeeded,
    spec_problem,
    worst,
)
from argosy.rollouts.experiments.templates import COUNTS, sync_template
from argosy.rollouts.experiments.turn import Turn, new_turn
from argosy.rollouts.status.conditions import Conditions
from argosy.rollouts.status.phase import FINAL

PHASES = {"Progressing": "Pending", "Failed": "Failed", "Error": "Error", "Successful": "Successful"}


def decide(seen: Seen, now: datetime) -> Decision:
    if seen.problem:
        return NOTHING
    turn = new_turn(seen, now)
    if problem := spec_problem(seen.experiment):
        _refuse(turn, problem)
    else:
        for template in seen.experiment.spec.templates:
            sync_template(turn, template)
        for analysis in seen.experiment.spec.analyses:
            sync_analysis(turn, analysis)
        _conclude(turn)
        _conditions(turn)
        turn.wake(ends_at(seen.experiment) if not turn.is_terminating else None)
    _persist(turn)
    return Decision((*turn.steps, *turn.later), wake_at=turn.wake_at)


def _refuse(turn: Turn, problem: str) -> None:
    """Unlike upstream, which shows no phase at all: Error, until the spec is fixed."""
    turn.status["conditions"] = invalid_spec(turn.status.get("conditions") or (), problem, turn.now).items
    if not turn.status.get("phase"):
        turn.status.update(phase="Error", message=problem)


def invalid_spec(before: Sequence[JsonObject], problem: str, now: datetime) -> Conditions:
    conditions = Conditions(before, now)
    old = conditions.get("InvalidSpec")
    if old is not None and old.get("message") != problem:
        conditions.remove("InvalidSpec")
    conditions.set("InvalidSpec", "True", "InvalidSpec", problem)
    return conditions


def _conclude(turn: Turn) -> None:
    status, experiment = turn.status, turn.experiment
    if (stored := conditions_problem(turn)) and status.get("message") == stored and status.get("phase") == "Error":
        status.update(phase="", message="")  # the spec was fixed
    if not status.get("phase"):
        status["phase"] = "Pending"
        return
    if status["phase"] not in ("Pending", "Running"):
        return
    pods, why = _templates(turn)
    runs, reason = _analyses(turn)
    if pods == "Running" and not status.get("availableAt"):
        status["availableAt"] = turn.stamp
    required = any(one.required_for_completion for one in experiment.spec.analyses)
    analyses = status.get("analysisRuns") or ()
    if pods in FINAL:
        by_runs = pods == "Successful" and (runs in FINAL or required)
    else:
        by_runs = (runs in FINAL and runs != "Successful") or required_succeeded(experiment, analyses)
    phase, message = (runs, reason) if by_runs else (pods, why)
    status["phase"] = phase
    status["message"] = message


def conditions_problem(turn: Turn) -> str:
    found = next((one for one in turn.experiment.status.conditions if one.type == "InvalidSpec"), None)
    return found.message if found is not None else ""


def _templates(turn: Turn) -> tuple[str, str]:
    statuses = turn.status.get("templateStatuses") or ()
    found = []
    for template in turn.experiment.spec.templates:
        one = named(statuses, template.name) or {"status": "Progressing"}
        found.append((str(one.get("status") or ""), str(one.get("message") or "")))
    status, message = worst(TEMPLATE_ORDER, found)
    return PHASES.get(status, "Running"), message


def _analyses(turn: Turn) -> tuple[str, str]:
    statuses = turn.status.get("analysisRuns") or ()
    found = [named(statuses, one.name) or {} for one in turn.experiment.spec.analyses]
    phase, message = worst(RUN_ORDER, [(str(one.get("phase") or ""), str(one.get("message") or "")) for one in found])
    if required_succeeded(turn.experiment, statuses) and phase in ("Running", "Successful"):
        return "Successful", "Required AnalysisRuns completed"
    return ("Running" if phase == "Pending" else phase), message


def _conditions(turn: Turn) -> None:
    conditions, name = Conditions(turn.status.get("conditions") or (), turn.now), turn.experiment.name
    conditions.remove("InvalidSpec")
    if turn.status.get("phase") == "Successful":
        text = f'Experiment "{name}" has successfully ran and completed.'
        conditions.set("Progressing", "False", "ExperimentCompleted", text)
    elif _moved(turn):
        conditions.refresh("Progressing", "True", "ReplicaSetUpdated", f'Experiment "{name}" is progressing.')
    elif turn.experiment.status.available_at and not _has_passed(turn):
        conditions.set("Progressing", "True", "NewReplicaSetAvailable", f'Experiment "{name}" is running.')
    turn.status["conditions"] = conditions.items


def _has_passed(turn: Turn) -> bool:
    end = ends_at(turn.experiment)
    return end is not None and end <= turn.now


def _moved(turn: Turn) -> bool:
    before = {one["name"]: one for one in (turn.experiment.raw.get("status") or {}).get("templateStatuses") or ()}
    after = {one["name"]: one for one in turn.status.get("templateStatuses") or ()}
    if len(before) < len(after):
        return True
    both = before.keys() & after.keys()
    return any(int(before[name].get(count) or 0) != after[name][count] for name in both for count in COUNTS)


def _persist(turn: Turn) -> None:
    stored: JsonObject = turn.experiment.raw.get("status") or {}
    wanted = {name: value for name, value in turn.status.items() if value not in ("", None, [])}
    patch = create_merge_patch(stored, wanted)
    if not patch:
        return
    turn.steps.append(merge(Experiment, turn.experiment, {"status": patch}))
    before, after = str(stored.get("phase") or ""), str(turn.status.get("phase") or "")
    if before != after:
        kind: Literal["Normal", "Warning"] = "Warning" if after in ("Error", "Failed", "Inconclusive") else "Normal"
        turn.event(f"Experiment{after}", f"Experiment transitioned from {before} -> {after}", kind)
