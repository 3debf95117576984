"""Turns a provider's answer into a measurement: assessed by the conditions, with Secrets' values masked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

from argosy.analysis.arguments import Arguments
from argosy.analysis.conditions import ConditionError, evaluate_result
from argosy.analysis.phases import COMPLETED, ERROR, INCONCLUSIVE, SUCCESSFUL
from argosy.analysis.ports import Answer, Broken, Judged, Measured
from argosy.apis.rollouts.metrics import Metric
from argosy.machinery import timestamps
from argosy.machinery.controller import Failed
from argosy.machinery.objects import JsonObject


def measurement_of(
    answer: Answer | Failed, metric: Metric, before: JsonObject, arguments: Arguments, now: datetime
) -> JsonObject:
    """`before`: the unfinished measurement, or one that has only its start."""
    match answer:
        case Measured():
            made = _measured(answer, metric, before)
        case Judged():
            made = _judged(answer, before, now)
        case Broken():
            made = {**before, "phase": ERROR, "message": answer.message}
        case Failed():
            made = {**before, "phase": ERROR, "message": f"no answer from the metric provider: {answer.reason}"}
        case _:
            assert_never(answer)
    if made["phase"] in COMPLETED:
        made["finishedAt"] = timestamps.seconds(now)
        made.pop("resumeAt", None)
    return _masked(made, arguments)


def _measured(answer: Measured, metric: Metric, before: JsonObject) -> JsonObject:
    made: JsonObject = dict(before)
    if answer.metadata:
        made["metadata"] = {**(before.get("metadata") or {}), **answer.metadata}
    try:
        phase = evaluate_result(answer.value, metric)
    except ConditionError as error:
        made |= {"phase": ERROR, "message": str(error)}
        if answer.keeps_text and answer.text:
            made["value"] = answer.text
        return made
    made["phase"] = phase
    if answer.text:
        made["value"] = answer.text
    return made


def _judged(answer: Judged, before: JsonObject, now: datetime) -> JsonObject:
    made: JsonObject = {**before, "phase": answer.phase}
    if answer.metadata:
        made["metadata"] = {**(before.get("metadata") or {}), **answer.metadata}
    if answer.text:
        made["value"] = answer.text
    if answer.message:
        made["message"] = answer.message
    if answer.phase not in COMPLETED and answer.resume_after is not None:
        made["resumeAt"] = timestamps.seconds(now + timedelta(seconds=answer.resume_after))
    return made


def ended(measurement: JsonObject) -> JsonObject:
    """A measurement that was stopped because the run finished says so."""
    if measurement.get("phase") in (SUCCESSFUL, INCONCLUSIVE):
        return {**measurement, "message": "Metric Terminated"}
    return measurement


def _masked(measurement: JsonObject, arguments: Arguments) -> JsonObject:
    if not arguments.secrets:
        return measurement
    made = dict(measurement)
    if "message" in made:
        made["message"] = arguments.masked(str(made["message"]))
    if "value" in made:
        made["value"] = arguments.masked_value(str(made["value"]))
    if "metadata" in made:
        made["metadata"] = {name: arguments.masked_value(str(text)) for name, text in made["metadata"].items()}
    return made
