"""Numaplane's rollouts: reconciled or not, upgrading, failed, paused, and the health of their child."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from argosy.gitops.health.catalogue.rules import Table, at, listed, message, text
from argosy.gitops.health.verdict import Check, Health, degraded, healthy, progressing
from argosy.machinery.objects import JsonObject

CHILD: Final = "ChildResourcesHealthy"
PROGRESSIVE: Final = "ProgressiveUpgradeSucceeded"


def _rollout(child: str, paused: str = "", unknown: str = "Unknown status") -> Check:
    """`child`: its reason for a failure, "" for any; `paused`: the condition for being paused."""

    def check(obj: JsonObject) -> Health:
        return (
            _progressing(obj, is_progressive=bool(child))
            or _failed(obj, child)
            or _met(obj, paused, "True", message)
            or _met(obj, CHILD, "True", lambda _: "Healthy")
            or Health("Unknown", unknown)
        )

    return check


def _progressing(obj: JsonObject, *, is_progressive: bool) -> Health | None:
    if obj.get("status") is None or at(obj, "metadata", "generation") != at(obj, "status", "observedGeneration"):
        return progressing("Not yet reconciled")
    is_moving = bool(text(obj, "status", "upgradeInProgress")) or at(obj, "status", "phase") == "Pending"
    has_failed = is_progressive and any(_is(one, PROGRESSIVE, "False") for one in listed(obj))
    if is_moving and not has_failed:
        return progressing("Update in progress")
    if any(_is(one, CHILD, "False") and one.get("reason") == "Progressing" for one in listed(obj)):
        return progressing("Child Progressing")
    return None


def _failed(obj: JsonObject, child: str) -> Health | None:
    if at(obj, "status", "phase") == "Failed":
        return degraded(text(obj, "status", "message"))
    for condition in listed(obj):
        reason = condition.get("reason")
        if _is(condition, CHILD, "False") and (reason == child if child else reason != "Progressing"):
            return degraded(message(condition))
        if child and _is(condition, PROGRESSIVE, "False"):
            return degraded("Progressive upgrade failed")
    return None


def _met(obj: JsonObject, kind: str, status: str, say: Callable[[JsonObject], str]) -> Health | None:
    found = next((one for one in listed(obj) if kind and _is(one, kind, status)), None)
    return None if found is None else healthy(say(found))


def _is(condition: JsonObject, kind: str, status: str) -> bool:
    return condition.get("type") == kind and condition.get("status") == status


GROUP: Final = "numaplane.numaproj.io"
CHECKS: Final[Table] = {
    (GROUP, "ISBServiceRollout"): _rollout("ISBSvcFailed"),
    (GROUP, "MonoVertexRollout"): _rollout(
        "MonoVertexFailed", "MonoVertexPausingOrPaused", "Unknown MonoVertex status"
    ),
    (GROUP, "NumaflowControllerRollout"): _rollout(""),
    (GROUP, "PipelineRollout"): _rollout("PipelineFailed", "PipelinePausingOrPaused", "Unknown Pipeline status"),
}
