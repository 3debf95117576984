"""The Applications that a Promotion touched, and the Rollouts in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.promotion.tracing.pipeline import Pipeline


def applications_of(pipeline: Pipeline, promotion: JsonObject) -> Iterator[JsonObject]:
    for name, namespace in sorted(_touched(promotion)):
        app = pipeline.application(namespace, name)
        status = (app or {}).get("status") or {}
        sync, health = status.get("sync") or {}, status.get("health") or {}
        yield {
            "name": name,
            "namespace": namespace,
            "sync": sync.get("status") or "",
            "revision": sync.get("revision") or "",
            "health": health.get("status") or "",
            "rollouts": list(_rollouts(pipeline, status.get("resources") or ())),
        }


def _touched(promotion: JsonObject) -> set[tuple[str, str]]:
    outputs = ((promotion.get("status") or {}).get("state") or {}).values()
    return {
        (str(app["name"]), str(app["namespace"]))
        for output in outputs
        if isinstance(output, dict) and isinstance(output.get("apps"), list)
        for app in output["apps"]
        if isinstance(app, dict) and app.get("name") and app.get("namespace")
    }


def _rollouts(pipeline: Pipeline, resources: Iterable[Mapping[str, Any]]) -> Iterator[JsonObject]:
    wanted = {(one.get("namespace"), one.get("name")) for one in resources if one.get("kind") == "Rollout"}
    for rollout in pipeline.rollouts:
        if (rollout["metadata"]["namespace"], rollout["metadata"]["name"]) in wanted:
            status = rollout.get("status") or {}
            steps = (((rollout.get("spec") or {}).get("strategy") or {}).get("canary") or {}).get("steps") or ()
            yield {
                "name": rollout["metadata"]["name"],
                "namespace": rollout["metadata"]["namespace"],
                "phase": status.get("phase") or "",
                "step": f"{min(int(status.get('currentStepIndex') or 0), len(steps))}/{len(steps)}" if steps else "",
                "message": status.get("message") or "",
            }


def under_way(pipeline: Pipeline, promotion: JsonObject) -> list[str]:
    """Its Rollouts that have not come to their end, in words."""
    found = [one for app in applications_of(pipeline, promotion) for one in app["rollouts"]]
    return [_told(one) for one in found if one["phase"] not in ("", "Healthy")]


def _told(rollout: Mapping[str, Any]) -> str:
    step = f" at step {rollout['step']}" if rollout["step"] else ""
    message = f" ({rollout['message']})" if rollout["message"] else ""
    return f"Rollout {rollout['name']} is {rollout['phase']}{step}{message}"
