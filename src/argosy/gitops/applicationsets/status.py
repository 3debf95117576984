"""The status of an ApplicationSet: conditions with upstream's reasons, generated Applications, health (spec 15.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from argosy.apis.argoproj import Application
from argosy.apis.argoproj.applicationset.status import SetCondition, SetHealth
from argosy.apis.schema import read
from argosy.gitops.applicationsets.reconcile import Problem
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import seconds

Truth = Literal["True", "False", "Unknown"]
ORDER: Final = (
    "ErrorOccurred",
    "ParametersGenerated",
    "ResourcesUpToDate",
    "RolloutProgressing",
    "InvalidRolloutConfig",
)
OF_ROLLOUT: Final = ("RolloutProgressing", "InvalidRolloutConfig")
MESSAGE_LIMIT: Final = 4096
ALL_GENERATED: Final = "All applications have been generated successfully"
PARAMETERS_GENERATED: Final = "Successfully generated parameters for all Applications"


@dataclass(frozen=True, slots=True)
class Found:
    """One condition as it is now."""

    type: str
    status: Truth
    reason: str
    message: str


def succeeded() -> list[Found]:
    return [
        Found("ErrorOccurred", "False", "ApplicationSetUpToDate", ALL_GENERATED),
        Found("ParametersGenerated", "True", "ParametersGenerated", PARAMETERS_GENERATED),
        Found("ResourcesUpToDate", "True", "ApplicationSetUpToDate", ALL_GENERATED),
    ]


def failed(reason: str, message: str, *, generated: bool) -> list[Found]:
    """`generated`: whether the generators had succeeded when it failed."""
    text = message[:MESSAGE_LIMIT]
    parameters = Found("ParametersGenerated", "False", "ErrorOccurred", text)
    if generated:
        parameters = Found("ParametersGenerated", "True", "ParametersGenerated", PARAMETERS_GENERATED)
    up_to_date = Found("ResourcesUpToDate", "False", "ErrorOccurred", text)
    return [Found("ErrorOccurred", "True", reason, text), parameters, up_to_date]


def outcome(problems: Sequence[Problem], failures: Sequence[tuple[str, str]]) -> list[Found]:
    """After successful generation: problems of Applications, and (reason, text) of refused writes."""
    if not problems and not failures:
        return succeeded()
    reason = failures[0][0] if failures else "ApplicationValidationError"
    texts = [f"{problem.application}: {problem.message}" for problem in problems]
    return failed(reason, "; ".join([*texts, *(text for _, text in failures)]), generated=True)


def rollout(step: int | None) -> Found:
    """`step`: the first that is not done, counted from 1; None if all are."""
    if step is None:
        message = "ApplicationSet Rollout has completed"
        return Found("RolloutProgressing", "False", "ApplicationSetRolloutComplete", message)
    message = f"ApplicationSet is performing rollout of step {step}"
    return Found("RolloutProgressing", "True", "ApplicationSetModified", message)


def rollout_config(issue: str) -> Found:
    if issue:
        return Found("InvalidRolloutConfig", "True", "ApplicationSetInvalidRolloutConfig", issue)
    message = "The RollingSync strategy is valid"
    return Found("InvalidRolloutConfig", "False", "ApplicationSetValidRolloutConfig", message)


def conditions(
    before: Sequence[SetCondition], found: Sequence[Found], now: datetime, *, keep_rollout: bool
) -> list[JsonObject]:
    """Replaces earlier conditions of the same type; an unchanged one keeps its time.

    `keep_rollout`: conditions of a rolling sync are kept if there are no new ones.
    """
    times = {item.type: item.raw for item in before}
    held = {kind: item for kind, item in times.items() if keep_rollout or kind not in OF_ROLLOUT}
    for item in found:
        made = {"type": item.type, "status": item.status, "reason": item.reason, "message": item.message}
        old = times.get(item.type) or {}
        same = all(old.get(key) == value for key, value in made.items())
        held[item.type] = {**made, "lastTransitionTime": old["lastTransitionTime"] if same else seconds(now)}
    return [held[kind] for kind in ORDER if kind in held]


def health(before: SetHealth | None, found: Sequence[JsonObject], now: datetime) -> JsonObject:
    """The first that applies: an error, a rollout in progress, all up to date."""
    status, message = "Unknown", "Waiting for health to be determined"
    for kind, word in (
        ("ErrorOccurred", "Degraded"),
        ("RolloutProgressing", "Progressing"),
        ("ResourcesUpToDate", "Healthy"),
    ):
        held = next((item for item in found if item["type"] == kind and item["status"] == "True"), None)
        if held is not None:
            status, message = word, held["message"]
            break
    since = before.last_transition_time if before and (before.status, before.message) == (status, message) else ""
    return {"status": status, "message": message, "lastTransitionTime": since or seconds(now)}


def resources(applications: Sequence[JsonObject], most: int) -> tuple[list[JsonObject], int]:
    """The Applications by name, up to a limit, and their total number."""
    made = [_resource(app) for app in sorted(applications, key=lambda app: str(app["metadata"]["name"]))]
    return made[:most], len(made)


def _resource(app: JsonObject) -> JsonObject:
    found = read(Application, app)
    made: JsonObject = {
        "group": "argoproj.io",
        "version": "v1alpha1",
        "kind": "Application",
        "name": found.metadata.name,
        "namespace": found.metadata.namespace,
        "status": found.status.sync.status,
    }
    health = found.status.health.raw
    shown = {key: value for key, value in health.items() if key in ("status", "lastTransitionTime")}
    return {**made, "health": shown} if shown else made


def replaced(before: Mapping[str, object], **fields: object) -> JsonObject:
    """The new status: given fields replace earlier ones; empty ones are removed."""
    made = {**before, **fields}
    return {key: value for key, value in made.items() if value not in (None, [], {})}
