"""The question for one run of a step, with what is needed to rebuild its working directory."""

from __future__ import annotations

import json
from typing import Any

from argosy.machinery import timestamps
from argosy.machinery.controller import Hidden, Snapshot
from argosy.machinery.objects import JsonObject
from argosy.promotion.credentials.committing import committing
from argosy.promotion.credentials.finding import found_credentials
from argosy.promotion.promotions.evaluation import Context, EvaluationFault, Progress, configuration
from argosy.promotion.promotions.execution import Execution
from argosy.promotion.promotions.questions import RunStep
from argosy.promotion.settings import Settings
from argosy.promotion.steps.catalogue import STEPS
from argosy.promotion.steps.kind import Job, Kind, Sort, Status


def question(
    snapshot: Snapshot,
    settings: Settings,
    context: Context,
    execution: Execution,
    kind: Kind,
    job: Job,
    run: int,
) -> RunStep:
    before, urls = _before(execution, context)
    wanted = [*urls, *kind.repositories(job.config)]
    given = found_credentials(snapshot, context.project, wanted, settings)
    return RunStep(
        uid=job.uid,
        index=execution.current,
        run=run,
        uses=kind.name,
        job=Hidden(_json(_plain_job(job))),
        before=Hidden(_json(before)),
        credentials=Hidden(_json(given)),
        identity=Hidden(_json(committing(snapshot, settings))),
    )


def _before(execution: Execution, context: Context) -> tuple[list[JsonObject], list[tuple[str, str]]]:
    """The earlier steps that changed the working directory, and the repositories that they need."""
    found: list[JsonObject] = []
    urls: list[tuple[str, str]] = []
    for index in range(execution.current):
        step, meta = execution.steps[index], execution.metadata[index]
        kind = STEPS.get(step.uses)
        if kind is None or kind.sort is not Sort.DIRECTORY or meta.get("status") != Status.SUCCEEDED:
            continue
        progress = Progress(state=execution.state, metadata=execution.metadata[:index])
        try:
            config = configuration(context, step, progress)
        except EvaluationFault:
            continue
        found.append({"index": index, "uses": step.uses, "alias": step.as_, "config": config})
        urls += kind.repositories(config)
    return found, urls


def _plain_job(job: Job) -> JsonObject:
    fields = {name: getattr(job, name) for name in Job.__dataclass_fields__}
    return {**fields, "started_at": timestamps.seconds(job.started_at) if job.started_at else None}


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
