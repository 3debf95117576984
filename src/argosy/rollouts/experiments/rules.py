"""When an Experiment finishes, how many pods its templates get, and which of several statuses counts. Section 12."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from argosy.apis.rollouts import Experiment
from argosy.apis.rollouts.experiment import TemplateSpec
from argosy.machinery import timestamps
from argosy.machinery.duration import DurationError
from argosy.machinery.duration import parse as parse_duration
from argosy.machinery.objects import JsonObject
from argosy.rollouts.status.phase import FINAL

ENDED = ("Failed", "Error")
ENDED_RUNS = ("Failed", "Error", "Inconclusive")
TEMPLATES_FINAL = ("Successful", "Failed", "Error")
TEMPLATE_ORDER = ("Successful", "Running", "Progressing", "Error", "Failed")
RUN_ORDER = ("Successful", "Running", "Pending", "Inconclusive", "Error", "Failed")
PROGRESS_SECONDS = 600
DELAY_SECONDS = 30


def named(items: Iterable[JsonObject], name: str) -> JsonObject | None:
    return next((item for item in items if item.get("name") == name), None)


def required_succeeded(experiment: Experiment, runs: Iterable[JsonObject]) -> bool:
    """Whether there are analyses that decide, and all of them succeeded."""
    found = list(runs)
    required = [one.name for one in experiment.spec.analyses if one.required_for_completion]
    phases = [(named(found, name) or {}).get("phase") for name in required]
    return bool(required) and all(phase == "Successful" for phase in phases)


def is_terminating(experiment: Experiment) -> bool:
    """By request, or since its result is decided: pods are removed, and no run starts."""
    status = experiment.status
    return (
        experiment.spec.terminate
        or status.phase in FINAL
        or any(one.status in ENDED for one in status.template_statuses)
        or any(one.phase in ENDED_RUNS for one in status.analysis_runs)
        or required_succeeded(experiment, (experiment.raw.get("status") or {}).get("analysisRuns") or ())
    )


def wanted_size(experiment: Experiment, template: TemplateSpec) -> int:
    status = next((one.status for one in experiment.status.template_statuses if one.name == template.name), "")
    if is_terminating(experiment) or status in TEMPLATES_FINAL:
        return 0
    return size_of(template)


def size_of(template: TemplateSpec) -> int:
    return 1 if template.replicas is None else template.replicas


def length_of(duration: str) -> timedelta | None:
    """None if it is not a valid duration; a bare number is seconds."""
    try:
        return timedelta(seconds=int(duration)) if duration.lstrip("-").isdecimal() else parse_duration(duration)
    except DurationError:
        return None


def ends_at(experiment: Experiment) -> datetime | None:
    """When the duration has passed since all templates were available."""
    if not experiment.spec.duration or not experiment.status.available_at:
        return None
    length = length_of(experiment.spec.duration)
    return timestamps.parse(experiment.status.available_at) + length if length is not None else None


def progress_seconds(experiment: Experiment) -> int:
    given = experiment.spec.progress_deadline_seconds
    return PROGRESS_SECONDS if given is None else given


def worst(order: tuple[str, ...], found: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """The worst of (status, message); the best status if there are none."""
    result = (order[0], "")
    for status, message in found:
        if status in order and order.index(status) > order.index(result[0]):
            result = (status, message)
    return result


def spec_problem(experiment: Experiment) -> str:
    """The first validation error of the spec."""
    names: set[str] = set()
    for index, template in enumerate(experiment.spec.templates):
        if template.selector is None:
            return f"Rollout has missing field '.Spec.Templates[{index}].Selector'"
        if not (template.selector.get("matchLabels") or template.selector.get("matchExpressions")):
            return f"This experiment is selecting all pods at index {index}. A non-empty selector is required."
        if template.min_ready_seconds > progress_seconds(experiment):
            return f"MinReadySeconds cannot be longer than ProgressDeadlineSeconds. Check template index {index}"
        if not template.name:
            return f"Experiment {experiment.name} has empty template name at index {index}"
        if template.name in names:
            return f"Experiment {experiment.name} has repeated template name '{template.name}' in templates"
        names.add(template.name)
    return ""
