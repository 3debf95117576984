"""What a change would still have to pass once the steps of its Promotion are done, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from argosy.machinery.objects import JsonObject

Named = Mapping[tuple[str, str], JsonObject]
"""By namespace and name."""


def gates(
    stage: JsonObject, stages: Iterable[JsonObject], touched: Iterable[JsonObject] = (), rollouts: Named | None = None
) -> list[str]:
    """`touched`: the Applications that the Promotion updates or waits for."""
    found = [line for application in touched for line in _of_application(application, rollouts or {})]
    if names := [one["name"] for one in (stage["spec"].get("verification") or {}).get("analysisTemplates") or ()]:
        found.append(f"verification by {', '.join(names)}")
    return [*(found or ["the Stage is verified as soon as it is healthy"]), *_downstream(stage, stages)]


def _of_application(application: JsonObject, rollouts: Named) -> Iterable[str]:
    metadata = application["metadata"]
    yield f"Application {metadata['name']} must be healthy"
    for one in (application.get("status") or {}).get("resources") or ():
        rollout = rollouts.get((str(one.get("namespace") or ""), str(one.get("name"))))
        if one.get("kind") == "Rollout" and rollout is not None:
            yield f"Rollout {one['name']}: {_strategy(rollout)}"


def _strategy(rollout: JsonObject) -> str:
    strategy = (rollout.get("spec") or {}).get("strategy") or {}
    if "blueGreen" in strategy:
        by_itself = strategy["blueGreen"].get("autoPromotionEnabled") is not False
        return "blue-green, switched " + ("by itself" if by_itself else "when somebody promotes it")
    steps = [_step(one) for one in (strategy.get("canary") or {}).get("steps") or ()]
    return f"a canary of {len(steps)} steps: {', '.join(steps)}" if steps else "a canary without steps"


def _step(step: Mapping[str, Any]) -> str:
    if "setWeight" in step:
        return f"{step['setWeight']} %"
    if "pause" in step:
        duration = (step["pause"] or {}).get("duration")
        return f"pause of {duration}" if duration else "pause until somebody promotes it"
    if "analysis" in step:
        names = [str(one.get("templateName")) for one in (step["analysis"] or {}).get("templates") or ()]
        return f"analysis by {' and '.join(names)}"
    return next(iter(step), "nothing")


def _downstream(stage: JsonObject, stages: Iterable[JsonObject]) -> Iterable[str]:
    name = stage["metadata"]["name"]
    for other in stages:
        for request in other["spec"].get("requestedFreight") or ():
            sources = request.get("sources") or {}
            if name in (sources.get("stages") or ()):
                soak = f" after {sources['requiredSoakTime']}" if sources.get("requiredSoakTime") else ""
                auto = (other.get("status") or {}).get("autoPromotionEnabled")
                how = "by itself" if auto else "when somebody promotes it"
                yield f"then {other['metadata']['name']} may have it{soak}, {how}"
