"""promote: ends a pause, skips a step, or everything. Section 13."""

from __future__ import annotations

from typing import NamedTuple

from argosy.apis.rollouts import Rollout
from argosy.machinery.objects import JsonObject
from argosy.rollouts.arithmetic.weights import current_step, step_count

UNPAUSE: JsonObject = {"paused": False}


class Patches(NamedTuple):
    """Merge patches: of the spec, of the status subresource, and of both for objects without that subresource."""

    spec: JsonObject | None
    status: JsonObject | None
    unified: JsonObject | None


class CannotSkip(ValueError):
    """The strategy has no steps; the text says so."""


def promote_patches(
    rollout: Rollout, *, skip_current_step: bool = False, skip_all_steps: bool = False, full: bool = False
) -> Patches:
    if skip_current_step:
        status = _at_step(_next_index(rollout))
        return Patches(None, status, status)
    if skip_all_steps:
        status = _at_step(step_count(rollout))
        return Patches(None, status, status)
    spec = {"spec": UNPAUSE} if rollout.spec.paused else None
    if full:
        promoting = {"promoteFull": True}
        unfinished = rollout.status.current_pod_hash != rollout.status.stable_rs
        unified = {"spec": UNPAUSE, "status": promoting}
        return Patches(spec, {"status": promoting} if unfinished else None, unified)
    return _resumed(rollout, spec)


def _resumed(rollout: Rollout, spec: JsonObject | None) -> Patches:
    """Ends the pause; if there is none, skips the current step."""
    status, cleared = rollout.status, {"pauseConditions": None}
    unified: JsonObject = {"spec": UNPAUSE, "status": cleared}
    index = _next_index(rollout)
    run = status.canary.current_step_analysis_run_status
    canary = rollout.spec.strategy.canary
    inconclusive = canary is not None and run is not None and run.status == "Inconclusive"
    if inconclusive and status.pause_conditions and status.controller_pause:
        passed = {**cleared, "controllerPause": False, "currentStepIndex": index}
        return Patches(spec, {"status": passed} if index is not None else None, unified)
    if status.pause_conditions:
        return Patches(spec, {"status": cleared}, unified)
    if canary is not None and index is not None:
        passed = {**cleared, "currentStepIndex": index}
        return Patches(spec, {"status": passed}, {"spec": UNPAUSE, "status": passed})
    return Patches(spec, None, unified)


def _next_index(rollout: Rollout) -> int | None:
    _, index = current_step(rollout)
    return None if index is None else min(index + 1, step_count(rollout))


def _at_step(index: int | None) -> JsonObject | None:
    return None if index is None else {"status": {"currentStepIndex": index}}


def check_skip(rollout: Rollout, *, skips: bool) -> None:
    """Raises CannotSkip."""
    if skips and rollout.spec.strategy.blue_green is not None:
        raise CannotSkip("Cannot skip steps of a bluegreen rollout. Run without a flags")
    if skips and step_count(rollout) == 0:
        raise CannotSkip("Cannot skip steps of a rollout without steps")
