"""The Applications that a Promotion touched, and the Rollouts in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from argosy.apis.argoproj.application import ApplicationStatus, ResourceStatus
from argosy.apis.kargo import Promotion
from argosy.machinery.objects import JsonObject
from argosy.promotion.tracing.pipeline import Pipeline


def applications_of(pipeline: Pipeline, promotion: Promotion) -> Iterator[JsonObject]:
    for name, namespace in sorted(_touched(promotion)):
        app = pipeline.application(namespace, name)
        status = app.status if app else ApplicationStatus()
        yield {
            "name": name,
            "namespace": namespace,
            "sync": status.sync.status,
            "revision": status.sync.revision,
            "health": status.health.status,
            "rollouts": list(_rollouts(pipeline, status.resources)),
        }


def _touched(promotion: Promotion) -> set[tuple[str, str]]:
    return {
        (str(app["name"]), str(app["namespace"]))
        for output in promotion.status.state.values()
        if isinstance(output, dict) and isinstance(output.get("apps"), list)
        for app in output["apps"]
        if isinstance(app, dict) and app.get("name") and app.get("namespace")
    }


def _rollouts(pipeline: Pipeline, resources: Iterable[ResourceStatus]) -> Iterator[JsonObject]:
    wanted = {(one.namespace, one.name) for one in resources if one.kind == "Rollout"}
    for rollout in pipeline.rollouts:
        if (rollout.namespace, rollout.name) in wanted:
            status, canary = rollout.status, rollout.spec.strategy.canary
            steps = len(canary.steps) if canary else 0
            yield {
                "name": rollout.name,
                "namespace": rollout.namespace,
                "phase": status.phase,
                "step": f"{min(status.current_step_index or 0, steps)}/{steps}" if steps else "",
                "message": status.message,
            }


def under_way(pipeline: Pipeline, promotion: Promotion) -> list[str]:
    """Describes its Rollouts that have not finished."""
    found = [one for app in applications_of(pipeline, promotion) for one in app["rollouts"]]
    return [_description(one) for one in found if one["phase"] not in ("", "Healthy")]


def _description(rollout: Mapping[str, Any]) -> str:
    step = f" at step {rollout['step']}" if rollout["step"] else ""
    message = f" ({rollout['message']})" if rollout["message"] else ""
    return f"Rollout {rollout['name']} is {rollout['phase']}{step}{message}"
