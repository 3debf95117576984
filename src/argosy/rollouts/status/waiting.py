"""One line that says what a Rollout waits for, and until when; empty while it moves, or has nothing to do.

The controller writes it to the annotation `argosy.dev/waiting`, since upstream's CRD has no field for it; `argosy
rollout get` shows it. It contains times and not durations, so that it only changes when its meaning does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.status import PauseCondition, RunStatus
from argosy.machinery import timestamps
from argosy.rollouts.arithmetic.durations import pause_length
from argosy.rollouts.arithmetic.weights import current_step
from argosy.rollouts.status.phase import FINAL, is_restarting, step_text

LONGEST: Final = 400


def waiting_for(rollout: Rollout, obstacle: str = "") -> str:
    """`obstacle`: why the last turn could not update a router."""
    for rule in _RULES:
        if text := rule(rollout):
            return text[:LONGEST]
    return f"the traffic router: {obstacle}"[:LONGEST] if obstacle else ""


def _invalid(rollout: Rollout) -> str:
    found = next((one for one in rollout.status.conditions if one.type == "InvalidSpec"), None)
    return "the spec to be fixed" if found is not None else ""


def _aborted(rollout: Rollout) -> str:
    return "a retry or another version: the update was aborted" if rollout.status.abort else ""


def _by_hand(rollout: Rollout) -> str:
    return "a person to resume it: spec.paused is set" if rollout.spec.paused else ""


def _paused(rollout: Rollout) -> str:
    for pause in rollout.status.pause_conditions:
        if pause.reason.startswith("Inconclusive"):
            what = "Experiment" if pause.reason.endswith("Experiment") else "analysis"
            return f"a person to promote or abort it: an {what} was inconclusive"
        if pause.reason == "CanaryPauseStep":
            return _pause_step(rollout, pause)
        if pause.reason == "BlueGreenPause":
            return _blue_green_pause(rollout, pause)
    return ""


def _place(rollout: Rollout) -> str:
    canary, (_, index) = rollout.spec.strategy.canary, current_step(rollout)
    return f"step {index + 1}/{len(canary.steps)}" if canary is not None and index is not None else "the step"


def _pause_step(rollout: Rollout, pause: PauseCondition) -> str:
    step, _ = current_step(rollout)
    length = pause_length(step.pause) if step is not None and step.pause is not None else None
    if length is None:
        return f"a person to promote it: {_place(rollout)} is a pause without end"
    return f"the pause of {_place(rollout)}, until {_after(pause.start_time, length)}"


def _blue_green_pause(rollout: Rollout, pause: PauseCondition) -> str:
    strategy = rollout.spec.strategy.blue_green
    if strategy is None or strategy.auto_promotion_enabled is False:
        return "a person to promote it: autoPromotionEnabled is false"
    return f"autoPromotionSeconds, until {_after(pause.start_time, timedelta(seconds=strategy.auto_promotion_seconds))}"


def _after(start: str, length: timedelta) -> str:
    return timestamps.seconds(timestamps.parse(start) + length)


def _analysed(rollout: Rollout) -> str:
    canary, blue_green = rollout.status.canary, rollout.status.blue_green
    step, _ = current_step(rollout)
    runs: tuple[tuple[str, RunStatus | None], ...] = (
        ("before the switch", blue_green.pre_promotion_analysis_run_status),
        ("after the switch", blue_green.post_promotion_analysis_run_status),
        (f"of {_place(rollout)}", canary.current_step_analysis_run_status if step is not None else None),
    )
    if rollout.status.stable_rs == rollout.status.current_pod_hash:
        return ""
    for where, run in runs:
        if run is not None and run.status not in FINAL:
            return f"AnalysisRun {run.name}, {where}"
    return ""


def _experimented(rollout: Rollout) -> str:
    step, _ = current_step(rollout)
    name = rollout.status.canary.current_experiment
    if step is None or step.experiment is None or not name:
        return ""
    return f"Experiment {name} of {_place(rollout)}"


def _plugged_in(rollout: Rollout) -> str:
    step, _ = current_step(rollout)
    if step is None or step.plugin is None or rollout.status.stable_rs == rollout.status.current_pod_hash:
        return ""
    return f"step plug-in {step_text(step).removeprefix('plugin: ')} of {_place(rollout)}"


def _unverified(rollout: Rollout) -> str:
    weights = rollout.status.canary.weights
    if weights is None or weights.verified is not False:
        return ""
    return f"the traffic router to confirm weight {weights.canary.weight}"


def _restart_ahead(rollout: Rollout) -> str:
    return "" if not is_restarting(rollout.spec, rollout.status) else f"its restart, from {rollout.spec.restart_at} on"


_RULES: Final[tuple[Callable[[Rollout], str], ...]] = (
    _invalid,
    _aborted,
    _by_hand,
    _paused,
    _analysed,
    _experimented,
    _plugged_in,
    _unverified,
    _restart_ahead,
)
"""The first message: a wait for a user comes before one that ends by itself."""
