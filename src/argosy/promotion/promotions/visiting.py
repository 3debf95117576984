"""Visits the next step: whether it is skipped, whether its kind exists, its configuration, and the result of a run."""

from __future__ import annotations

from collections.abc import Callable

from argosy.machinery.controller import Pending
from argosy.machinery.objects import JsonObject
from argosy.promotion.promotions.evaluation import (
    Context,
    EvaluationFault,
    Progress,
    configuration,
    should_skip,
)
from argosy.promotion.promotions.execution import UNKNOWN_KIND, Execution, Visit
from argosy.promotion.steps.kind import Result, Writes

Run = Callable[[JsonObject], Result | Writes | Pending]
"""Runs a step with an evaluated configuration, which is not validated yet."""


def visit(execution: Execution, context: Context, run: Run) -> Visit | Writes | Pending:
    step = execution.steps[execution.current]
    progress = Progress(state=execution.state, metadata=execution.metadata[: execution.current])
    if not execution.started:
        try:
            if should_skip(context, step, progress):
                return Visit("skipped")
        except EvaluationFault as fault:
            return Visit("condition", message=f'error checking if step "{step.as_}" should be skipped: {fault}')
    kind = execution.kinds.get(step.uses)
    if kind is None:
        return Visit("unknown", message=UNKNOWN_KIND.format(kind=step.uses))
    try:
        config = configuration(context, step, progress)
    except EvaluationFault as fault:
        return Visit("context", message=f"failed to build step context: failed to get step config: {fault}")
    found = kind.refusal(config) or run(config)
    return Visit("ran", found) if isinstance(found, Result) else found
